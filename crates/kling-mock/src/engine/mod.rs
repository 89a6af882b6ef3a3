//! The service without I/O: a request and the time in, an answer out.
//!
//! No thread, no clock, no randomness of its own. Where a task stands follows
//! from its plan when somebody asks, so a million tasks cost memory and nothing
//! else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use kling_types::scene::Date;
use kling_types::{ApiCode, UnixMillis};
use serde::Serialize;

use crate::auth::{self, AccountIndex, AuthMode, Keyring};
use crate::callback::Policy;
use crate::fault::{self, Delivery, Fault, FaultPlan, Selection};
use crate::journal::{
    Exchange, Journal, JournalEntry, JournalLimits, JournalPage, Operation, Totals,
};
use crate::ledger::{Ledger, Prices};
use crate::plan::{Plan, PlanRules};
use crate::profile::Profile;
use crate::verify::{Evidence, Expectation, FaultHits, VerifyError};

mod account;
mod callbacks;
mod refusal;
mod route;
mod service;
mod show;
mod store;
mod submit;
mod tasks;
mod unread;
mod upkeep;

pub(crate) use account::check as check_account;
pub use account::{Account, AccountChange, AccountInfo, AccountState, SetupError};

pub use callbacks::CallbackAttempt;
pub(crate) use callbacks::Outgoing;
pub use tasks::{TaskSummary, UnknownTask};
pub(crate) use unread::{BODY_LIMIT, Unread};
pub use upkeep::Stats;

use crate::random::Stream;
use account::Tenant;
use refusal::Refusal;
use route::Route;
use service::Service;
use submit::Submission;

/// All that an engine is made of.
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
    /// The least size of a video file.
    pub(crate) video_bytes: u64,
    /// What links to results begin with, if not with where a request came in.
    pub(crate) public_url: Option<String>,
}

pub(crate) struct Engine {
    profile: Profile,
    seed: u64,
    scenes_as_of: Date,
    auth: AuthMode,
    prices: Prices,
    video_bytes: u64,
    /// What becomes of the tasks of accounts without a plan of their own.
    plan: Plan,
    callbacks: Policy,
    public_url: Option<String>,
    keys: RwLock<Keyring>,
    /// The first account's key.
    api_key: String,
    world: Mutex<World>,
    /// Apart, so that writing it down keeps nobody waiting.
    journal: Mutex<Journal>,
}

/// Everything that changes.
#[derive(Debug, Default)]
struct World {
    tenants: Vec<Tenant>,
    faults: FaultPlan,
    plans: PlanRules,
    ledger: Ledger,
    /// How many requests came in: what request ids are counted by.
    requests: u64,
    /// How many tasks there are: what task ids are counted by.
    created: u64,
}

