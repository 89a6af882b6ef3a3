//! Spans and events; nothing at all without the feature `tracing`. The only
//! file that names that library, so what a log may show is all here: names,
//! numbers and ids. No body, no header, no address and no text of the service.

use std::future::Future;
use std::time::Duration;

use kling_types::{ApiCode, ExternalTaskId, TaskId};

use crate::error::Error;
use crate::transport::Operation;

/// A span, in which futures can run.
#[derive(Clone)]
pub(crate) struct Span {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Span {
    /// All that is done for one task: `kling.task`.
    pub(crate) fn task(id: Option<&TaskId>, external_id: Option<&ExternalTaskId>) -> Self {
        let span = tracing::info_span!(
            "kling.task",
            task_id = id.map(TaskId::as_str),
            external_task_id = external_id.map(ExternalTaskId::as_str),
        );
        Span { span }
    }

    /// No span of its own.
    #[cfg(feature = "download")]
    pub(crate) fn none() -> Self {
        let span = tracing::Span::none();
        Span { span }
    }

    /// One try of a call: `kling.request`.
    pub(crate) fn request(operation: &Operation) -> Self {
        use tracing::field::Empty;
        let span = tracing::debug_span!(
            "kling.request",
            operation = operation.name,
            attempt = operation.attempt,
            status = Empty,
            code = Empty,
            request_id = Empty,
        );
        Span { span }
    }

    /// The task has an id now.
    pub(crate) fn has_id(&self, id: &TaskId) {
        self.span.record("task_id", id.as_str());
    }

    /// An answer came.
    pub(crate) fn answered(&self, status: u16, code: Option<ApiCode>, request_id: Option<&str>) {
        self.span.record("status", status);
        if let Some(code) = code {
            self.span.record("code", code.get());
        }
        if let Some(id) = request_id {
            self.span.record("request_id", id);
        }
    }

    /// The future, in this span.
    pub(crate) fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        use tracing::Instrument as _;
        future.instrument(self.span.clone())
    }
}

#[cfg(not(feature = "tracing"))]
#[allow(clippy::unused_self)]
impl Span {
    pub(crate) fn task(_: Option<&TaskId>, _: Option<&ExternalTaskId>) -> Self {
        Span {}
    }

    #[cfg(feature = "download")]
    pub(crate) fn none() -> Self {
        Span {}
    }

    pub(crate) fn request(_: &Operation) -> Self {
        Span {}
    }

    pub(crate) fn has_id(&self, _: &TaskId) {}

    pub(crate) fn answered(&self, _: u16, _: Option<ApiCode>, _: Option<&str>) {}

    pub(crate) fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future
    }
}

/// Something that happened on the way.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) enum Event<'a> {
    /// A try failed; after this wait there is another.
    TryAgain { error: &'a Error, wait: Duration },
    /// A call failed for good.
    CallFailed(&'a Error),
    /// The service calls the token expired; there will be a new one.
    TokenRefused,
    /// A create's answer was lost: its task is looked up, after this wait.
    LookUp(Duration),
    /// The create is sent again: the service knows nothing of the first.
    CreateAgain,
    /// The task of the lost create was found.
    Adopted(&'a TaskId),
    /// A list has this many items that name no task.
    ItemsWithoutTask(usize),
}

#[cfg(feature = "tracing")]
pub(crate) fn event(event: &Event<'_>) {
    use tracing::{debug, warn};
    match event {
        Event::TryAgain { error, wait } => debug!(
            kind = error.kind().name(),
            attempt = error.attempts(),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "the try failed, another follows"
        ),
        Event::CallFailed(error) => debug!(
            kind = error.kind().name(),
            attempts = error.attempts(),
            "the call failed"
        ),
        Event::TokenRefused => debug!("the service calls the token expired"),
        Event::LookUp(wait) => warn!(
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "the create's answer was lost: looking its task up"
        ),
        Event::CreateAgain => warn!("the service does not know the create: sending it again"),
        Event::Adopted(id) => warn!(task_id = id.as_str(), "the task was found"),
        Event::ItemsWithoutTask(count) => warn!(count, "items of the list name no task"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn event(_: &Event<'_>) {}
