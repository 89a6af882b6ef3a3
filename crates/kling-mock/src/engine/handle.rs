//! The steps of a request in the engine: authenticate, select faults, wait if a fault
//! says so, compute the service's answer, apply the faults, write the journal.

use std::cell::Cell;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, Response, StatusCode};
use kling_types::{ApiCode, UnixMillis};

use super::refusal::{self, Refusal};
use super::route::Route;
use super::service::Service;
use super::submit::Submission;
use super::tenant::Tenant;
use super::{Engine, Reply, State, json_answer, plain};
use crate::auth::{self, AccountIndex, AuthRefusal};
use crate::fault::{self, Ending, FaultPlan, Selection};
use crate::journal::{Exchange, Operation};
use crate::lock;
use crate::profile::Profile;
use crate::random::Stream;

/// The result of receiving a request.
#[derive(Debug)]
pub(crate) enum Step {
    Answered(Reply),
    /// A fault delays it: call [`Engine::resume`] after this time.
    Wait(Duration, Box<Received>),
}

/// A request that was authenticated, and counted by faults.
#[derive(Debug)]
pub(crate) struct Received {
    /// Its number, from 0.
    number: u64,
    generation: u64,
    account: AccountIndex,
    record: Record,
    selection: Selection,
    submission: Option<Submission>,
}

/// What is sent, and the service's answer if a fault changed it.
struct Outcome {
    sent: Reply,
    intended: Option<Response<Bytes>>,
}

impl Engine {
    /// Receives a request. `wall` is the time against which tokens are checked.
    pub(crate) fn handle(
        &self,
        now: UnixMillis,
        wall: UnixMillis,
        request: &Request<Bytes>,
    ) -> Step {
        let route = Route::of(&self.profile, request);
        // Slow work is done outside the lock.
        let submission = matches!(route, Route::Create)
            .then(|| Submission::read(&self.profile, self.scenes_as_of, request.body()));
        let mut state = self.state();
        let number = state.requests;
        state.requests += 1;
        let account = match self.account_of(&state, wall, request, &route) {
            Ok(account) => account,
            Err(refusal) => {
                drop(state);
                let outcome = Outcome {
                    sent: Reply::whole(self.refused(&refusal, number, now)),
                    intended: None,
                };
                let sent = self.record(now, request, &route, &Record::default(), outcome);
                return Step::Answered(sent);
            }
        };
        let mut record = Record::default();
        let tenant = state.tenants.get(account);
        record.account = tenant.map(|tenant| Arc::clone(&tenant.name));
        record.find_task(&state, account, &self.profile, &route, submission.as_ref());
        let selection = record.select(&mut state, self.seed, route.operation());
        record.note_faults(&state.faults, &selection);
        let wait = selection.delay_before;
        let received = Received {
            number,
            generation: state.generation,
            account,
            record,
            selection,
            submission,
        };
        if wait.is_zero() {
            Step::Answered(self.act(state, now, request, &route, received))
        } else {
            Step::Wait(wait, Box::new(received))
        }
    }

    /// Handles a delayed request as if it had just arrived, except that its faults are
    /// already selected. It has no effect after a reset.
    pub(crate) fn resume(
        &self,
        now: UnixMillis,
        request: &Request<Bytes>,
        mut received: Box<Received>,
    ) -> Reply {
        let route = Route::of(&self.profile, request);
        let state = self.state();
        if received.generation != state.generation {
            return Reply::lost();
        }
        let (account, submission) = (received.account, received.submission.as_ref());
        // Its task may have been created or removed in the meantime.
        received
            .record
            .find_task(&state, account, &self.profile, &route, submission);
        self.act(state, now, request, &route, *received)
    }

