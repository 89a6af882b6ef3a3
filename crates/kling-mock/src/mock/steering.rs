//! Methods with which a test controls tasks: their plans, and how they end.

use std::time::Duration;

use crate::clock::ClockError;
use crate::engine::{NewTask, SetupError, TaskSummary, UnknownTask};
use crate::plan::{Plan, PlanRule, Steer};

use super::Mock;

impl Mock {
    /// A plan for some of the creates to come, after the rules that are there.
    pub fn plan_for(&self, rule: PlanRule) {
        self.0.engine.plan_for(rule);
    }

    /// The rules that are there.
    pub fn plan_rules(&self) -> Vec<PlanRule> {
        self.0.engine.plan_rules()
    }

    /// Takes all rules away.
    pub fn forget_plan_rules(&self) {
        self.0.engine.forget_plan_rules();
    }

    /// A task as it is, by its id, or by its external id if that is one
    /// account's only. No query: nothing moves, nothing is written down.
    pub fn task(&self, id: &str) -> Result<TaskSummary, UnknownTask> {
        self.0.engine.task(id, self.now())
    }

    /// The tasks of an account, the newest first.
    pub fn tasks(&self, account: &str, skip: usize, limit: usize) -> Vec<TaskSummary> {
        self.0.engine.tasks(account, skip, limit, self.now())
    }

    /// Puts a task into an account without a request: it is billed and holds a
    /// slot, but no limit, rule for plans or fault is asked, and the journal has
    /// nothing of it. For tests that begin with tasks that are there.
    pub fn add_task(&self, task: &NewTask) -> Result<TaskSummary, SetupError> {
        let added = self.0.engine.add_task(task, self.now());
        self.0.news.notify_one();
        added
    }

    /// Ends the stage that a task is in: the queue, or the run. The way on for
    /// [`Plan::held`] and [`Plan::stuck`].
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
    pub fn release(&self, id: &str) -> Result<TaskSummary, UnknownTask> {
        self.steer(id, &Steer::Release)
    }

    /// Ends a task now: with this failure, or without one in success.
    pub fn finish(&self, id: &str, failure: Option<&str>) -> Result<TaskSummary, UnknownTask> {
        let ending = match failure {
            Some(message) => Plan::instant().failing(message),
            None => Plan::instant(),
        };
        self.steer(id, &Steer::Follow(&ending))
    }

    /// Gives a task another plan, from the stage it is in onwards. Where that
    /// would have moved on by now, the task does so now.
    pub fn replan(&self, id: &str, plan: &Plan) -> Result<TaskSummary, UnknownTask> {
        self.steer(id, &Steer::Follow(plan))
    }

    fn steer(&self, id: &str, steer: &Steer<'_>) -> Result<TaskSummary, UnknownTask> {
        let steered = self.0.engine.steer(id, self.now(), steer);
        self.0.news.notify_one();
        steered
    }

    /// Lets time pass for one account only: two tests that share a server can
    /// travel apart. Whether there is an account of this name; an error if that
    /// would be beyond the year 9999.
    pub fn advance_account(&self, account: &str, by: Duration) -> Result<bool, ClockError> {
        let engine = &self.0.engine;
        let advanced = engine.advance_account(account, by, self.now());
        self.0.news.notify_one();
        advanced
    }
}
