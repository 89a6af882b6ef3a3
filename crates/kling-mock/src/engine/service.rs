//! What the service does with an authenticated request.

use std::cell::Cell;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RANGE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use kling_types::{TaskEnvelope, TaskListEnvelope, TaskStatus, UnixMillis, WatermarkInfo};

use super::handle::Record;
use super::refusal::Refusal;
use super::show::{Show, clip, created, etag, expiry, signature};
use super::store::{Task, TaskStore};
use super::submit::{self, Order};
use super::{Engine, State, json_answer, plain};
use crate::asset;
use crate::auth::AccountIndex;
use crate::clip::Clip;
use crate::fault::{AssetFault, ReadFault};
use crate::ledger::Ledger;
use crate::plan::Standing;
use crate::profile::Profile;
use crate::random::Stream;

/// One request, and everything that its answer depends on.
pub(super) struct Service<'a> {
    pub(super) engine: &'a Engine,
    pub(super) now: UnixMillis,
    /// Which request it is, from 0.
    pub(super) number: u64,
    pub(super) origin: &'a str,
    pub(super) account: AccountIndex,
    pub(super) read_fault: Option<ReadFault>,
    pub(super) asset_fault: Option<AssetFault>,
    /// Whether either fault changed the answer.
    pub(super) has_acted: Cell<bool>,
}

/// An answer before serialisation, which happens after the lock is released.
#[derive(Debug)]
pub(super) enum Draft {
    Task(Box<TaskEnvelope>),
    List(TaskListEnvelope),
    File(File),
    Whole(Response<Bytes>),
}

/// A finished task's video, and how it is served.
#[derive(Debug)]
pub(super) struct File {
    clip: Clip,
    etag: String,
    fault: Option<AssetFault>,
}

impl Draft {
    pub(super) fn into_answer(
        self,
        profile: &Profile,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        match self {
            Draft::Task(envelope) => match profile.wrapped.wrap(&envelope) {
                Some(record) => json_answer(StatusCode::OK, &record),
                None => json_answer(StatusCode::OK, &envelope),
            },
            Draft::List(envelope) => json_answer(StatusCode::OK, &envelope),
            Draft::File(file) => file.into_answer(request),
            Draft::Whole(answer) => answer,
        }
    }
}

impl File {
    fn into_answer(self, request: &Request<Bytes>) -> Response<Bytes> {
        let mut headers = request.headers().clone();
        if self.fault == Some(AssetFault::RangeIgnored) {
            headers.remove(RANGE);
        }
        let file = self.clip.encode().into();
        let mut answer = asset::answer(request.method(), &headers, file, &self.etag);
        if self.fault == Some(AssetFault::WrongType) {
            let html = HeaderValue::from_static("text/html");
            answer.headers_mut().insert(CONTENT_TYPE, html);
        }
        answer
    }
}

type Answer = Result<Draft, Refusal>;

