//! Creating a task with at most one charge.
//!
//! What to do after each answer is a state machine without I/O ([`Recovery`]);
//! [`Creation`] carries out its steps.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use kling_types::{ApiCode, EffectRequest, ExternalTaskId, Task, TaskId, UnixMillis, routes};
use tokio::time::{Instant, sleep};

use crate::answer::{no_task, quoted};
use crate::client::Client;
use crate::credentials::without_token;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::pipeline::{Call, CallFailure, execute};
use crate::trace;

mod recovery;

use recovery::{Event, Recovery, Step};

/// The task, and the external id that was sent with it.
pub(crate) async fn create(
    client: &Client,
    request: EffectRequest,
) -> Result<(Task, Option<ExternalTaskId>)> {
    let request = complete(client, request);
    let external_id = request.external_task_id.clone();
    let span = trace::Span::task(None, external_id.as_ref());
    let created = async {
        let body = checked_body(client, request)?;
        let creation = Creation::new(client, body, external_id.as_ref());
        creation.run().await
    };
    let created = span.run(created).await;
    match created {
        Ok(task) => {
            span.has_id(&task.id);
            Ok((task, external_id))
        }
        Err(Failure { error, maybe_sent }) => {
            let error = error.with_external_task_id(external_id.as_ref());
            Err(if maybe_sent {
                error.with_maybe_sent()
            } else {
                error
            })
        }
    }
}

/// Why there is no task.
struct Failure {
    error: Error,
    /// There may be one all the same.
    maybe_sent: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            error,
            maybe_sent: false,
        }
    }
}

/// Adds what every create must have: an external id, so that a lost answer can
/// be looked into, and the `duration` that a provider requires.
fn complete(client: &Client, mut request: EffectRequest) -> EffectRequest {
    // An id that the caller gave in another form is the caller's to answer for.
    if request.external_task_id.is_none() && !request.extra.contains_key("external_task_id") {
        request.external_task_id = Some(generate_external_task_id());
    }
    match client.settings().provider.default_duration() {
        Some(duration) if !request.has_duration() => request.with_duration(duration),
        _ => request,
    }
}

/// A fresh external task id: what [`Effects::create`](crate::Effects::create)
/// adds where there is none. Make it yourself to write it down before the
/// create.
pub fn generate_external_task_id() -> ExternalTaskId {
    ExternalTaskId::from_random_bits(fastrand::u128(..))
}

/// The request as it is sent, or what is wrong with it. The picture's own bytes
/// are gone afterwards: only the body stays.
fn checked_body(client: &Client, request: EffectRequest) -> Result<Bytes> {
    let settings = client.settings();
    let checks = settings
        .provider
        .checks()
        .with_pictures(settings.check_pictures);
    let mut violations = request.validate_with(&checks);
    violations.retain(kling_types::Violation::is_error);
    if let Some(first) = violations.first() {
        let text = match violations.len() {
            1 => format!("the request breaks a rule: {first}"),
            n => format!("the request breaks {n} rules, first: {first}"),
        };
        return Err(Error::new(ErrorKind::Validation, text).with_violations(violations));
    }
    let body = request.to_json().map_err(|error| {
        let text = "the request can't be written as JSON";
        Error::new(ErrorKind::Validation, text).with_source(error)
    })?;
    drop(request);
    Ok(Bytes::from(body))
}

/// How far the service's clock may be behind ours.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// One create under way.
struct Creation<'a> {
    client: &'a Client,
    call: Call,
    /// The external id, where the provider finds tasks by it.
    lookup_id: Option<&'a ExternalTaskId>,
    begun: UnixMillis,
}

impl<'a> Creation<'a> {
    fn new(client: &'a Client, body: Bytes, external_id: Option<&'a ExternalTaskId>) -> Self {
        let settings = client.settings();
        Creation {
            client,
            call: Call {
                name: "effects.create",
                method: Method::POST,
                path: routes::EFFECTS.to_owned(),
                body,
            },
            lookup_id: external_id.filter(|_| settings.provider.finds_external_ids()),
            begun: settings.clock.now().into(),
        }
    }

    async fn run(&self) -> std::result::Result<Task, Failure> {
        let mut recovery = Recovery::new(self.lookup_id.is_some());
        let mut event = self.create().await;
        // From the first look-up on, they have as much time as a call.
        let mut give_up_at = None;
        loop {
            event = match recovery.next(event) {
                Step::Done(task) => return Ok(*task),
                Step::GiveUp(error) => return Err(error.into()),
                Step::GiveUpMaybeSent(error) => {
                    return Err(Failure {
                        error,
                        maybe_sent: true,
                    });
                }
                Step::Create => {
                    self.client.observer().notify(&Notice::ResendCreate);
                    self.create().await
                }
                Step::LookUp { after, new_only } => {
                    self.client.observer().notify(&Notice::LookUp(after));
                    let time = self.client.settings().timeouts.deadline;
                    let give_up_at = *give_up_at.get_or_insert_with(|| Instant::now() + time);
                    sleep(after).await;
                    self.look_up(new_only, give_up_at).await
                }
            };
        }
    }

