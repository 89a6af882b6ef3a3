//! Spans and events; no-ops without the feature `tracing`. This is the only file that
//! names that library, so it alone decides what a log may show: names, numbers and
//! ids, but no body, header, address or text from the service.

use std::future::Future;
#[cfg(feature = "tracing")]
use std::time::Duration;

use kling_types::{ApiCode, ExternalTaskId, TaskId};

use crate::error::Error;
use crate::notice::Notice;
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

/// What is told on the way.
#[cfg(feature = "tracing")]
pub(crate) fn notice(notice: &Notice<'_>) {
    use tracing::{debug, warn};
    let millis = |wait: &Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    match notice {
        Notice::Retry { error, wait, .. } => debug!(
            kind = error.kind().name(),
            attempt = error.attempts(),
            wait_ms = millis(wait),
            "the attempt failed and is retried"
        ),
        Notice::TokenExpired => debug!("the service calls the token expired"),
        Notice::LookUp(wait) => warn!(
            wait_ms = millis(wait),
            "outcome of the create unknown: looking up its task"
        ),
        Notice::ResendCreate => warn!("the service has no task for the create: sending it again"),
        Notice::Adopted(id) => warn!(task_id = id.as_str(), "the task was found"),
        Notice::ItemsWithoutTask(count) => warn!(count, "items of the list have no task id"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn notice(_: &Notice<'_>) {}

/// A call failed for good.
#[cfg(feature = "tracing")]
pub(crate) fn call_failed(error: &Error) {
    tracing::debug!(
        kind = error.kind().name(),
        attempts = error.attempts(),
        "the call failed"
    );
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn call_failed(_: &Error) {}
