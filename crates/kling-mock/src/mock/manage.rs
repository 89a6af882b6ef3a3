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

/// What a reset clears. Accounts, keys and the time always stay. Clearing tasks
/// also discards requests that a fault still delays, and callbacks in flight:
/// neither leaves a charge or a journal entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetScope {
    /// Tasks, charges, journal, faults, plan rules, and all counters: what follows
    /// gets the ids, and the random decisions, that it would get from a new mock at
    /// this time. Only the journal's sequence numbers continue, so that a reader
    /// who pages through it misses nothing.
    #[default]
    All,
    /// Tasks, their callbacks and charges. Ids are not reused.
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
            .ok_or_else(|| format!("'{word}' is not a scope: use all, tasks, journal or faults"))
    }
}

impl fmt::Display for ResetScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = ResetScope::ALL.iter().find(|(_, scope)| scope == self);
        f.pad(found.map_or("", |(name, _)| name))
    }
}

impl Mock {
    /// Clears tasks, charges, journal, faults and plan rules. Accounts and keys
    /// stay.
    pub fn reset(&self) {
        self.reset_scope(ResetScope::All);
    }

    /// Clears a part of the state.
    pub fn reset_scope(&self, scope: ResetScope) {
        let engine = &self.0.engine;
        match scope {
            ResetScope::All => engine.reset(),
            ResetScope::Tasks => engine.clear_tasks(),
            ResetScope::Journal => engine.clear_journal(),
            ResetScope::Faults => drop(engine.replace_faults(Vec::new())),
        }
    }

    /// Counts of everything that the mock holds.
    pub fn stats(&self) -> Stats {
        self.0.engine.stats()
    }

    /// What is emulated, on what evidence, and what is not.
    pub fn limits(&self) -> &'static [Limit] {
        LIMITS
    }

    /// Replaces all faults with these, and returns what is armed then.
    pub fn replace_faults(&self, faults: impl IntoIterator<Item = Fault>) -> Vec<FaultHits> {
        let faults = faults.into_iter().collect();
        self.0.engine.replace_faults(faults)
    }

    /// The accounts, in the order in which they were added.
    pub fn accounts(&self) -> Vec<AccountInfo> {
        self.0.engine.accounts()
    }

    /// Adds an account to a running service, and returns its API key.
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
        self.0.engine.add_account(account)
    }

    /// Changes an account, starting with the next request.
    pub fn change_account(&self, name: &str, change: &AccountChange) -> Result<(), SetupError> {
        self.0.engine.change_account(name, change, self.now())
    }

    /// Closes an account: its keys are refused and its tasks are gone, but its
    /// charges stay. The first account can't be closed.
    pub fn remove_account(&self, name: &str) -> Result<(), SetupError> {
        self.0.engine.remove_account(name)
    }

    /// [`journal_after`](Self::journal_after), but if there is no entry yet, it
    /// waits for one for at most this long, in tokio's time.
    pub async fn journal_wait(&self, seq: u64, limit: usize, wait: Duration) -> JournalPage {
        let arrived = async {
            loop {
                let written = self.0.journal_written.notified();
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