/// An answer, and how it travels.
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
            world: Mutex::default(),
            journal: Mutex::new(Journal::new(setup.journal)),
        };
        let mut keys = accounts.iter().map(|account| engine.enroll(account));
        // Given keys were checked when their account was added; a made one is
        // as good as never another's.
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

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn arm(&self, fault: Fault) -> u64 {
        self.world().faults.add(fault)
    }

    pub(crate) fn disarm(&self, id: u64) -> bool {
        self.world().faults.remove(id).is_some()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.world().ledger.clone()
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
        hits(&self.world().faults)
    }

    pub(crate) fn verify(&self, expected: &Expectation) -> Result<(), VerifyError> {
        let world = self.world();
        expected.verify(Evidence {
            journal: &self.journal_lock(),
            ledger: &world.ledger,
            faults: &hits(&world.faults),
        })
    }

    /// A panic elsewhere must not turn every later answer into a panic.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal_lock(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request. `wall` is the time that tokens are held to.
    pub(crate) fn handle(
        &self,
        now: UnixMillis,
        wall: UnixMillis,
        request: &Request<Bytes>,
    ) -> Reply {
        let route = Route::of(&self.profile, request);
        let operation = route.operation();
        let mut record = Record::default();
        let (answer, applied) = self.act(now, wall, request, &route, &mut record);
        let Reply {
            answer: mut sent,
            delivery,
        } = applied;
        if request.method() == Method::HEAD {
            sent.body_mut().clear();
        }

        let none_sent = matches!(
            delivery.ending,
            fault::Ending::Reset | fault::Ending::CloseBeforeHead | fault::Ending::Hang
        );
        let exchange = Exchange {
            account: record.account.as_ref(),
            answer: (!none_sent).then_some(&sent),
            intended: answer.as_ref(),
            fault: &record.fault,
            task_id: &record.task_id,
            external_task_id: &record.external_id,
            ..Exchange::new(now, operation, request)
        };
        let draft = exchange.draft();
        self.journal_lock().append(&draft);
        Reply {
            answer: sent,
            delivery,
        }
    }

    /// The handler's own answer, if a fault put another in its place, and what
    /// is sent.
    fn act(
        &self,
        now: UnixMillis,
        wall: UnixMillis,
        request: &Request<Bytes>,
        route: &Route<'_>,
        record: &mut Record,
    ) -> (Option<Response<Bytes>>, Reply) {
        // What takes long is done before and after the time in which others have
        // to wait.
        let submission = matches!(route, Route::Create)
            .then(|| Submission::read(&self.profile, self.scenes_as_of, request.body()));
        let mut world = self.world();
        let number = world.requests;
        world.requests += 1;
        let refuse = |refusal: &Refusal, now| {
            let mut ids = Stream::new(self.seed, "request-id", number);
            refusal.answer(&self.profile, now, &mut ids)
        };

        let account = match self.account_of(&world, wall, request, route) {
            Ok(account) => account,
            Err(refusal) => return (None, Reply::whole(refuse(&refusal, now))),
        };
        let tenant = world.tenants.get(account);
        record.account = tenant.map(|tenant| Arc::clone(&tenant.name));
        let now = tenant.map_or(now, |tenant| tenant.now(now));
        record.learn(&world, account, &self.profile, route, submission.as_ref());
        let selection = record.select(&mut world, self.seed, route.operation());
        record.note_faults(&world.faults, &selection);

        let later = now.saturating_add(selection.delay_before);
        let drafted = selection.is_handled().then(|| {
            let origin = self.public_url.clone().unwrap_or_else(|| origin(request));
            let service = Service {
                engine: self,
                now: later,
                number,
                origin: &origin,
                account,
                read_fault: selection.read_fault(),
                asset_fault: selection.asset_fault(),
            };
            let world = &mut *world;
            match route {
                Route::Create => {
                    let order = submission.map_or(Err(Refusal::MalformedBody), |it| it.order);
                    order.and_then(|order| service.create(world, &order, record))
                }
                Route::Get(id) => service.query(world, id),
                Route::List => service.list(world, request.uri().query().unwrap_or_default()),
                Route::Asset(_) => Ok(service.asset(world, &record.task_id, request)),
                Route::NoSuchMethod => Err(Refusal::NoSuchMethod),
                Route::NoSuchPath => Err(Refusal::NoSuchPath),
            }
        });
        drop(world);

        let answer = match drafted {
            Some(Ok(draft)) => draft.into_answer(&self.profile, request),
            Some(Err(refusal)) => refuse(&refusal, later),
            None => Response::default(),
        };
        if selection.ids.is_empty() {
            return (None, Reply::whole(answer));
        }

        let is_asset = matches!(route, Route::Asset(_));
        let envelope = |status: StatusCode, code: Option<ApiCode>| {
            if is_asset {
                return plain(status, "fault");
            }
            let mut ids = Stream::new(self.seed, "request-id", number);
            let body = refusal::envelope(&self.profile, status, code, now, &mut ids);
            json_answer(status, &body)
        };
        let intended = selection.is_handled().then(|| answer.clone());
        let applied = selection.apply(answer, &envelope);
        if let Some(id) = applied.missed {
            self.world().faults.note_missed(id);
        }
        let reply = Reply {
            answer: applied.answer,
            delivery: applied.delivery,
        };
        (intended, reply)
    }

    /// Whose request it is. Files belong to the account in their address: they
    /// are had without credentials.
    fn account_of(
        &self,
        world: &World,
        wall: UnixMillis,
        request: &Request<Bytes>,
        route: &Route<'_>,
    ) -> Result<AccountIndex, Refusal> {
        match route {
            Route::Asset(file) => {
                let found = file.split_once('/').and_then(|(name, _)| {
                    world
                        .tenants
                        .iter()
                        .position(|tenant| &*tenant.name == name)
                });
                // Nobody's file is not found under any account.
                Ok(found.unwrap_or(usize::MAX))
            }
            // Nobody's service is there, so nobody asks for a key.
            Route::NoSuchPath if !request.uri().path().starts_with(self.profile.prefix) => {
                Err(Refusal::NoSuchPath)
            }
            _ => {
                let header = request.headers().get(AUTHORIZATION);
                let header = header.and_then(|value| value.to_str().ok());
                let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
                auth::authenticate(self.auth, header, &keys, wall.get().div_euclid(1000))
                    .map_err(Refusal::Auth)
            }
        }
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
}

