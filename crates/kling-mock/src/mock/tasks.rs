//! Methods with which a test controls tasks: their plans, and how they end.

use std::time::Duration;

use crate::clock::ClockError;
use crate::engine::{NewTask, SetupError, TaskError, TaskSummary};
use crate::plan::{Plan, PlanRule, Steer};

use super::Mock;

impl Mock {
    /// Adds a plan rule for creates to come, after the existing rules.
    pub fn add_plan_rule(&self, rule: PlanRule) {
        self.0.engine.add_plan_rule(rule);
    }

    /// The plan rules.
    pub fn plan_rules(&self) -> Vec<PlanRule> {
        self.0.engine.plan_rules()
    }

    /// Removes all plan rules.
    pub fn clear_plan_rules(&self) {
        self.0.engine.clear_plan_rules();
    }

    /// A task by its id, or by its external task id if that is unique among all
    /// accounts. This is not a query: it moves nothing and is not recorded in the
    /// journal.
    pub fn task(&self, id: &str) -> Result<TaskSummary, TaskError> {
        self.0.engine.task(id, self.now())
    }

    /// The tasks of an account, newest first.
    pub fn tasks(&self, account: &str, skip: usize, limit: usize) -> Vec<TaskSummary> {
        self.0.engine.tasks(account, skip, limit, self.now())
    }

    /// Adds a task to an account without a request. It is billed and holds a slot,
    /// but limits, plan rules and faults do not apply, and it is not in the
    /// journal. For tests that start with existing tasks.
    pub fn add_task(&self, task: &NewTask) -> Result<TaskSummary, SetupError> {
        let added = self.0.engine.add_task(task, self.now());
        self.0.queue_changed.notify_one();
        added
    }

    /// Ends the current stage of a task, queued or running. This is how a task with
    /// [`Plan::held`] or [`Plan::stuck`] moves on.
    ///
    /// ```
    /// # use kling_http::{EffectRequest, ImageSource, Scene};
    /// use kling_mock::{Mock, Plan};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = Mock::builder().plan(Plan::held()).build();
    /// # let image = ImageSource::url("https://example.com/me.jpg");
    /// # let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    /// let task = mock.client()?.effects().create(request).await?;
    /// mock.release(task.id().as_str())?;
    /// assert_eq!(task.fetch().await?.status.as_str(), "processing");
    /// mock.release(task.id().as_str())?;
    /// task.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn release(&self, id: &str) -> Result<TaskSummary, TaskError> {
        self.steer(id, &Steer::Release)
    }

    /// Ends a task now: with this failure, or successfully if there is none.
    pub fn finish(&self, id: &str, failure: Option<&str>) -> Result<TaskSummary, TaskError> {
        let ending = match failure {
            Some(message) => Plan::instant().failing(message),
            None => Plan::instant(),
        };
        self.steer(id, &Steer::Follow(&ending))
    }

    /// Replaces the plan of a task, from its current stage on. If the new plan
    /// would have moved on by now, the task does so immediately.
    pub fn replan(&self, id: &str, plan: &Plan) -> Result<TaskSummary, TaskError> {
        self.steer(id, &Steer::Follow(plan))
    }

    fn steer(&self, id: &str, steer: &Steer<'_>) -> Result<TaskSummary, TaskError> {
        let steered = self.0.engine.steer(id, self.now(), steer);
        self.0.queue_changed.notify_one();
        steered
    }

    /// Moves time forward for one account only, so that two tests on one server are
    /// independent. Returns whether there is an account of this name; it is an
    /// error to go beyond the year 9999.
    pub fn advance_account(&self, account: &str, by: Duration) -> Result<bool, ClockError> {
        let engine = &self.0.engine;
        let advanced = engine.advance_account(account, by, self.now());
        self.0.queue_changed.notify_one();
        advanced
    }
}
