//! The errors with which a wait ends.

use std::time::Duration;

use kling_types::{Task, TaskStatus};

use super::handle::TaskHandle;
use crate::error::{Error, ErrorKind, Retryability};

impl TaskHandle {
    /// Adds the task as last seen, and the handle's ids of it, since a gateway's answer may
    /// have another id.
    fn about(&self, error: Error, task: Option<&Task>) -> Error {
        let error = match task {
            Some(task) => error.with_task(task),
            None => error,
        };
        error
            .with_task_id(self.id())
            .with_external_task_id(self.external_id())
    }

    /// The wait ended before the task did; `failure` is the error of its last query.
    pub(super) fn timed_out(
        &self,
        max_wait: Duration,
        last: Option<&Task>,
        failure: Option<Error>,
    ) -> Error {
        let status = last.map_or("unknown", |task| TaskStatus::as_str(&task.status));
        let text = format!(
            "task {} did not end within {} s (last status: {status}); it is still running and can be waited for again",
            self.id(),
            max_wait.as_secs_f32()
        );
        let error = Error::new(ErrorKind::WaitTimeout, text);
        let mut error = error.with_retryability(Retryability::Temporary);
        if let Some(failure) = failure {
            error = error
                .with_note(&format!("the last query failed: {failure}"))
                .with_source(failure);
        }
        self.about(error, last)
    }

    pub(super) fn failed(&self, task: &Task) -> Error {
        /// The task has the full text.
        const SHOWN: usize = 1_000;
        let reason = task
            .failure_reason()
            .unwrap_or("the service gave no reason");
        let reason: String = reason.chars().take(SHOWN).collect();
        let text = format!("task {} failed: {reason}", self.id());
        self.about(Error::new(ErrorKind::TaskFailed, text), Some(task))
    }

    pub(super) fn no_result(&self, task: &Task) -> Error {
        let text = format!(
            "task {} succeeded, but the answer has no URL of a result",
            self.id()
        );
        let error = Error::new(ErrorKind::NoResult, text);
        self.about(error.with_retryability(Retryability::Temporary), Some(task))
    }
}

pub(super) fn has_result(task: &Task) -> bool {
    let images = task
        .result
        .as_ref()
        .map_or(&[][..], |result| &result.images);
    task.videos().iter().any(|video| video.address().is_some())
        || images.iter().any(|image| image.address().is_some())
}
