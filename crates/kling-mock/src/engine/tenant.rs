//! Accounts in a running service: tasks, limits, and a clock that may run ahead.

use std::sync::Arc;
use std::time::Duration;

use kling_types::UnixMillis;

use super::account::{Account, AccountChange, AccountInfo, AccountState};
use super::callbacks::Callbacks;
use super::refusal::Refusal;
use super::store::TaskStore;
use crate::callback::Policy;
use crate::clock::{ClockError, LATEST};
use crate::plan::Plan;

/// An account of a running service: its settings, and what it has.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) name: Arc<str>,
    pub(super) plan: Arc<Plan>,
    pub(super) tasks: TaskStore,
    pub(super) callbacks: Callbacks,
    state: AccountState,
    slots: Option<usize>,
    rate: Option<u32>,
    /// The current second, and how many creates arrived in it.
    second: (i64, u32),
    /// The tasks that may be unfinished; kept only if slots are limited.
    unfinished: Vec<u32>,
    /// How far its clock is ahead of the service's.
    clock_offset: Duration,
}

impl Tenant {
    pub(super) fn new(account: &Account, plan: &Plan, policy: Policy) -> Self {
        Tenant {
            name: account.name.as_str().into(),
            plan: Arc::new(account.plan.clone().unwrap_or_else(|| plan.clone())),
            tasks: TaskStore::default(),
            callbacks: Callbacks::new(policy, account.webhook_secret.as_ref()),
            state: account.state,
            slots: account.slots,
            rate: account.rate,
            second: (0, 0),
            unfinished: Vec::new(),
            clock_offset: Duration::ZERO,
        }
    }

    /// Whether it was closed. A closed account keeps its index, to which keys refer,
    /// but has no name.
    pub(super) fn is_closed(&self) -> bool {
        self.name.is_empty()
    }

    /// The time on this account's clock.
    pub(super) fn now(&self, now: UnixMillis) -> UnixMillis {
        now.saturating_add(self.clock_offset)
    }

    /// Converts a time of this account's clock to the service's.
    pub(super) fn service_time(&self, at: UnixMillis) -> UnixMillis {
        let offset = i64::try_from(self.clock_offset.as_millis()).unwrap_or(i64::MAX);
        UnixMillis::new(at.get().saturating_sub(offset))
    }

    /// Advances the clock of this account alone.
    pub(super) fn advance(&mut self, by: Duration, now: UnixMillis) -> Result<(), ClockError> {
        let offset = self.clock_offset.saturating_add(by);
        if now.saturating_add(offset) > LATEST {
            return Err(ClockError::TooFar);
        }
        self.clock_offset = offset;
        Ok(())
    }

    /// Checks the account's state and limits for one more create, which is counted.
    pub(super) fn admit(&mut self, now: UnixMillis) -> Result<(), Refusal> {
        if let Some(refusal) = self.state.refusal() {
            return Err(refusal);
        }
        if let Some(rate) = self.rate {
            let second = now.get().div_euclid(1000);
            if self.second.0 != second {
                self.second = (second, 0);
            }
            self.second.1 = self.second.1.saturating_add(1);
            if self.second.1 > rate {
                return Err(Refusal::code(1302));
            }
        }
        if let Some(slots) = self.slots {
            let tasks = &self.tasks;
            self.unfinished
                .retain(|index| tasks.at(*index).is_some_and(|task| !task.has_ended(now)));
            if self.unfinished.len() >= slots {
                return Err(Refusal::code(1303));
            }
        }
        Ok(())
    }

    pub(super) fn info(&self) -> AccountInfo {
        AccountInfo {
            name: self.name.to_string(),
            state: self.state,
            slots: self.slots,
            rate: self.rate,
            tasks: self.tasks.len(),
            signs_callbacks: self.callbacks.secrets.current().is_some(),
        }
    }

    /// `plan` is that of the service.
    pub(super) fn change(&mut self, change: &AccountChange, plan: &Plan, now: UnixMillis) {
        self.state = change.state.unwrap_or(self.state);
        self.rate = change.rate.unwrap_or(self.rate);
        if let Some(own) = &change.plan {
            self.plan = Arc::new(own.as_ref().unwrap_or(plan).clone());
        }
        if let Some(slots) = change.slots {
            self.slots = slots;
            // They are not tracked while there is no limit.
            let unfinished = (0..).zip(self.tasks.iter());
            self.unfinished = unfinished
                .filter(|(_, task)| slots.is_some() && !task.has_ended(now))
                .map(|(index, _)| index)
                .collect();
        }
    }

    /// Removes its tasks.
    pub(super) fn clear(&mut self) {
        self.tasks = TaskStore::default();
        self.callbacks.clear();
        self.unfinished.clear();
        self.second = (0, 0);
    }

    /// Records that a new task occupies a slot.
    pub(super) fn occupy(&mut self, index: u32) {
        if self.slots.is_some() {
            self.unfinished.push(index);
        }
    }
}
