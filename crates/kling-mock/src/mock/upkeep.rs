//! Methods that manage accounts and faults, and reset state.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::timeout;

use super::Mock;
use crate::engine::{Account, AccountChange, AccountInfo, SetupError, Stats};
use crate::fault::Fault;
use crate::journal::JournalPage;
use crate::limits::{LIMITS, Limit};
use crate::verify::FaultHits;

/// What is forgotten. Accounts, keys and what time it is always stay. Where the
/// tasks are forgotten, so is each request that a fault still delays, and each
/// callback that is under way: neither leaves a charge or an entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetScope {
    /// Tasks, charges, journal, faults, rules for plans, and how many there were
    /// of each: what comes next gets the ids that it would get from a new mock
    /// at this time, and chance decides as it would there. Only the journal's
    /// numbers go on, so that whoever reads it page by page misses nothing.
    #[default]
    All,
    /// Tasks, their callbacks and charges. What comes next gets ids that nobody
    /// has seen yet.
    Tasks,
    /// The journal and its counts.
    Journal,
    /// The faults.
    Faults,
}

impl ResetScope {
    pub(crate) const ALL: [(&'static str, ResetScope); 4] = [
        ("all", ResetScope::All),
        ("tasks", ResetScope::Tasks),
        ("journal", ResetScope::Journal),
        ("faults", ResetScope::Faults),
    ];
}

impl FromStr for ResetScope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let mut scopes = ResetScope::ALL.into_iter();
        let found = scopes.find(|(name, _)| *name == word);
        found
            .map(|(_, scope)| scope)
            .ok_or_else(|| format!("'{word}' is no scope: use all, tasks, journal or faults"))
    }
}

impl fmt::Display for ResetScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = ResetScope::ALL.iter().find(|(_, scope)| scope == self);
        f.pad(found.map_or("", |(name, _)| name))
    }
}

impl Mock {
    /// Forgets tasks, charges, journal, faults and rules for plans. Accounts and
    /// keys stay.
    pub fn reset(&self) {
        self.reset_only(ResetScope::All);
    }

    /// Forgets some of it.
    pub fn reset_only(&self, scope: ResetScope) {
        let engine = &self.0.engine;
        match scope {
            ResetScope::All => engine.forget_all(),
            ResetScope::Tasks => engine.forget_tasks(),
            ResetScope::Journal => engine.forget_journal(),
            ResetScope::Faults => drop(engine.replace_faults(Vec::new())),
        }
    }

    /// How much there is of everything.
    pub fn stats(&self) -> Stats {
        self.0.engine.stats()
    }

    /// What is emulated, on what evidence, and what is not.
    pub fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    /// Arms these faults in place of all that were; what is armed then.
    pub fn replace_faults(&self, faults: impl IntoIterator<Item = Fault>) -> Vec<FaultHits> {
        let faults = faults.into_iter().collect();
        self.0.engine.replace_faults(faults)
    }

    /// The accounts, the first one first.
    pub fn accounts(&self) -> Vec<AccountInfo> {
        self.0.engine.accounts()
    }

    /// Opens an account while the service runs; its API key.
    ///
    /// ```
    /// use kling_mock::{Account, Mock};
    ///
    /// let mock = Mock::new();
    /// let key = mock.add_account(&Account::new("second").slots(1))?;
    /// assert!(mock.add_account(&Account::new("second")).is_err());
    /// # assert_ne!(key, mock.api_key());
    /// # Ok::<(), kling_mock::SetupError>(())
    /// ```
    pub fn add_account(&self, account: &Account) -> Result<String, SetupError> {
        self.0.engine.enroll(account)
    }

    /// Changes an account, from the next request on.
    pub fn change_account(&self, name: &str, change: &AccountChange) -> Result<(), SetupError> {
        self.0.engine.change(name, change, self.now())
    }

    /// Closes an account: its keys are refused, its tasks are gone; its charges
    /// stay. The first account can't be closed.
    pub fn remove_account(&self, name: &str) -> Result<(), SetupError> {
        self.0.engine.close(name)
    }

    /// [`journal_after`](Self::journal_after), but if there is nothing yet it
    /// waits for so long, in tokio's time, that something comes.
    pub async fn journal_wait(&self, seq: u64, limit: usize, wait: Duration) -> JournalPage {
        let arrived = async {
            loop {
                let written = self.0.written.notified();
                tokio::pin!(written);
                // From here on nothing is missed.
                written.as_mut().enable();
                let page = self.journal_after(seq, limit);
                if !page.entries.is_empty() || limit == 0 {
                    return page;
                }
                written.await;
            }
        };
        match timeout(wait, arrived).await {
            Ok(page) => page,
            Err(_) => self.journal_after(seq, limit),
        }
    }
}