    fn act(
        &self,
        mut state: MutexGuard<'_, State>,
        now: UnixMillis,
        request: &Request<Bytes>,
        route: &Route<'_>,
        received: Received,
    ) -> Reply {
        let Received {
            number,
            generation,
            account,
            mut record,
            selection,
            submission,
        } = received;
        let tenant = state.tenants.get(account);
        let own_now = tenant.map_or(now, |tenant| tenant.now(now));
        let is_closed = tenant.is_some_and(Tenant::is_closed);
        let mut has_acted = false;
        let drafted = selection.is_handled().then(|| {
            let origin = self.public_url.clone().unwrap_or_else(|| origin(request));
            let service = Service {
                engine: self,
                now: own_now,
                number,
                origin: &origin,
                account,
                read_fault: selection.read_fault(),
                asset_fault: selection.asset_fault(),
                has_acted: Cell::new(false),
            };
            let state = &mut *state;
            let drafted = match route {
                Route::Asset(_) => Ok(service.asset(state, record.task, request)),
                // The account was closed while the request waited.
                _ if is_closed => Err(Refusal::Auth(AuthRefusal::UnknownApiKey)),
                Route::Create => {
                    let order = submission.map_or(Err(Refusal::MalformedBody), |it| it.order);
                    order.and_then(|order| service.create(state, &order, &mut record))
                }
                Route::Get(id) => service.query(state, id, record.task),
                Route::List => service.list(state, request.uri().query().unwrap_or_default()),
                Route::NoSuchMethod => Err(Refusal::NoSuchMethod),
                Route::NoSuchPath => Err(Refusal::NoSuchPath),
            };
            has_acted = service.has_acted.get();
            drafted
        });
        let acts_inside = selection.read_fault().is_some() || selection.asset_fault().is_some();
        if let Some(terminal) = &selection.terminal
            && acts_inside
            && !has_acted
        {
            state.faults.note_missed(terminal.serial);
        }
        drop(state);

        let answer = match drafted {
            Some(Ok(draft)) => draft.into_answer(&self.profile, request),
            Some(Err(refusal)) => self.refused(&refusal, number, own_now),
            None => Response::default(),
        };
        let outcome = if selection.ids.is_empty() {
            Outcome {
                sent: Reply::whole(answer),
                intended: None,
            }
        } else {
            self.apply_faults(answer, &selection, route, number, own_now, generation)
        };
        self.record(now, request, route, &record, outcome)
    }

    fn refused(&self, refusal: &Refusal, number: u64, now: UnixMillis) -> Response<Bytes> {
        let mut ids = Stream::new(self.seed, "request-id", number);
        refusal.answer(&self.profile, now, &mut ids)
    }

    /// Applies the faults to an answer.
    fn apply_faults(
        &self,
        answer: Response<Bytes>,
        selection: &Selection,
        route: &Route<'_>,
        number: u64,
        now: UnixMillis,
        generation: u64,
    ) -> Outcome {
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
        if let Some(serial) = applied.missed {
            let mut state = self.state();
            // After a reset, another fault may have its number.
            if state.generation == generation {
                state.faults.note_missed(serial);
            }
        }
        Outcome {
            sent: Reply {
                answer: applied.answer,
                delivery: applied.delivery,
            },
            intended,
        }
    }

    /// Writes a journal entry.
    fn record(
        &self,
        now: UnixMillis,
        request: &Request<Bytes>,
        route: &Route<'_>,
        record: &Record,
        outcome: Outcome,
    ) -> Reply {
        let Outcome { mut sent, intended } = outcome;
        if request.method() == Method::HEAD {
            sent.answer.body_mut().clear();
        }
        let none_sent = matches!(
            sent.delivery.ending,
            Ending::Reset | Ending::CloseBeforeHead | Ending::Hang
        );
        let exchange = Exchange {
            account: record.account.as_ref(),
            answer: (!none_sent).then_some(&sent.answer),
            intended: intended.as_ref(),
            fault: &record.fault,
            task_id: &record.task_id,
            external_task_id: &record.external_id,
            note: &record.note,
            ..Exchange::new(now, route.operation(), request)
        };
        let draft = exchange.draft();
        self.journal_lock().append(&draft);
        sent
    }

