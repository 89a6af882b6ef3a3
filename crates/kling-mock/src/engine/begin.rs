//! How a task comes to be: by a create that nothing speaks against, or put there
//! by a test.

use std::sync::Arc;

use kling_types::{ExternalTaskId, TaskId, UnixMillis};

use super::account::SetupError;
use super::store::Task;
use super::submit::Order;
use super::tasks::{TaskSummary, summary};
use super::text::Text;
use super::{Engine, World};
use crate::auth::AccountIndex;
use crate::plan::Plan;

/// A task that is there without a request: [`Mock::add_task`](crate::Mock::add_task).
///
/// ```
/// use kling_mock::{Mock, NewTask, Plan};
///
/// let mock = Mock::new();
/// let old = NewTask::new("hug").external_task_id("order-1").plan(Plan::held());
/// let task = mock.add_task(&old)?;
/// assert_eq!(task.status.as_str(), "submitted");
/// mock.ledger().assert_charged_once("order-1");
/// # Ok::<(), kling_mock::SetupError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct NewTask {
    scene: String,
    account: Option<String>,
    external_task_id: Option<String>,
    plan: Option<Plan>,
    seconds: u16,
}

impl NewTask {
    /// Five seconds of this scene, for the first account.
    pub fn new(scene: impl Into<String>) -> Self {
        NewTask {
            scene: scene.into(),
            account: None,
            external_task_id: None,
            plan: None,
            seconds: 5,
        }
    }

    /// Another account's.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// The caller's id for it.
    pub fn external_task_id(mut self, id: impl Into<String>) -> Self {
        self.external_task_id = Some(id.into());
        self
    }

    /// What becomes of it, in place of what the account's creates get.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// How long its video is, 5 or 10.
    pub fn seconds(mut self, seconds: u16) -> Self {
        self.seconds = seconds;
        self
    }
}

impl Engine {
    /// Puts a task into an account, as a create would have: with an id of the
    /// time, billed, in a slot. Rules for plans, limits and faults are for requests.
    pub(crate) fn add_task(
        &self,
        new: &NewTask,
        now: UnixMillis,
    ) -> Result<TaskSummary, SetupError> {
        let mut world = self.world();
        let name = new.account.as_deref();
        let account = match name {
            None => Some(0),
            Some(name) => world.account_named(name),
        };
        let unknown = || SetupError::unknown(name.unwrap_or_default());
        let account = account.ok_or_else(unknown)?;
        let tenant = world.tenants.get(account).ok_or_else(unknown)?;
        let external_id = match &new.external_task_id {
            None => None,
            Some(id) => {
                let id = ExternalTaskId::new(id.as_str());
                let invalid = || {
                    let why = "an external id is not empty";
                    SetupError::invalid(&tenant.name, "external_task_id", why)
                };
                Some(id.ok_or_else(invalid)?)
            }
        };
        if external_id
            .as_ref()
            .is_some_and(|id| tenant.tasks.has_external_id(id))
        {
            let why = "there is a task of this external id already";
            return Err(SetupError::about(&tenant.name, why));
        }
        if ![5, 10].contains(&new.seconds) {
            let why = "a video has 5 or 10 seconds";
            return Err(SetupError::invalid(&tenant.name, "seconds", why));
        }
        let order = Order {
            scene: new.scene.clone(),
            external_id,
            callback_url: None,
            seconds: new.seconds,
            failure: None,
        };
        let plan = new.plan.clone().map(Arc::new);
        let now = tenant.now(now);
        let begun = self.begin(&mut world, account, now, &order, plan);
        let tenant = world.tenants.get(account).ok_or_else(unknown)?;
        let task = begun.and_then(|index| tenant.tasks.at(index));
        task.and_then(|task| summary(tenant, task, now))
            .ok_or_else(unknown)
    }

    /// Begins a task that nothing speaks against; its place among the account's.
    /// Without a plan it gets the account's.
    pub(super) fn begin(
        &self,
        world: &mut World,
        account: AccountIndex,
        now: UnixMillis,
        order: &Order,
        plan: Option<Arc<Plan>>,
    ) -> Option<u32> {
        let tenant = world.tenants.get_mut(account)?;
        // Requests that come at once may get here in another order than that of
        // their times.
        let now = tenant.tasks.latest().max(now);
        let plan = plan.unwrap_or_else(|| Arc::clone(&tenant.plan));
        let external_id = order.external_id.as_ref();
        let number = world.ids.next_number();
        let mut task = Task {
            id: self.profile.task_id(now, number),
            external_id: external_id.map(|id| Text::from(id.as_str())),
            created: now,
            plan: plan.drawn(self.seed, number),
            failure: order.failure.map(Arc::from).or(plan.failure().cloned()),
            reads: Vec::new(),
            asked: 0,
            found: false,
            seconds: order.seconds,
            charge: 0,
        };
        let id = TaskId::new(task.id.to_string())?;
        let price = self.prices.of(&order.scene);
        task.charge = world
            .ledger
            .charge(&tenant.name, &id, external_id, &order.scene, price, now);
        let index = tenant.tasks.insert(task);
        world.ids.add(account, index);
        tenant.occupy(index);
        Some(index)
    }
}
