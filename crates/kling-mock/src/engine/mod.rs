//! The service without I/O: its input is a request and the time, its output an answer.
//!
//! It has no threads, no clock and no randomness of its own. The status of a task is
//! computed from its plan on demand, so a million tasks cost memory and nothing else.

use std::sync::{Mutex, MutexGuard, RwLock};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use kling_types::scene::Date;
use serde::Serialize;

use crate::auth::{AccountIndex, AuthMode, Keyring};
use crate::callback::Policy;
use crate::fault::{Delivery, Ending, Fault, FaultPlan};
use crate::journal::{Journal, JournalEntry, JournalLimits, JournalPage, Totals};
use crate::ledger::{Ledger, Prices};
use crate::lock;
use crate::plan::{Plan, PlanRules};
use crate::profile::Profile;
use crate::verify::{Evidence, Expectation, FaultHits, VerifyError};

mod account;
mod callbacks;
mod create;
mod handle;
mod history;
mod ids;
mod incomplete;
mod manage;
mod refusal;
mod route;
mod schedule;
mod service;
mod show;
mod store;
mod submit;
mod tasks;
mod tenant;
mod text;

pub(crate) use account::check as check_account;
pub use account::{Account, AccountChange, AccountInfo, AccountState, SetupError};

pub use callbacks::CallbackAttempt;
pub(crate) use callbacks::Outgoing;
pub use create::NewTask;
pub(crate) use handle::{Received, Step};
pub(crate) use incomplete::{BODY_LIMIT, Incomplete};
pub use manage::Stats;
pub use tasks::{TaskError, TaskSummary};

use ids::TaskIds;
use tenant::Tenant;

/// The settings of an engine.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) plan: Plan,
    pub(crate) seed: u64,
    pub(crate) scenes_as_of: Date,
    pub(crate) auth: AuthMode,
    pub(crate) accounts: Vec<Account>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) journal: JournalLimits,
    pub(crate) prices: Prices,
    pub(crate) callbacks: Policy,
    /// The minimum size of a video file.
    pub(crate) video_bytes: u64,
    /// The origin of result URLs; by default the one the request was sent to.
    pub(crate) public_url: Option<String>,
}

pub(crate) struct Engine {
    profile: Profile,
    seed: u64,
    scenes_as_of: Date,
    auth: AuthMode,
    prices: Prices,
    video_bytes: u64,
    /// The plan of tasks of accounts without a plan of their own.
    plan: Plan,
    callbacks: Policy,
    public_url: Option<String>,
    keys: RwLock<Keyring>,
    /// The first account's key.
    api_key: String,
    state: Mutex<State>,
    /// Has its own lock, so that writing to it does not block other requests.
    journal: Mutex<Journal>,
}

/// The mutable state, except keys and journal.
#[derive(Debug, Default)]
struct State {
    tenants: Vec<Tenant>,
    faults: FaultPlan,
    plans: PlanRules,
    ledger: Ledger,
    /// The number of requests so far, from which request ids are derived.
    requests: u64,
    ids: TaskIds,
    /// The number of resets so far. Requests and callbacks in flight during a reset
    /// belong to an earlier generation, and have no effect.
    generation: u64,
}

impl State {
    /// The account with this name, unless it was closed.
    fn account_named(&self, name: &str) -> Option<AccountIndex> {
        let mut tenants = self.tenants.iter();
        tenants.position(|tenant| !tenant.is_closed() && *tenant.name == *name)
    }

    fn tenant_named(&self, name: &str) -> Option<&Tenant> {
        self.tenants.get(self.account_named(name)?)
    }

    fn tenant_named_mut(&mut self, name: &str) -> Option<&mut Tenant> {
        let index = self.account_named(name)?;
        self.tenants.get_mut(index)
    }

    /// The index among an account's tasks of the one with this id.
    fn find(&self, profile: &Profile, account: AccountIndex, id: &str) -> Option<u32> {
        let tasks = &self.tenants.get(account)?.tasks;
        self.ids.find(profile, id, account, tasks)
    }

    fn find_external(&self, account: AccountIndex, id: &str) -> Option<u32> {
        self.tenants.get(account)?.tasks.find_external(id)
    }
}

