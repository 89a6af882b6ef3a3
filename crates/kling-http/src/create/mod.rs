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

/// Creates a task. Returns it together with the external id that was sent.
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

/// A create without a task to show for it.
struct Failure {
    error: Error,
    /// Whether the service may have created one.
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

/// Adds the fields that every create must have: an external id, by which the task is
/// found if the answer is lost, and `duration` where the provider requires it.
fn complete(client: &Client, mut request: EffectRequest) -> EffectRequest {
    // An external id that is not a string stays in `extra`, and is left as it is.
    if request.external_task_id.is_none() && !request.extra.contains_key("external_task_id") {
        request.external_task_id = Some(generate_external_task_id());
    }
    match client.settings().provider.default_duration() {
        Some(duration) if !request.has_duration() => request.with_duration(duration),
        _ => request,
    }
}

/// Generates a random external task id, as [`Effects::create`](crate::Effects::create)
/// does for a request without one. Generate it yourself to save it before the create.
pub fn generate_external_task_id() -> ExternalTaskId {
    ExternalTaskId::from_random_bits(fastrand::u128(..))
}

/// Validates and serialises the request. The picture's bytes are dropped: only the
/// body is kept.
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

/// The largest accepted lag of the service's clock behind ours.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(300);

/// One create in progress.
struct Creation<'a> {
    client: &'a Client,
    call: Call,
    /// The external id, if the provider can look tasks up by it.
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
        // All look-ups together have the deadline of one call, starting with the first.
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
                Ok(task) => Event::Found(task),
                // A success without a task: probably charged, and its id is unknown.
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
                // An attempt that was answered with code 5001 ("maintenance") may
                // have created the task. Codes 1302 and 1303 (too many requests, no
                // free slot) are returned before anything is done.
                maybe_ours: maintenance_before,
                error,
            },
            Err(CallFailure {
                error,
                maintenance_before: true,
                ..
            }) if is_over_limit(&error) => Event::RefusedAfterMaintenance(error),
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
            Ok(Some(task)) => Event::Found(task),
            Ok(None) => Event::NotFound,
            Err(LookUpError::OtherTask(id)) => Event::OtherTask(id),
            Err(LookUpError::Failed(error)) => Event::LookUpFailed {
                error,
                time_left: Instant::now() < give_up_at,
            },
        }
    }
}

/// Looks for the task of a create that was started at this time, perhaps by another
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
    let found = sent.look_up(client).await;
    found
        .map(|task| task.map(|task| *task))
        .map_err(|why| match why {
            LookUpError::OtherTask(id) => {
                let text = format!(
                    "what the service shows for the external task id {external_id} is task {id}, \
                 another one"
                );
                let error = Error::new(ErrorKind::Decode, text);
                error
                    .with_external_task_id(Some(external_id))
                    .with_maybe_sent()
            }
            LookUpError::Failed(error) => error.with_external_task_id(Some(external_id)),
        })
}

/// Why a look-up did not settle the outcome of a create.
enum LookUpError {
    /// It returned a task that is not the one that was created.
    OtherTask(TaskId),
    /// It failed, after its own retries.
    Failed(Error),
}

/// A create whose answer is unknown.
struct Sent<'a> {
    external_id: &'a ExternalTaskId,
    begun: UnixMillis,
    /// The external id may have been used before: accept a new task only.
    new_only: bool,
}

impl Sent<'_> {
    /// Looks the task up. `None` if the service itself says that it does not exist.
    async fn look_up(
        &self,
        client: &Client,
    ) -> std::result::Result<Option<Box<Task>>, LookUpError> {
        let id = self.external_id.as_str();
        match client.get_task(routes::EFFECTS, id, None).await {
            Ok(task) if self.is_ours(&task) => {
                client.observer().notify(&Notice::Adopted(&task.id));
                Ok(Some(task))
            }
            Ok(task) => Err(LookUpError::OtherTask(task.id)),
            Err(error) if is_unknown_task(&error) => Ok(None),
            Err(error) => Err(LookUpError::Failed(error)),
        }
    }

    /// Whether the task that a look-up returned is the one that was created: it has
    /// the same external id or, if the answer has none, is not older than the create.
    /// A host may match the path against something else, and must not make the client
    /// wait for another task.
    fn is_ours(&self, task: &Task) -> bool {
        let is_new = task
            .created_at
            .is_some_and(|at| at.saturating_add(CLOCK_TOLERANCE) >= self.begun);
        match task.external_id() {
            Some(id) => id == self.external_id && (is_new || !self.new_only),
            None => is_new,
        }
    }
}

/// Whether the service itself says that the task does not exist. An error page of a
/// proxy or gateway says nothing about tasks.
fn is_unknown_task(error: &Error) -> bool {
    const NO_SUCH_RESOURCE: ApiCode = ApiCode::new(1203);
    let service = error.service_error();
    service.is_some_and(|it| it.is_task_not_found() || it.code == Some(NO_SUCH_RESOURCE))
}

/// Whether the refusal is for lack of a slot, of credit, or of requests in this second:
/// the task itself may have used them up.
fn is_over_limit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Account)
}

fn is_duplicate(error: &Error) -> bool {
    error
        .service_error()
        .is_some_and(kling_types::ServiceError::is_duplicate_external_id)
}
