//! The service without I/O: a request and the time in, an answer out.
//!
//! No thread, no clock, no randomness of its own. Where a task stands follows
//! from its plan when somebody asks, so a million tasks cost memory and nothing
//! else.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, Response, StatusCode};
use kling_types::scene::Date;
use kling_types::{ExternalTaskId, TaskId, UnixMillis, routes};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::asset;
use crate::clip::Clip;
use crate::plan::{Plan, Standing};
use crate::profile::Profile;

mod random;
mod refusal;
mod store;
mod submit;

use random::Stream;
use refusal::Refusal;
use store::{Store, Task};

/// How long a result is kept after its task ended (*documented*, and the signed
/// URL's expiry agrees, *seen live*).
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const ASSETS: &str = "/assets/";

/// One task that was billed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The task.
    pub task_id: TaskId,
    /// The caller's id for it.
    pub external_task_id: Option<ExternalTaskId>,
    /// The effect.
    pub scene: String,
    /// When it was created.
    pub at: UnixMillis,
}

#[derive(Debug)]
pub(crate) struct Engine {
    profile: Profile,
    plan: Plan,
    seed: u64,
    scenes_as_of: Date,
    api_key: String,
    world: Mutex<World>,
}

/// Everything that changes.
#[derive(Debug, Default)]
struct World {
    tasks: Store,
    charges: Vec<Charge>,
    /// How many requests came in: what request ids are counted by.
    requests: u64,
}

/// What the engine knows of a request while it answers.
struct Context<'a> {
    engine: &'a Engine,
    now: UnixMillis,
    /// Which request it is, from 0.
    number: u64,
    /// Where the caller reached the service: what links begin with.
    origin: String,
}

impl Engine {
    pub(crate) fn new(profile: Profile, plan: Plan, seed: u64, scenes_as_of: Date) -> Self {
        let api_key = format!("sk-mock-{}", Stream::new(seed, "api-key", 0).letters(40));
        Engine {
            profile,
            plan,
            seed,
            scenes_as_of,
            api_key,
            world: Mutex::default(),
        }
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.world().charges.clone()
    }

    /// A panic elsewhere must not turn every later answer into a panic.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn handle(&self, now: UnixMillis, request: &Request<Bytes>) -> Response<Bytes> {
        let mut answer = self.route(now, request);
        if request.method() == Method::HEAD {
            answer.body_mut().clear();
        }
        answer
    }

    fn route(&self, now: UnixMillis, request: &Request<Bytes>) -> Response<Bytes> {
        let mut world = self.world();
        let context = Context {
            engine: self,
            now,
            number: world.requests,
            origin: origin(request),
        };
        world.requests += 1;

        let path = request.uri().path();
        if let Some(file) = path.strip_prefix(ASSETS) {
            return context.asset(&world, file, request);
        }
        let Some(path) = path.strip_prefix(self.profile.prefix) else {
            return context.refuse(&Refusal::NoSuchPath);
        };
        if let Err(refusal) = context.authorize(request) {
            return context.refuse(&refusal);
        }
        let answer = match (path.strip_prefix(routes::EFFECTS), request.method()) {
            (Some(""), &Method::POST) => context.create(&mut world, request.body()),
            (Some(rest), method) if rest.is_empty() || is_segment(rest) => match *method {
                Method::GET if !rest.is_empty() => context.query(&mut world, &rest[1..]),
                _ => Err(Refusal::NoSuchMethod),
            },
            _ => Err(Refusal::NoSuchPath),
        };
        answer.unwrap_or_else(|refusal| context.refuse(&refusal))
    }
}

