//! What is done to the service from behind the counter: accounts come and go,
//! parts of it are forgotten, and somebody asks how it is.

use std::sync::PoisonError;

use kling_types::UnixMillis;
use serde::Serialize;

use super::account::{AccountChange, AccountInfo, SetupError, Tenant, check_name};
use super::ids::TaskIds;
use super::{Account, Engine, World, callbacks, hits};
use crate::fault::{Fault, FaultPlan};
use crate::journal::Totals;
use crate::random::Stream;
use crate::verify::FaultHits;

/// How much there is of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Accounts.
    pub accounts: usize,
    /// Tasks, those that ended too.
    pub tasks: usize,
    /// Charges.
    pub charges: usize,
    /// Faults that are armed.
    pub faults: usize,
    /// Entries in the journal.
    pub journal_entries: usize,
    /// The memory that they take.
    pub journal_bytes: usize,
    /// Entries that the journal has let go.
    pub journal_evicted: u64,
    /// Requests, by what they were for and what became of them.
    pub requests: Totals,
}

impl Engine {
    /// Opens an account; its API key.
    pub(crate) fn enroll(&self, account: &Account) -> Result<String, SetupError> {
        let mut world = self.world();
        let names = world.tenants.iter().map(|tenant| &*tenant.name);
        check_name(&account.name, names)?;
        let key = account.api_key.clone().unwrap_or_else(|| {
            let stream = Stream::new(self.seed, &format!("api-key of {}", account.name), 0);
            format!("{}{}", self.profile.key_prefix, stream.letters(40))
        });
        let index = world.tenants.len();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
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
        world.tenants.push(tenant);
        Ok(key)
    }

    /// Closes an account: its keys, tasks and callbacks are gone, its charges
    /// stay.
    pub(crate) fn close(&self, account: &str) -> Result<(), SetupError> {
        let mut world = self.world();
        let unknown = || SetupError::unknown(account);
        let index = world.account_named(account).ok_or_else(unknown)?;
        if index == 0 {
            let why = "the first account stays: it has what comes without credentials";
            return Err(SetupError::about(account, why));
        }
        let tenant = world.tenants.get_mut(index).ok_or_else(unknown)?;
        tenant.forget();
        tenant.name = "".into();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.remove(index);
        Ok(())
    }

    pub(crate) fn change(
        &self,
        account: &str,
        change: &AccountChange,
        now: UnixMillis,
    ) -> Result<(), SetupError> {
        let mut world = self.world();
        let tenant = world.tenant_named_mut(account);
        let tenant = tenant.ok_or_else(|| SetupError::unknown(account))?;
        let now = tenant.now(now);
        tenant.change(change, &self.plan, now);
        Ok(())
    }

    pub(crate) fn accounts(&self) -> Vec<AccountInfo> {
        let world = self.world();
        let open = world.tenants.iter().filter(|tenant| !tenant.is_closed());
        open.map(Tenant::info).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let world = self.world();
        let journal = self.journal_lock();
        let tenants = world.tenants.iter();
        Stats {
            accounts: tenants.filter(|tenant| !tenant.is_closed()).count(),
            tasks: world.tenants.iter().map(|tenant| tenant.tasks.len()).sum(),
            charges: world.ledger.len(),
            faults: world.faults.list().len(),
            journal_entries: journal.len(),
            journal_bytes: journal.bytes(),
            journal_evicted: journal.evicted(),
            requests: journal.totals().clone(),
        }
    }

    /// Never shows this text in the journal.
    pub(crate) fn hide(&self, secret: &str) {
        self.journal_lock().hide(secret);
    }

    /// Puts these faults in the place of all; their numbers.
    pub(crate) fn replace_faults(&self, faults: Vec<Fault>) -> Vec<FaultHits> {
        let mut world = self.world();
        world.faults.clear();
        for fault in faults {
            world.faults.add(fault);
        }
        hits(&world.faults)
    }

    /// Forgets tasks, their callbacks and charges. None that comes later gets
    /// an id of theirs.
    pub(crate) fn forget_tasks(&self) {
        self.world().forget_tasks();
    }

    pub(crate) fn forget_journal(&self) {
        self.journal_lock().clear();
    }

    /// Forgets all but accounts and keys, in one: rules for plans too, and how
    /// far everything has counted.
    pub(crate) fn forget_all(&self) {
        let mut world = self.world();
        world.forget_tasks();
        for tenant in &mut world.tenants {
            tenant.callbacks.queue.begin_anew();
        }
        world.faults = FaultPlan::default();
        world.plans.clear();
        world.requests = 0;
        world.ids = TaskIds::default();
        self.journal_lock().clear();
    }

    /// When something happens next by itself: a callback, or a change of a task.
    pub(crate) fn next_event(&self, now: UnixMillis) -> Option<UnixMillis> {
        let callback = self.next_callback();
        let change = self.changes_ahead(now).map(|(first, _)| first);
        callback.into_iter().chain(change).min()
    }

    /// When the first and the last change of a task come that can be foreseen.
    pub(crate) fn changes_ahead(&self, now: UnixMillis) -> Option<(UnixMillis, UnixMillis)> {
        let mut world = self.world();
        let ahead = world.tenants.iter_mut().filter_map(|tenant| {
            let (first, last) = tenant.tasks.ahead(tenant.now(now))?;
            Some((tenant.service_time(first), tenant.service_time(last)))
        });
        ahead.reduce(|(first, last), (one, other)| (first.min(one), last.max(other)))
    }
}

impl World {
    fn forget_tasks(&mut self) {
        for tenant in &mut self.tenants {
            tenant.forget();
        }
        self.ids.clear();
        self.ledger.clear();
        self.generation += 1;
    }
}
