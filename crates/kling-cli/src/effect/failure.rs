//! Why `kling effect` made no video, in words, in JSON and as an exit code.

use kling_http::{Error, ErrorKind, ExternalTaskId};
use serde_json::{Value, json};

use super::Job;
use crate::exit::Exit;
use crate::output::describe;

/// Why there is no video.
pub(super) enum Failure {
    /// The caller can mend it; nothing was sent.
    Usage(String),
    Client(Error),
    /// The task succeeded, with something else than a video.
    NoVideo,
    Interrupted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Client(error)
    }
}

/// A failure in words, with all that helps to find the task again.
pub(super) struct Report {
    pub(super) exit: Exit,
    kind: &'static str,
    pub(super) message: String,
    task_id: Option<String>,
    external_task_id: Option<ExternalTaskId>,
    request_id: Option<String>,
    /// Where a result lies that was paid for and not saved: better shown to its
    /// owner than lost.
    pub(super) result_url: Option<String>,
}

impl Failure {
    pub(super) fn report(self, job: &Job) -> Report {
        let mut report = Report {
            exit: Exit::Usage,
            kind: "usage",
            message: String::new(),
            task_id: job.task_id.clone(),
            external_task_id: job.external_task_id.clone(),
            request_id: None,
            result_url: None,
        };
        match self {
            Failure::Usage(message) => report.message = message,
            Failure::Client(error) => {
                report.exit = Exit::of(&error);
                report.kind = error.kind().name();
                report.message = describe(&error);
                report.request_id = error.request_id().map(str::to_owned);
                if let Some(id) = error.external_task_id() {
                    report.external_task_id = Some(id.clone());
                }
                if let Some(id) = &report.request_id {
                    report.message = format!("{} (request id {id})", report.message);
                }
                report.settle_with(job);
                let lost = error.kind() == ErrorKind::Download;
                report.result_url = job.result.clone().filter(|_| lost);
            }
            Failure::NoVideo => {
                report.exit = Exit::NotSaved;
                report.kind = "no_result";
                "the task succeeded, but made no video".clone_into(&mut report.message);
            }
            Failure::Interrupted => {
                report.exit = Exit::Interrupted;
                report.kind = "interrupted";
                report.result_url.clone_from(&job.result);
                report.message = match (&job.task_id, &job.external_task_id) {
                    (Some(id), _) if job.result.is_some() => {
                        format!("interrupted: the task {id} is done, but its video is not saved")
                    }
                    (Some(id), _) => format!("interrupted: the task {id} goes on, and is charged"),
                    (None, Some(id)) => format!(
                        "interrupted: the task may have been created all the same; \
                         look for the external task id {id} before trying again"
                    ),
                    (None, None) => "interrupted before anything was sent".to_owned(),
                };
            }
        }
        report
    }
}

impl Report {
    /// After the create nothing is "not sent" or "not charged" any more.
    fn settle_with(&mut self, job: &Job) {
        let known = [
            Exit::TaskFailed,
            Exit::Timeout,
            Exit::MaybeSent,
            Exit::NotSaved,
        ];
        if let Some(id) = job.task_id.as_ref().filter(|_| !known.contains(&self.exit)) {
            self.exit = Exit::Unavailable;
            self.message = format!("{}; the task {id} goes on, and is charged", self.message);
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "error": {
                "kind": self.kind,
                "message": self.message,
                "exit_code": self.exit.code(),
                "request_id": self.request_id,
            },
            "result_url": self.result_url,
            "task_id": self.task_id,
            "external_task_id": self.external_task_id,
        })
    }
}