/// Whether a path's rest is `/` and one segment.
fn is_segment(rest: &str) -> bool {
    rest.strip_prefix('/')
        .is_some_and(|segment| !segment.is_empty() && !segment.contains('/'))
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

impl Context<'_> {
    fn stream(&self, purpose: &str) -> Stream {
        Stream::new(self.engine.seed, purpose, self.number)
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Bytes> {
        let (status, body) = refusal.answer(
            &self.engine.profile,
            self.now,
            &mut self.stream("request-id"),
        );
        json_answer(status, &body)
    }

    fn authorize(&self, request: &Request<Bytes>) -> Result<(), Refusal> {
        let header = request.headers().get(AUTHORIZATION);
        let value = header
            .and_then(|value| value.to_str().ok())
            .map_or("", str::trim);
        if value.is_empty() {
            return Err(Refusal::NoCredentials);
        }
        let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
        if scheme.eq_ignore_ascii_case("bearer") && key.trim() == self.engine.api_key {
            Ok(())
        } else {
            Err(Refusal::WrongKey {
                parts: key.split('.').filter(|part| !part.is_empty()).count(),
            })
        }
    }

    fn create(&self, world: &mut World, body: &[u8]) -> Result<Response<Bytes>, Refusal> {
        let profile = &self.engine.profile;
        let order = submit::read(profile, self.engine.scenes_as_of, body)?;
        if let Some(id) = order
            .external_id
            .as_ref()
            .filter(|id| world.tasks.has_external_id(id))
        {
            return Err(Refusal::DuplicateExternalId(id.to_string()));
        }

        let id = world.tasks.next_id(profile, self.now);
        let charge = Charge {
            task_id: id.clone(),
            external_task_id: order.external_id.clone(),
            scene: order.scene,
            at: self.now,
        };
        let task = Task {
            id: id.clone(),
            external_id: order.external_id,
            created: self.now,
            seconds: order.seconds,
            failure: order
                .failure
                .or_else(|| self.engine.plan.failure().map(str::to_owned)),
            reads: Vec::new(),
        };
        let mut answer = json!({
            "code": 0,
            "message": profile.create_message,
            "data": {
                "task_id": task.id,
                "task_status": "submitted",
                "task_info": task_info(&task),
                "created_at": self.now,
                "updated_at": self.now,
            },
        });
        if profile.create_has_request_id {
            answer["request_id"] = self.stream("request-id").uuid().into();
        }
        world.tasks.insert(task);
        world.charges.push(charge);
        Ok(json_answer(StatusCode::OK, &answer))
    }

    fn query(&self, world: &mut World, segment: &str) -> Result<Response<Bytes>, Refusal> {
        let profile = &self.engine.profile;
        let id = percent_decode_str(segment).decode_utf8_lossy();
        let task = world.tasks.find(&id, profile.finds_external_ids);
        let task = task.ok_or_else(|| Refusal::TaskNotFound(id.to_string()))?;
        let standing = self.standing(task);
        if task.reads.len() < self.engine.plan.counted_reads() {
            task.reads.push(self.now);
        }
        let answer = json!({
            "code": 0,
            "message": profile.query_message,
            "request_id": self.stream("request-id").uuid(),
            "data": self.show(task, &standing),
        });
        Ok(json_answer(StatusCode::OK, &answer))
    }

    fn standing(&self, task: &Task) -> Standing {
        let fails = task.failure.is_some();
        self.engine
            .plan
            .standing(task.created, self.now, &task.reads, fails)
    }

    /// A task as a query shows it.
    fn show(&self, task: &Task, standing: &Standing) -> Value {
        let mut shown = json!({
            "task_id": task.id,
            "task_status": standing.status,
            "task_info": task_info(task),
            "task_result": {},
            "created_at": task.created,
            "updated_at": standing.since,
        });
        match standing.status.as_str() {
            "failed" => shown["task_status_msg"] = json!(task.failure),
            "succeed" => {
                shown["task_status_msg"] = json!("");
                shown["task_result"] = json!({ "videos": [self.video(task, standing)] });
            }
            _ => {}
        }
        shown
    }

    fn video(&self, task: &Task, standing: &Standing) -> Value {
        let expires = expiry(standing).get() / 1000;
        let url = format!(
            "{}{ASSETS}{}-0.mp4?Expires={expires}&Signature={}",
            self.origin,
            task.id,
            self.signature(task)
        );
        let mut video = json!({ "id": self.asset_stream(task).digits(18), "url": url });
        if self.engine.profile.video_has_duration {
            video["duration"] = task.seconds.to_string().into();
        } else {
            video["watermark_url"] = "".into();
        }
        video
    }

    fn asset_stream(&self, task: &Task) -> Stream {
        Stream::new(self.engine.seed, task.id.as_str(), 0)
    }

    fn signature(&self, task: &Task) -> String {
        Stream::new(self.engine.seed, task.id.as_str(), 1).letters(32)
    }

    /// The file of a finished task. Needs no credentials, but the signature that
    /// the task's answer gave; both it and time are checked.
    fn asset(&self, world: &World, file: &str, request: &Request<Bytes>) -> Response<Bytes> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD");
        }
        let Some(task) = file
            .strip_suffix("-0.mp4")
            .and_then(|id| world.tasks.get(id))
        else {
            return plain(StatusCode::NOT_FOUND, "no such file");
        };
        let standing = self.standing(task);
        if standing.status.as_str() != "succeed" {
            return plain(StatusCode::NOT_FOUND, "no such file");
        }
        let parameter = |name: &str| {
            let query = request.uri().query().unwrap_or_default();
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
        };
        let signed = parameter("Signature").is_some_and(|(_, given)| given == self.signature(task));
        let expired = self.now >= expiry(&standing);
        if expired || !signed {
            return plain(
                StatusCode::FORBIDDEN,
                "the address has expired or is not signed",
            );
        }
        let clip = Clip {
            width: 1280,
            height: 720,
            fps: 24,
            seconds: task.seconds,
            seed: self.asset_stream(task).next(),
            min_bytes: 0,
        };
        let etag = self.asset_stream(task).letters(16);
        asset::answer(
            request.method(),
            request.headers(),
            clip.encode().into(),
            &etag,
        )
    }
}

/// When the result of a task that stands so is deleted.
fn expiry(standing: &Standing) -> UnixMillis {
    standing.since.saturating_add(RETENTION)
}

fn task_info(task: &Task) -> Value {
    match &task.external_id {
        Some(id) => json!({ "external_task_id": id }),
        None => json!({}),
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    answer(status, "application/json", Bytes::from(body.to_string()))
}

fn plain(status: StatusCode, text: &'static str) -> Response<Bytes> {
    answer(status, "text/plain", Bytes::from_static(text.as_bytes()))
}

fn answer(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let content_type = http::HeaderValue::from_static(content_type);
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, content_type);
    answer
}
