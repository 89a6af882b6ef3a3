//! A create that pays once.
//!
//! What to do after each answer is a state machine without I/O ([`Recovery`]);
//! [`create`] only carries out its steps.

use bytes::Bytes;
use http::Method;
use kling_types::{EffectRequest, ExternalTaskId, Task, routes};

use crate::answer::find_task;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{Call, CallFailure, execute};

/// The task, and the external id that was sent with it.
pub(crate) async fn create(
    client: &Client,
    request: EffectRequest,
) -> Result<(Task, Option<ExternalTaskId>)> {
    let settings = client.settings();
    let request = complete(client, request);
    let external_id = request.external_task_id.clone();
    let sent_id = external_id.clone();
    let with_id = |error: Error| error.with_external_task_id(sent_id.as_ref());

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
        return Err(with_id(
            Error::new(ErrorKind::Validation, text).with_violations(violations),
        ));
    }

    let body = request.to_json().map_err(|error| {
        Error::new(
            ErrorKind::Validation,
            "the request can't be written as JSON",
        )
        .with_source(error)
    })?;
    // The picture's own bytes are no longer needed: only the body stays.
    drop(request);
    let call = Call {
        name: "effects.create",
        method: Method::POST,
        path: routes::EFFECTS.to_owned(),
        body: Bytes::from(body),
    };

    let lookup_id = sent_id
        .as_ref()
        .filter(|_| settings.provider.finds_external_ids());
    let mut recovery = Recovery::new(lookup_id.is_some());
    let mut step = Step::Create;
    loop {
        let event = match step {
            Step::Done(task) => return Ok((*task, external_id)),
            Step::GiveUp(error) => return Err(with_id(error)),
            Step::GiveUpMaybeSent(error) => return Err(with_id(error).with_maybe_sent()),
            Step::Create => match execute(settings, &call).await {
                Ok(answer) => match find_task(&answer, None) {
                    Some(task) => Event::Found(Box::new(task)),
                    // A success that names no task: paid, and its id not told.
                    None => Event::Unknown(Error::new(
                        ErrorKind::Decode,
                        "the service says success, but its answer has no task in it",
                    )),
                },
                Err(CallFailure {
                    error,
                    outcome_unknown: true,
                }) => Event::Unknown(error),
                Err(CallFailure { error, .. }) if is_duplicate(&error) => Event::Duplicate(error),
                Err(CallFailure { error, .. }) => Event::Refused(error),
            },
            Step::LookUp => {
                let id = lookup_id.map_or("", ExternalTaskId::as_str);
                match client.get_task(routes::EFFECTS, id, None).await {
                    Ok(task) => Event::Found(Box::new(task)),
                    Err(error) if is_not_found(&error) => Event::NotFound,
                    Err(error) => Event::LookUpFailed(error),
                }
            }
        };
        step = recovery.next(event);
    }
}

/// Adds what every create must have: an external id, so that a lost answer can
/// be looked into, and the `duration` that a provider requires.
fn complete(client: &Client, mut request: EffectRequest) -> EffectRequest {
    // An id that the caller gave in another form is the caller's to answer for.
    if request.external_task_id.is_none() && !request.extra.contains_key("external_task_id") {
        request.external_task_id = Some(random_external_task_id());
    }
    match client.settings().provider.default_duration() {
        Some(duration) if !request.has_duration() => request.with_duration(duration),
        _ => request,
    }
}

/// A fresh external task id: what [`Effects::create`](crate::Effects::create)
/// adds where there is none. Make it yourself to write it down before the
/// create.
pub fn random_external_task_id() -> ExternalTaskId {
    ExternalTaskId::from_random_bits(fastrand::u128(..))
}

fn is_duplicate(error: &Error) -> bool {
    error
        .service_error()
        .is_some_and(kling_types::ServiceError::is_duplicate_external_id)
}

fn is_not_found(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        || error
            .service_error()
            .is_some_and(kling_types::ServiceError::is_task_not_found)
}

/// What just happened.
#[derive(Debug)]
enum Event {
    /// The task is known, by a create's answer or by a look-up.
    Found(Box<Task>),
    /// The create was refused: certainly nothing was done.
    Refused(Error),
    /// The create was refused because its external id was used before.
    Duplicate(Error),
    /// The create may have been acted on.
    Unknown(Error),
    /// The look-up says that there is no such task.
    NotFound,
    /// The look-up brought no answer, after its own retries.
    LookUpFailed(Error),
}

/// What to do next.
#[derive(Debug)]
enum Step {
    Create,
    LookUp,
    Done(Box<Task>),
    GiveUp(Error),
    GiveUpMaybeSent(Error),
}

/// Finds out about a create whose answer was lost.
///
/// A create is sent at most twice, and the second time only after the service
/// has said that it does not know the first. Should that be wrong (a task may
/// take a moment to show up), the service refuses the second as a duplicate,
/// and the first is adopted.
#[derive(Debug)]
struct Recovery {
    can_look_up: bool,
    /// The error of the create that is being looked into.
    lost: Option<Error>,
    creates: u8,
}

const MAX_CREATES: u8 = 2;

impl Recovery {
    fn new(can_look_up: bool) -> Self {
        Recovery {
            can_look_up,
            lost: None,
            creates: 1,
        }
    }

    fn next(&mut self, event: Event) -> Step {
        match event {
            Event::Found(task) => Step::Done(task),
            // A second create that is refused says nothing of the first, which a
            // look-up may just have missed.
            Event::Refused(error) if self.lost.is_some() => Step::GiveUpMaybeSent(error),
            // Only our own lost create can have used the id.
            Event::Duplicate(_) if self.lost.is_some() && self.can_look_up => Step::LookUp,
            Event::Refused(error) | Event::Duplicate(error) => Step::GiveUp(error),
            Event::Unknown(error) if self.can_look_up => {
                self.lost = Some(error);
                Step::LookUp
            }
            Event::Unknown(error) => Step::GiveUpMaybeSent(error),
            Event::NotFound if self.creates < MAX_CREATES => {
                self.creates += 1;
                Step::Create
            }
            Event::NotFound => Step::GiveUpMaybeSent(self.take_lost()),
            Event::LookUpFailed(error) => {
                let note = format!("looking it up failed too: {error}");
                Step::GiveUpMaybeSent(self.take_lost().with_note(&note))
            }
        }
    }

    fn take_lost(&mut self) -> Error {
        let unexplained = || Error::new(ErrorKind::Decode, "the create's outcome is unknown");
        self.lost.take().unwrap_or_else(unexplained)
    }
}

#[cfg(test)]
mod tests;