    /// The account of a request. Files need no credentials: their path names the
    /// account.
    fn account_of(
        &self,
        state: &State,
        wall: UnixMillis,
        request: &Request<Bytes>,
        route: &Route<'_>,
    ) -> Result<AccountIndex, Refusal> {
        match route {
            Route::Asset(file) => {
                let name = file.split_once('/').map(|(name, _)| name);
                let found = name.and_then(|name| state.account_named(name));
                // An index without an account, so that the file is not found.
                Ok(found.unwrap_or(usize::MAX))
            }
            // Outside the service's paths no key is needed.
            Route::NoSuchPath if !request.uri().path().starts_with(self.profile.prefix) => {
                Err(Refusal::NoSuchPath)
            }
            _ => {
                let header = request.headers().get(AUTHORIZATION);
                let header = header.and_then(|value| value.to_str().ok());
                let keys = lock::read(&self.keys);
                auth::authenticate(self.auth, header, &keys, wall.get().div_euclid(1000))
                    .map_err(Refusal::Auth)
            }
        }
    }
}

/// What is known about a request, for faults and the journal.
#[derive(Debug, Default)]
pub(super) struct Record {
    account: Option<Arc<str>>,
    /// The index of its task among those of the account.
    task: Option<u32>,
    pub(super) task_id: String,
    external_id: String,
    fault: String,
    note: String,
}

impl Record {
    /// Finds the task that a request is about.
    fn find_task(
        &mut self,
        state: &State,
        account: AccountIndex,
        profile: &Profile,
        route: &Route<'_>,
        submission: Option<&Submission>,
    ) {
        let find = |id| state.find(profile, account, id);
        self.task = match route {
            Route::Create => {
                let id = submission.map_or("", |submission| submission.external_id.as_str());
                id.clone_into(&mut self.external_id);
                let note = submission.map_or("", |submission| submission.note.as_str());
                note.clone_into(&mut self.note);
                None
            }
            // Both kinds of id are accepted in the same place (documented).
            Route::Get(id) => find(id).or_else(|| {
                let external = profile.external_ids.then_some(id)?;
                state.find_external(account, external)
            }),
            Route::Asset(file) => {
                let name = file.split_once('/').map_or("", |(_, name)| name);
                name.strip_suffix("-0.mp4").and_then(find)
            }
            _ => None,
        };
        let task = self
            .task
            .and_then(|index| state.tenants.get(account)?.tasks.at(index));
        if let Some(task) = task {
            self.task_id = task.id.to_string();
            let id = task.external_id.as_deref().unwrap_or_default();
            id.clone_into(&mut self.external_id);
        }
    }

    fn select(&self, state: &mut State, seed: u64, operation: Operation) -> Selection {
        let operation = match operation {
            Operation::Create => fault::Operation::Create,
            Operation::Get => fault::Operation::Get,
            Operation::List => fault::Operation::List,
            Operation::Asset => fault::Operation::Asset,
            _ => return Selection::default(),
        };
        let text = |text| Some(text).filter(|text: &&str| !text.is_empty());
        let facts = fault::Facts {
            operation,
            account: self.account.as_deref().unwrap_or_default(),
            external_id: text(&self.external_id),
            task: text(&self.task_id),
        };
        state.faults.select(&facts, seed)
    }

    /// Records the faults that were selected.
    fn note_faults(&mut self, plan: &FaultPlan, selection: &Selection) {
        let acted = plan
            .list()
            .iter()
            .filter(|armed| selection.ids.contains(&armed.id));
        let texts: Vec<String> = acted.map(|armed| armed.fault.to_string()).collect();
        self.fault = texts.join("; ");
    }
}

/// The origin that the request was sent to.
fn origin(request: &Request<Bytes>) -> String {
    let uri = request.uri();
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => [scheme, "://", authority.as_str()].concat(),
        _ => {
            let host = request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok());
            ["http://", host.unwrap_or("localhost")].concat()
        }
    }
}
