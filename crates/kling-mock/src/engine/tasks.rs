//! Tasks from outside the wire: seen as they are, and steered.

use std::fmt;
use std::time::Duration;

use kling_types::{ExternalTaskId, TaskId, TaskStatus, UnixMillis};
use serde::Serialize;

use super::account::Tenant;
use super::store::Task;
use super::{Engine, World};
use crate::auth::AccountIndex;
use crate::clock::ClockError;
use crate::plan::{PlanRule, Steer};
use crate::profile::Profile;

/// A task as it is, whatever a fault shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TaskSummary {
    /// Whose it is.
    pub account: String,
    /// The service's id.
    pub task_id: TaskId,
    /// The caller's id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_task_id: Option<ExternalTaskId>,
    /// Where it stands.
    pub status: TaskStatus,
    /// Why it failed or will fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What becomes of it, as text: see [`Plan`](crate::Plan).
    pub plan: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// Since when it stands there.
    pub updated_at: UnixMillis,
    /// When its status changes next if nobody asks; none if it won't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_change: Option<UnixMillis>,
}

/// Why a task can't be steered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownTask {
    /// No account has a task of this id or external id.
    NotFound(String),
    /// The external id is that of tasks of several accounts.
    Ambiguous(String),
    /// It has ended already.
    Ended(String),
}

impl fmt::Display for UnknownTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownTask::NotFound(id) => write!(f, "there is no task {id:?}"),
            UnknownTask::Ambiguous(id) => write!(
                f,
                "several accounts have a task {id:?}: name it by the service's id"
            ),
            UnknownTask::Ended(id) => write!(f, "task {id:?} has ended, and stays as it is"),
        }
    }
}

impl std::error::Error for UnknownTask {}

impl Engine {
    pub(crate) fn plan_for(&self, rule: PlanRule) {
        self.world().plans.add(rule);
    }

    pub(crate) fn plan_rules(&self) -> Vec<PlanRule> {
        self.world().plans.list().to_vec()
    }

    pub(crate) fn forget_plan_rules(&self) {
        self.world().plans.clear();
    }

    /// The task of this id, or of this external id if only one account has it.
    pub(crate) fn task(&self, id: &str, now: UnixMillis) -> Result<TaskSummary, UnknownTask> {
        let world = self.world();
        let (account, index) = world.find_task(&self.profile, id)?;
        let found = world.tenants.get(account).and_then(|tenant| {
            let task = tenant.tasks.at(index)?;
            summary(tenant, task, tenant.now(now))
        });
        found.ok_or_else(|| UnknownTask::NotFound(id.to_owned()))
    }

    /// The tasks of an account, the newest first.
    pub(crate) fn tasks(
        &self,
        account: &str,
        skip: usize,
        limit: usize,
        now: UnixMillis,
    ) -> Vec<TaskSummary> {
        let world = self.world();
        let tenant = world.tenant_named(account).into_iter();
        let listed = tenant.flat_map(|tenant| {
            let page = tenant.tasks.page(skip, limit);
            page.filter_map(move |task| summary(tenant, task, tenant.now(now)))
        });
        listed.collect()
    }

    pub(crate) fn steer(
        &self,
        id: &str,
        now: UnixMillis,
        steer: &Steer<'_>,
    ) -> Result<TaskSummary, UnknownTask> {
        let mut world = self.world();
        let (account, index) = world.find_task(&self.profile, id)?;
        let not_found = || UnknownTask::NotFound(id.to_owned());
        let tenant = world.tenants.get_mut(account).ok_or_else(not_found)?;
        let now = tenant.now(now);
        let task = tenant.tasks.at_mut(index).ok_or_else(not_found)?;
        if !task.steer(now, steer) {
            return Err(UnknownTask::Ended(id.to_owned()));
        }
        tenant.callbacks.expect(task, now);
        tenant.tasks.course_moved(index);
        let task = tenant.tasks.at(index).ok_or_else(not_found)?;
        summary(tenant, task, now).ok_or_else(not_found)
    }

    /// Lets time pass for one account; whether there is one of this name.
    pub(crate) fn advance_account(
        &self,
        account: &str,
        by: Duration,
        now: UnixMillis,
    ) -> Result<bool, ClockError> {
        match self.world().tenant_named_mut(account) {
            Some(tenant) => tenant.advance(by, now).map(|()| true),
            None => Ok(false),
        }
    }
}

impl World {
    fn find_task(&self, profile: &Profile, id: &str) -> Result<(AccountIndex, u32), UnknownTask> {
        let accounts = 0..self.tenants.len();
        let find = |account| Some((account, self.find(profile, account, id)?));
        if let Some(found) = accounts.clone().find_map(find) {
            return Ok(found);
        }
        let find = |account| Some((account, self.find_external(account, id)?));
        let mut found = accounts.filter_map(find);
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found),
            (None, _) => Err(UnknownTask::NotFound(id.to_owned())),
            _ => Err(UnknownTask::Ambiguous(id.to_owned())),
        }
    }
}

/// What is said of a task at the time of its account.
pub(super) fn summary(tenant: &Tenant, task: &Task, now: UnixMillis) -> Option<TaskSummary> {
    let standing = task.standing(now);
    let next = task.changes().map(|change| change.since);
    let next_change = next.filter(|since| *since > now.max(standing.since)).min();
    Some(TaskSummary {
        account: tenant.name.to_string(),
        task_id: TaskId::new(task.id.to_string())?,
        external_task_id: task.external_task_id(),
        failure: task.failure.as_deref().map(str::to_owned),
        plan: task.plan.to_string(),
        created_at: task.created,
        updated_at: standing.since,
        next_change: next_change.filter(|_| !standing.status.is_terminal()),
        status: standing.status,
    })
}