impl Service<'_> {
    pub(super) fn create(&self, state: &mut State, order: &Order, record: &mut Record) -> Answer {
        let profile = &self.engine.profile;
        let tenant = state
            .tenants
            .get_mut(self.account)
            .ok_or(Refusal::MalformedBody)?;
        if let Some(id) = order
            .external_id
            .as_ref()
            .filter(|id| tenant.tasks.has_external_id(id))
        {
            return Err(Refusal::DuplicateExternalId(id.to_string()));
        }
        tenant.admit(self.now)?;

        let own = order.external_id.as_ref().map_or("", |id| id.as_str());
        let plan = state.plans.take(&tenant.name, &order.scene, own);
        let created = self
            .engine
            .create_task(state, self.account, self.now, order, plan)
            .and_then(|index| {
                let tenant = state.tenants.get_mut(self.account)?;
                let task = tenant.tasks.at(index)?;
                let shown = created(task)?;
                if let Some(url) = &order.callback_url {
                    tenant
                        .callbacks
                        .subscribe(task, &shown.id, url, self.origin, self.now);
                }
                Some(shown)
            });
        let shown = created.ok_or(Refusal::MalformedBody)?;
        record.task_id = shown.id.to_string();
        let request_id = profile.create_request_id.then(|| self.request_id());
        let answer = TaskEnvelope::success(profile.create_message, request_id, shown);
        Ok(Draft::Whole(json_answer(StatusCode::OK, &answer)))
    }

    /// `task` is the index of the task with that id, if there is one.
    pub(super) fn query(&self, state: &mut State, id: &str, task: Option<u32>) -> Answer {
        let profile = &self.engine.profile;
        let not_found = || Refusal::TaskNotFound(id.to_owned());
        let needed = state.faults.reads_needed();
        let tenant = state.tenants.get_mut(self.account).ok_or_else(not_found)?;
        let index = task.ok_or_else(not_found)?;
        let task = tenant.tasks.at(index).ok_or_else(not_found)?;
        let standing = self.seen(&tenant.tasks, task);
        let moved = tenant
            .tasks
            .read(index, self.now, standing.is_some(), needed);
        let task = tenant.tasks.at(index).ok_or_else(not_found)?;
        if moved {
            tenant.callbacks.schedule(task, self.now);
        }
        let standing = standing.ok_or_else(not_found)?;
        let show = self.show(&tenant.name, &state.ledger);
        let mut shown = show.queried(task, &standing).ok_or_else(not_found)?;
        if profile.watermark_info && standing.status == TaskStatus::SUCCEED {
            let mut info = WatermarkInfo::default();
            info.enabled = Some(false);
            shown.watermark_info = Some(info);
        }
        let answer = TaskEnvelope::success(profile.query_message, Some(self.request_id()), shown);
        Ok(Draft::Task(Box::new(answer)))
    }

    /// The status that a query sees; `None` if it does not find the task yet.
    fn seen(&self, tasks: &TaskStore, task: &Task) -> Option<Standing> {
        let really = task.standing(self.now);
        let seen = match self.read_fault {
            Some(ReadFault::Lag(first)) if !task.found && u64::from(task.asked) < first => None,
            Some(ReadFault::Stale(ago)) => {
                let ago = usize::try_from(ago).unwrap_or(usize::MAX);
                Some(tasks.stale(task, self.now, ago))
            }
            Some(ReadFault::Regress) => {
                let mut standing = really.clone();
                standing.status = match standing.status.as_str() {
                    "submitted" | "processing" => TaskStatus::SUBMITTED,
                    _ => TaskStatus::PROCESSING,
                };
                Some(standing)
            }
            _ => return Some(really),
        };
        self.note(seen.as_ref() != Some(&really));
        seen
    }

    /// Records whether the fault changed the answer.
    fn note(&self, acted: bool) {
        self.has_acted.set(self.has_acted.get() || acted);
    }

    /// The newest first (*documented*: `pageNum` 1 to 1000, `pageSize` 1 to
    /// 500, 1 and 30 by default).
    pub(super) fn list(&self, state: &State, query: &str) -> Answer {
        let number = page_parameter(query, "pageNum", 1, 1000)?;
        let size = page_parameter(query, "pageSize", 30, 500)?;
        let Some(tenant) = state.tenants.get(self.account) else {
            return Err(Refusal::NoSuchPath);
        };
        let show = self.show(&tenant.name, &state.ledger);
        let page = tenant.tasks.page((number - 1) * size, size);
        let tasks: Vec<_> = page
            .filter_map(|task| show.queried(task, &self.seen(&tenant.tasks, task)?))
            .collect();
        let message = self.engine.profile.query_message;
        let answer = TaskListEnvelope::success(message, Some(self.request_id()), tasks);
        Ok(Draft::List(answer))
    }

    /// The file of a finished task. It needs no credentials but the signature and the
    /// expiry from the task's answer, both of which are checked.
    pub(super) fn asset(
        &self,
        state: &State,
        task: Option<u32>,
        request: &Request<Bytes>,
    ) -> Draft {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
            return Draft::Whole(answer);
        }
        let found = || {
            let tasks = &state.tenants.get(self.account)?.tasks;
            let task = tasks.at(task?)?;
            let standing = task.standing(self.now);
            (standing.status.as_str() == "succeed").then_some((task, standing))
        };
        let Some((task, standing)) = found() else {
            return Draft::Whole(plain(StatusCode::NOT_FOUND, "no such file"));
        };
        let seed = self.engine.seed;
        let query = request.uri().query().unwrap_or_default();
        // The signature covers the expiry too.
        let expires = (expiry(&standing).get() / 1000).to_string();
        let signed = parameter(query, "Signature") == Some(signature(seed, task).as_str())
            && parameter(query, "Expires") == Some(expires.as_str());
        let is_open = signed && self.now < expiry(&standing);
        let etag = etag(seed, task);
        self.note(match self.asset_fault {
            Some(AssetFault::RangeIgnored) => {
                is_open && asset::is_for_a_part(request.method(), request.headers(), &etag)
            }
            Some(AssetFault::Expired | AssetFault::WrongType) => is_open,
            None => false,
        });
        if !is_open || self.asset_fault == Some(AssetFault::Expired) {
            let text = "the URL has expired or is not signed";
            return Draft::Whole(plain(StatusCode::FORBIDDEN, text));
        }
        Draft::File(File {
            clip: clip(seed, task, self.engine.video_bytes),
            etag,
            fault: self.asset_fault,
        })
    }

    fn show<'a>(&'a self, account: &'a str, ledger: &'a Ledger) -> Show<'a> {
        Show {
            ledger,
            profile: &self.engine.profile,
            seed: self.engine.seed,
            origin: self.origin,
            account,
        }
    }

    fn request_id(&self) -> String {
        Stream::new(self.engine.seed, "request-id", self.number).uuid()
    }
}

/// A parameter of a query string, not decoded.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A whole number from 1 to `most`.
fn page_parameter(query: &str, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
    let Some(text) = parameter(query, name) else {
        return Ok(default);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Refusal::Parameter(submit::invalid(name, text)))
}