/// What is found out about a request on its way, for faults and journal.
#[derive(Default)]
struct Record {
    account: Option<Arc<str>>,
    task_id: String,
    external_id: String,
    fault: String,
}

impl Record {
    /// Finds out which task a request is about.
    fn learn(
        &mut self,
        world: &World,
        account: AccountIndex,
        profile: &Profile,
        route: &Route<'_>,
        submission: Option<&Submission>,
    ) {
        let find = |id: &str, external: bool| {
            let tasks = &world.tenants.get(account)?.tasks;
            tasks.at(tasks.find(id, external)?)
        };
        let task = match route {
            Route::Create => {
                let id = submission.map_or("", |submission| submission.external_id.as_str());
                id.clone_into(&mut self.external_id);
                None
            }
            Route::Get(id) => find(id, profile.external_ids),
            Route::Asset(file) => {
                let name = file.split_once('/').map_or("", |(_, name)| name);
                name.strip_suffix("-0.mp4").and_then(|id| find(id, false))
            }
            _ => None,
        };
        if let Some(task) = task {
            self.task_id = task.id.to_string();
            let id = task.external_id.as_deref().unwrap_or_default();
            id.clone_into(&mut self.external_id);
        }
    }

    fn select(&self, world: &mut World, seed: u64, operation: Operation) -> Selection {
        let operation = match operation {
            Operation::Create => fault::Operation::Create,
            Operation::Get => fault::Operation::Get,
            Operation::List => fault::Operation::List,
            Operation::Asset => fault::Operation::Asset,
            _ => return Selection::default(),
        };
        let text = |text: &'_ str| (!text.is_empty()).then_some(text.to_owned());
        let (external_id, task) = (text(&self.external_id), text(&self.task_id));
        let facts = fault::Facts {
            operation,
            account: self.account.as_deref().unwrap_or_default(),
            external_id: external_id.as_deref(),
            task: task.as_deref(),
        };
        world.faults.select(&facts, seed)
    }

    /// Names the faults that acted.
    fn note_faults(&mut self, plan: &FaultPlan, selection: &Selection) {
        let acted = plan
            .list()
            .iter()
            .filter(|armed| selection.ids.contains(&armed.id));
        let texts: Vec<String> = acted.map(|armed| armed.fault.to_string()).collect();
        self.fault = texts.join("; ");
    }
}

fn hits(plan: &FaultPlan) -> Vec<FaultHits> {
    let armed = plan.list().iter();
    armed
        .map(|armed| {
            let hits = armed.hits - armed.missed;
            FaultHits {
                id: armed.id,
                ..FaultHits::new(armed.fault.to_string(), hits, armed.fault.is_optional())
            }
        })
        .collect()
}

/// Where the caller reached the service.
fn origin(request: &Request<Bytes>) -> String {
    let uri = request.uri();
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
        _ => {
            let host = request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok());
            format!("http://{}", host.unwrap_or("localhost"))
        }
    }
}

fn json_answer(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // What answers are made of always has a JSON form.
    let body = serde_json::to_vec(body).unwrap_or_default();
    answer(status, "application/json", Bytes::from(body))
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
