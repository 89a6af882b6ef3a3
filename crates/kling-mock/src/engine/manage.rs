//! Managing a running service: accounts, resets, statistics.

use kling_types::UnixMillis;
use serde::Serialize;

use super::account::{AccountChange, AccountInfo, SetupError, check_name};
use super::ids::TaskIds;
use super::tenant::Tenant;
use super::{Account, Engine, State, callbacks, hits};
use crate::fault::{Fault, FaultPlan};
use crate::journal::Totals;
use crate::lock;
use crate::random::Stream;
use crate::verify::FaultHits;

/// Counts of everything that a mock holds: [`Mock::stats`](crate::Mock::stats).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The number of accounts.
    pub accounts: usize,
    /// The number of tasks, finished ones included.
    pub tasks: usize,
    /// The number of charges.
    pub charges: usize,
    /// The number of armed faults.
    pub faults: usize,
    /// The number of entries in the journal.
    pub journal_entries: usize,
    /// The memory of these entries.
    pub journal_bytes: usize,
    /// The number of entries that were evicted from the journal.
    pub journal_evicted: u64,
    /// The number of requests by operation and outcome.
    pub requests: Totals,
}

impl Engine {
    /// Adds an account, and returns its API key.
    pub(crate) fn add_account(&self, account: &Account) -> Result<String, SetupError> {
        let mut state = self.state();
        let names = state.tenants.iter().map(|tenant| &*tenant.name);
        check_name(&account.name, names)?;
        let key = account.api_key.clone().unwrap_or_else(|| {
            let stream = Stream::new(self.seed, &format!("api-key of {}", account.name), 0);
            format!("{}{}", self.profile.key_prefix, stream.letters(40))
        });
        let index = state.tenants.len();
        let mut keys = lock::write(&self.keys);
        let added =
            keys.add_api_key(index, key.clone())
                .and_then(|()| match &account.access_keys {
                    Some((access, secret)) => keys.add_pair(index, access, secret),
                    None => Ok(()),
                });
        if let Err(why) = added {
            keys.remove(index);
            return Err(SetupError::key(&account.name, &why));
        }
        let mut journal = self.journal_lock();
        journal.hide(&key);
        if let Some((_, secret)) = &account.access_keys {
            journal.hide(secret);
        }
        if let Some(secret) = &account.webhook_secret {
            callbacks::hide(&mut journal, secret);
        }
        let tenant = Tenant::new(account, &self.plan, self.callbacks);
        state.tenants.push(tenant);
        Ok(key)
    }

    /// Closes an account: its keys, tasks and callbacks are removed, its charges stay.
    pub(crate) fn remove_account(&self, account: &str) -> Result<(), SetupError> {
        let mut state = self.state();
        let unknown = || SetupError::unknown(account);
        let index = state.account_named(account).ok_or_else(unknown)?;
        if index == 0 {
            let why = "the first account can't be closed: it receives requests without credentials";
            return Err(SetupError::conflict(account, why));
        }
        let tenant = state.tenants.get_mut(index).ok_or_else(unknown)?;
        tenant.clear();
        tenant.name = "".into();
        let mut keys = lock::write(&self.keys);
        keys.remove(index);
        Ok(())
    }

    pub(crate) fn change_account(
        &self,
        account: &str,
        change: &AccountChange,
        now: UnixMillis,
    ) -> Result<(), SetupError> {
        let mut state = self.state();
        let tenant = state.tenant_named_mut(account);
        let tenant = tenant.ok_or_else(|| SetupError::unknown(account))?;
        let now = tenant.now(now);
        tenant.change(change, &self.plan, now);
        Ok(())
    }

    pub(crate) fn accounts(&self) -> Vec<AccountInfo> {
        let state = self.state();
        let open = state.tenants.iter().filter(|tenant| !tenant.is_closed());
        open.map(Tenant::info).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.state();
        let journal = self.journal_lock();
        let tenants = state.tenants.iter();
        Stats {
            accounts: tenants.filter(|tenant| !tenant.is_closed()).count(),
            tasks: state.tenants.iter().map(|tenant| tenant.tasks.len()).sum(),
            charges: state.ledger.len(),
            faults: state.faults.list().len(),
            journal_entries: journal.len(),
            journal_bytes: journal.bytes(),
            journal_evicted: journal.evicted(),
            requests: journal.totals().clone(),
        }
    }

    /// Redacts this text in the journal from now on.
    pub(crate) fn hide(&self, secret: &str) {
        self.journal_lock().hide(secret);
    }

    /// Replaces all faults.
    pub(crate) fn replace_faults(&self, faults: Vec<Fault>) -> Vec<FaultHits> {
        let mut state = self.state();
        state.faults.clear();
        for fault in faults {
            state.faults.add(fault);
        }
        hits(&state.faults)
    }

    /// Removes tasks, their callbacks and charges. Ids are not reused.
    pub(crate) fn clear_tasks(&self) {
        self.state().clear_tasks();
    }

    pub(crate) fn clear_journal(&self) {
        self.journal_lock().clear();
    }

    /// Removes everything except accounts and keys, atomically, and starts all counters
    /// again.
    pub(crate) fn reset(&self) {
        let mut state = self.state();
        state.clear_tasks();
        for tenant in &mut state.tenants {
            tenant.callbacks.queue.reset();
        }
        state.faults = FaultPlan::default();
        state.plans.clear();
        state.requests = 0;
        state.ids = TaskIds::default();
        self.journal_lock().clear();
    }

    /// The time of the next event without a request: a callback or a status change.
    pub(crate) fn next_event(&self, now: UnixMillis) -> Option<UnixMillis> {
        let callback = self.next_callback();
        let change = self.scheduled_changes(now).map(|(first, _)| first);
        callback.into_iter().chain(change).min()
    }

    /// The times of the first and the last scheduled status change.
    pub(crate) fn scheduled_changes(&self, now: UnixMillis) -> Option<(UnixMillis, UnixMillis)> {
        let mut state = self.state();
        let ahead = state.tenants.iter_mut().filter_map(|tenant| {
            let (first, last) = tenant.tasks.scheduled_changes(tenant.now(now))?;
            Some((tenant.service_time(first), tenant.service_time(last)))
        });
        ahead.reduce(|(first, last), (one, other)| (first.min(one), last.max(other)))
    }
}

impl State {
    fn clear_tasks(&mut self) {
        for tenant in &mut self.tenants {
            tenant.clear();
        }
        self.ids.clear();
        self.ledger.clear();
        self.generation += 1;
    }
}
