//! Inspecting and steering tasks from a test.

use std::fmt;
use std::time::Duration;

use kling_types::{ExternalTaskId, TaskId, TaskStatus, UnixMillis};
use serde::Serialize;

use super::store::Task;
use super::tenant::Tenant;
use super::{Engine, State};
use crate::auth::AccountIndex;
use crate::clock::ClockError;
use crate::plan::{PlanRule, Steer};
use crate::profile::Profile;

/// The actual state of a task, whatever faults make clients see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TaskSummary {
    /// The name of its account.
    pub account: String,
    /// The task id.
    pub task_id: TaskId,
    /// The external task id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_task_id: Option<ExternalTaskId>,
    /// Its status.
    pub status: TaskStatus,
    /// Why it failed, or will fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Its plan as text: see [`Plan`](crate::Plan).
    pub plan: String,
    /// The time of its creation.
    pub created_at: UnixMillis,
    /// The time of its last status change.
    pub updated_at: UnixMillis,
    /// The time of its next status change without a query; `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_change: Option<UnixMillis>,
}

/// Why a task can't be inspected or steered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskError {
    /// No account has a task with this id or external id.
    NotFound(String),
    /// Tasks of several accounts have this external id.
    Ambiguous(String),
    /// The task has ended already.
    Ended(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::NotFound(id) => write!(f, "there is no task {id:?}"),
            TaskError::Ambiguous(id) => {
                write!(f, "several accounts have a task {id:?}: use its task id")
            }
            TaskError::Ended(id) => write!(f, "task {id:?} has already ended"),
        }
    }
}

impl std::error::Error for TaskError {}

impl Engine {
    pub(crate) fn add_plan_rule(&self, rule: PlanRule) {
        self.state().plans.add(rule);
    }

    pub(crate) fn plan_rules(&self) -> Vec<PlanRule> {
        self.state().plans.list().to_vec()
    }

    pub(crate) fn clear_plan_rules(&self) {
        self.state().plans.clear();
    }

    /// The task with this id, or with this external id if only one account has it.
    pub(crate) fn task(&self, id: &str, now: UnixMillis) -> Result<TaskSummary, TaskError> {
        let state = self.state();
        let (account, index) = state.find_task(&self.profile, id)?;
        let found = state.tenants.get(account).and_then(|tenant| {
            let task = tenant.tasks.at(index)?;
            summary(tenant, task, tenant.now(now))
        });
        found.ok_or_else(|| TaskError::NotFound(id.to_owned()))
    }

    /// The tasks of an account, newest first.
    pub(crate) fn tasks(
        &self,
        account: &str,
        skip: usize,
        limit: usize,
        now: UnixMillis,
    ) -> Vec<TaskSummary> {
        let state = self.state();
        let tenant = state.tenant_named(account).into_iter();
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
    ) -> Result<TaskSummary, TaskError> {
        let mut state = self.state();
        let (account, index) = state.find_task(&self.profile, id)?;
        let not_found = || TaskError::NotFound(id.to_owned());
        let tenant = state.tenants.get_mut(account).ok_or_else(not_found)?;
        let now = tenant.now(now);
        let task = tenant.tasks.at_mut(index).ok_or_else(not_found)?;
        if !task.steer(now, steer) {
            return Err(TaskError::Ended(id.to_owned()));
        }
        tenant.callbacks.schedule(task, now);
        tenant.tasks.schedule_changed(index);
        let task = tenant.tasks.at(index).ok_or_else(not_found)?;
        summary(tenant, task, now).ok_or_else(not_found)
    }

    /// Advances the clock of one account; returns false if there is none of this name.
    pub(crate) fn advance_account(
        &self,
        account: &str,
        by: Duration,
        now: UnixMillis,
    ) -> Result<bool, ClockError> {
        match self.state().tenant_named_mut(account) {
            Some(tenant) => tenant.advance(by, now).map(|()| true),
            None => Ok(false),
        }
    }
}

impl State {
    fn find_task(&self, profile: &Profile, id: &str) -> Result<(AccountIndex, u32), TaskError> {
        let accounts = 0..self.tenants.len();
        let find = |account| Some((account, self.find(profile, account, id)?));
        if let Some(found) = accounts.clone().find_map(find) {
            return Ok(found);
        }
        let find = |account| Some((account, self.find_external(account, id)?));
        let mut found = accounts.filter_map(find);
        match (found.next(), found.next()) {
            (Some(found), None) => Ok(found),
            (None, _) => Err(TaskError::NotFound(id.to_owned())),
            _ => Err(TaskError::Ambiguous(id.to_owned())),
        }
    }
}

/// The summary of a task at the time of its account.
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