/// An answer, and how it is delivered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Response<Bytes>,
    pub(crate) delivery: Delivery,
}

impl Engine {
    pub(crate) fn new(setup: Setup) -> Self {
        let mut accounts = setup.accounts;
        if accounts.is_empty() {
            accounts.push(Account::new("default"));
        }
        let engine = Engine {
            profile: setup.profile,
            seed: setup.seed,
            scenes_as_of: setup.scenes_as_of,
            auth: setup.auth,
            prices: setup.prices,
            video_bytes: setup.video_bytes,
            plan: setup.plan,
            callbacks: setup.callbacks,
            public_url: setup.public_url,
            keys: RwLock::default(),
            api_key: String::new(),
            state: Mutex::default(),
            journal: Mutex::new(Journal::new(setup.journal)),
        };
        let mut keys = accounts.iter().map(|account| engine.add_account(account));
        // Given keys were checked when their account was added, and a derived one
        // is practically never another's.
        let api_key = keys.next().and_then(Result::ok).unwrap_or_default();
        keys.for_each(drop);
        for fault in setup.faults {
            engine.arm(fault);
        }
        Engine { api_key, ..engine }
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    pub(crate) fn api_key_of(&self, account: &str) -> Option<String> {
        let index = self.state().account_named(account)?;
        let keys = lock::read(&self.keys);
        keys.api_key_of(index).map(str::to_owned)
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn arm(&self, fault: Fault) -> u64 {
        self.state().faults.add(fault)
    }

    pub(crate) fn disarm(&self, id: u64) -> bool {
        self.state().faults.remove(id).is_some()
    }

    pub(crate) fn replace_fault(&self, id: u64, fault: Fault) -> bool {
        self.state().faults.replace(id, fault)
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.state().ledger.clone()
    }

    pub(crate) fn journal(&self) -> Vec<JournalEntry> {
        self.journal_lock().entries().collect()
    }

    pub(crate) fn totals(&self) -> Totals {
        self.journal_lock().totals().clone()
    }

    pub(crate) fn totals_of(&self, account: &str) -> Totals {
        self.journal_lock().totals_of(account)
    }

    pub(crate) fn journal_after(&self, seq: u64, limit: usize) -> JournalPage {
        self.journal_lock().after(seq, limit)
    }

    pub(crate) fn faults(&self) -> Vec<FaultHits> {
        hits(&self.state().faults)
    }

    pub(crate) fn verify(&self, expected: &Expectation) -> Result<(), VerifyError> {
        let state = self.state();
        expected.verify(Evidence {
            journal: &self.journal_lock(),
            ledger: &state.ledger,
            faults: &hits(&state.faults),
            seed: self.seed,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock::lock(&self.state)
    }

    fn journal_lock(&self) -> MutexGuard<'_, Journal> {
        lock::lock(&self.journal)
    }
}

impl std::fmt::Debug for Engine {
    /// Leaves out the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Reply {
    pub(crate) fn whole(answer: Response<Bytes>) -> Self {
        Reply {
            answer,
            delivery: Delivery::default(),
        }
    }

    /// A connection that is closed without an answer.
    pub(crate) fn lost() -> Self {
        Reply {
            answer: Response::default(),
            delivery: Delivery {
                ending: Ending::CloseBeforeHead,
                ..Delivery::default()
            },
        }
    }
}

fn hits(plan: &FaultPlan) -> Vec<FaultHits> {
    let armed = plan.list().iter();
    armed
        .map(|armed| {
            let (fault, hits) = (&armed.fault, armed.fired());
            FaultHits {
                id: armed.id,
                account: fault.selector.account.clone(),
                ..FaultHits::new(fault.to_string(), hits, fault.is_optional())
            }
        })
        .collect()
}

fn json_answer(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Enough for a finished task without reallocation.
    let mut text = Vec::with_capacity(1024);
    // Serialising these types does not fail.
    let _ = serde_json::to_writer(&mut text, body);
    answer(status, "application/json", Bytes::from(text))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    answer(status, "text/plain", Bytes::from_static(text.as_bytes()))
}

fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
