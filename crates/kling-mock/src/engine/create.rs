//! Creating tasks: for an accepted request, or directly from a test.

use std::sync::Arc;

use kling_types::{ExternalTaskId, TaskId, UnixMillis};

use super::account::SetupError;
use super::store::Task;
use super::submit::Order;
use super::tasks::{TaskSummary, summary};
use super::text::Text;
use super::{Engine, State};
use crate::auth::AccountIndex;
use crate::plan::Plan;

/// A task to add without a request: see [`Mock::add_task`](crate::Mock::add_task).
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
    /// A task of this scene for the first account, with a video of five seconds.
    pub fn new(scene: impl Into<String>) -> Self {
        NewTask {
            scene: scene.into(),
            account: None,
            external_task_id: None,
            plan: None,
            seconds: 5,
        }
    }

    /// The account, if not the first one.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// The external task id.
    pub fn external_task_id(mut self, id: impl Into<String>) -> Self {
        self.external_task_id = Some(id.into());
        self
    }

    /// Its plan, if not the one of its account.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = Some(plan);
        self
    }

    /// The duration of its video: 5 or 10 seconds.
    pub fn seconds(mut self, seconds: u16) -> Self {
        self.seconds = seconds;
        self
    }
}

impl Engine {
    /// Adds a task as a create would: it gets an id, is billed, and occupies a slot.
    /// Plan rules, limits and faults apply only to requests.
    pub(crate) fn add_task(
        &self,
        new: &NewTask,
        now: UnixMillis,
    ) -> Result<TaskSummary, SetupError> {
        let mut state = self.state();
        let name = new.account.as_deref();
        let account = match name {
            None => Some(0),
            Some(name) => state.account_named(name),
        };
        let unknown = || SetupError::unknown(name.unwrap_or_default());
        let account = account.ok_or_else(unknown)?;
        let tenant = state.tenants.get(account).ok_or_else(unknown)?;
        let external_id = match &new.external_task_id {
            None => None,
            Some(id) => {
                let id = ExternalTaskId::new(id.as_str());
                let invalid = || {
                    let why = "an external task id must not be empty";
                    SetupError::invalid(&tenant.name, "external_task_id", why)
                };
                Some(id.ok_or_else(invalid)?)
            }
        };
        if external_id
            .as_ref()
            .is_some_and(|id| tenant.tasks.has_external_id(id))
        {
            let why = "a task with this external id already exists";
            return Err(SetupError::conflict(&tenant.name, why));
        }
        if ![5, 10].contains(&new.seconds) {
            let why = "the duration must be 5 or 10 seconds";
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
        let created = self.create_task(&mut state, account, now, &order, plan);
        let tenant = state.tenants.get(account).ok_or_else(unknown)?;
        let task = created.and_then(|index| tenant.tasks.at(index));
        task.and_then(|task| summary(tenant, task, now))
            .ok_or_else(unknown)
    }

    /// Creates a task for an order that was accepted, and returns its index among the
    /// account's. Without a plan it gets the account's.
    pub(super) fn create_task(
        &self,
        state: &mut State,
        account: AccountIndex,
        now: UnixMillis,
        order: &Order,
        plan: Option<Arc<Plan>>,
    ) -> Option<u32> {
        let tenant = state.tenants.get_mut(account)?;
        // Concurrent requests may arrive here out of the order of their times.
        let now = tenant.tasks.latest().max(now);
        let plan = plan.unwrap_or_else(|| Arc::clone(&tenant.plan));
        let external_id = order.external_id.as_ref();
        let number = state.ids.next_number();
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
        task.charge = state
            .ledger
            .charge(&tenant.name, &id, external_id, &order.scene, price, now);
        let index = tenant.tasks.insert(task);
        state.ids.add(account, index);
        tenant.occupy(index);
        Some(index)
    }
}