    async fn create(&self) -> Event {
        match execute(self.client, &self.call).await {
            Ok(answer) => match answer.into_task(None) {
                Ok(task) => Event::Found(Box::new(task)),
                // A success that names no task: paid, and its id not told.
                Err(answer) => {
                    let what = "the service says success, but its answer has no task in it";
                    let settings = self.client.settings();
                    let authorization = settings.credentials.authorization(settings.clock.now());
                    let shown = quoted(&answer);
                    let shown = match &authorization {
                        Ok(bearer) => without_token(&shown, bearer),
                        Err(_) => shown,
                    };
                    let error = no_task(&answer, what).with_note(&format!("it was {shown}"));
                    Event::Unknown(error)
                }
            },
            Err(CallFailure {
                error,
                outcome_unknown: true,
                ..
            }) => Event::Unknown(error),
            Err(CallFailure {
                error,
                maintenance_before,
                ..
            }) if is_duplicate(&error) => Event::Duplicate {
                // One that was answered with "not now" may have been carried out
                // all the same. Full slots and too many requests are refused
                // before anything is done.
                ours_perhaps: maintenance_before,
                error,
            },
            Err(CallFailure { error, .. }) => Event::Refused(error),
        }
    }

    async fn look_up(&self, new_only: bool, give_up_at: Instant) -> Event {
        let Some(external_id) = self.lookup_id else {
            return Event::NotFound;
        };
        let sent = Sent {
            external_id,
            begun: self.begun,
            new_only,
        };
        match sent.look_up(self.client).await {
            Ok(Some(task)) => Event::Found(Box::new(task)),
            Ok(None) => Event::NotFound,
            Err(NotTold::Stranger(id)) => Event::Stranger(id),
            Err(NotTold::Failed(error)) => Event::LookUpFailed {
                error,
                time_left: Instant::now() < give_up_at,
            },
        }
    }
}

/// Looks for the task of a create that was begun at this time, perhaps by another
/// process; see [`Effects::find_created`](crate::Effects::find_created).
pub(crate) async fn find(
    client: &Client,
    external_id: &ExternalTaskId,
    begun: UnixMillis,
) -> Result<Option<Task>> {
    let sent = Sent {
        external_id,
        begun,
        new_only: false,
    };
    sent.look_up(client).await.map_err(|why| match why {
        NotTold::Stranger(id) => {
            let text = format!(
                "what the service shows for the external task id {external_id} is task {id}, \
                 another one"
            );
            let error = Error::new(ErrorKind::Decode, text);
            error
                .with_external_task_id(Some(external_id))
                .with_maybe_sent()
        }
        NotTold::Failed(error) => error.with_external_task_id(Some(external_id)),
    })
}

/// Why a look-up told nothing of a create.
enum NotTold {
    /// It shows a task that is not the one that was sent.
    Stranger(TaskId),
    /// It brought no answer, after its own retries.
    Failed(Error),
}

/// What is known of a create whose answer is not.
struct Sent<'a> {
    external_id: &'a ExternalTaskId,
    begun: UnixMillis,
    /// Others may have used the id before.
    new_only: bool,
}

impl Sent<'_> {
    /// The task; `None` if the service itself says that there is none.
    async fn look_up(&self, client: &Client) -> std::result::Result<Option<Task>, NotTold> {
        let id = self.external_id.as_str();
        match client.get_task(routes::EFFECTS, id, None).await {
            Ok(task) if self.is_shown_by(&task) => {
                client.observer().notify(&Notice::Adopted(&task.id));
                Ok(Some(task))
            }
            Ok(task) => Err(NotTold::Stranger(task.id)),
            Err(error) if is_unknown_task(&error) => Ok(None),
            Err(error) => Err(NotTold::Failed(error)),
        }
    }

    /// Whether a task that a look-up shows is the one that was sent: it has its
    /// external id or, where the answer has none, was not created before it. A
    /// host that matches the path against something else must not make us wait
    /// for, and show, somebody's other task.
    fn is_shown_by(&self, task: &Task) -> bool {
        let is_new = task
            .created_at
            .is_some_and(|at| at.saturating_add(CLOCK_TOLERANCE) >= self.begun);
        match task.external_id() {
            Some(id) => id == self.external_id && (is_new || !self.new_only),
            None => is_new,
        }
    }
}

/// Whether the service itself says that it has no such task. A page of somebody
/// on the way says nothing about tasks.
fn is_unknown_task(error: &Error) -> bool {
    const NO_SUCH_RESOURCE: ApiCode = ApiCode::new(1203);
    let service = error.service_error();
    service.is_some_and(|it| it.is_task_not_found() || it.code == Some(NO_SUCH_RESOURCE))
}

fn is_duplicate(error: &Error) -> bool {
    error
        .service_error()
        .is_some_and(kling_types::ServiceError::is_duplicate_external_id)
}
