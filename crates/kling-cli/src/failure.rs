//! `Failure`: why a command failed, as a message, as JSON and as an exit code.

use kling_http::{Error, ErrorKind, ExternalTaskId};
use serde_json::{Value, json};
use std::error::Error as _;

use crate::exit::Exit;
use crate::job::{Existence, Job};
use crate::output::describe;

/// Why it was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller can mend it; nothing was sent.
    Usage(String),
    Client(Error),
    /// No variable with a key is set.
    NoKey(String),
    /// The task succeeded, with something else than a video.
    NoVideo,
    /// The job's create may have arrived, and nobody can tell now.
    Unknown(String),
    /// A callback that somebody else may have sent.
    NotVerified(String),
    Interrupted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Client(error)
    }
}

/// A failure in words, with all that helps to find the task again.
pub(crate) struct Report {
    pub(crate) exit: Exit,
    kind: &'static str,
    pub(crate) message: String,
    pub(crate) task_id: Option<String>,
    external_task_id: Option<ExternalTaskId>,
    request_id: Option<String>,
    /// Where a result lies that was paid for and not saved: better shown to its
    /// owner than lost.
    pub(crate) result_url: Option<String>,
    /// The state file that `kling resume` goes on with.
    state: Option<String>,
    /// Whether it would only say the same again.
    is_stuck: bool,
    /// Whether a task was asked for, and no answer came that says what became of it.
    pub(crate) is_unanswered: bool,
}

impl Failure {
    /// Without a key there is still the fake service.
    pub(crate) fn or_mock(self) -> Failure {
        match self {
            Failure::NoKey(why) => {
                Failure::Usage(format!("{why}; or add --mock to try it offline"))
            }
            other => other,
        }
    }

    pub(crate) fn report(self, job: &Job) -> Report {
        let mut report = Report {
            exit: Exit::Usage,
            kind: "usage",
            message: String::new(),
            task_id: job.task_id.clone(),
            external_task_id: job.external_task_id.clone(),
            request_id: None,
            result_url: None,
            state: job
                .state
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned()),
            is_stuck: false,
            is_unanswered: false,
        };
        match self {
            Failure::Usage(message) => report.message = message,
            Failure::NoKey(message) => {
                report.kind = ErrorKind::Config.name();
                report.message = message;
            }
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
                if job.is_unknown_to_service(&error) {
                    let id = job.task_id.as_deref().unwrap_or_default();
                    report.exit = Exit::Unavailable;
                    report.message = format!(
                        "the service does not know task {id} of the state file: {}. Check that \
                         the key is of the account that created the task, and that the state \
                         file was not edited; the service forgets tasks after 30 days",
                        report.message
                    );
                } else {
                    report.settle_with(job);
                }
                // A fresh address was asked for, and is no better.
                if error.kind() == ErrorKind::ResultExpired && error.source().is_none() {
                    report.is_stuck = true;
                    report.message = format!(
                        "{}; if that is over, only a new task brings the video back (`kling \
                         effect … --again`)",
                        report.message
                    );
                }
                report.is_unanswered = job.task_id.is_none()
                    && matches!(report.exit, Exit::Unavailable | Exit::MaybeSent);
                if job.is_offline && report.exit == Exit::Timeout {
                    "the task did not end in time, and is gone with the fake service; nothing was \
                     paid"
                        .clone_into(&mut report.message);
                }
                let lost = error.kind() == ErrorKind::Download && !job.is_offline;
                report.result_url = job.result.clone().filter(|_| lost);
            }
            Failure::NoVideo => {
                report.exit = Exit::NotSaved;
                report.kind = "no_result";
                "the task succeeded, but made no video".clone_into(&mut report.message);
            }
            Failure::Unknown(message) => {
                report.exit = Exit::MaybeSent;
                report.kind = "maybe_sent";
                report.message = message;
                report.is_stuck = true;
            }
            Failure::NotVerified(message) => {
                report.exit = Exit::NotVerified;
                report.kind = "not_verified";
                report.message = message;
            }
            Failure::Interrupted if job.is_withdrawn() => {
                report.exit = Exit::Interrupted;
                report.kind = "interrupted";
                report.state = None;
                "interrupted between two attempts: the service refused the request, and no task \
                 was created"
                    .clone_into(&mut report.message);
            }
            Failure::Interrupted if job.is_offline => {
                report.exit = Exit::Interrupted;
                report.kind = "interrupted";
                "interrupted: the fake service is gone, and nothing was paid"
                    .clone_into(&mut report.message);
            }
            Failure::Interrupted => {
                report.exit = Exit::Interrupted;
                report.kind = "interrupted";
                report.result_url.clone_from(&job.result);
                report.message = match (&job.task_id, &job.external_task_id) {
                    (Some(id), _) if job.result.is_some() => {
                        format!("interrupted: the task {id} is done, but its video is not saved")
                    }
                    (Some(id), _) if job.existence == Existence::Confirmed => {
                        format!("interrupted: the task {id} goes on, and is charged")
                    }
                    (Some(id), _) => {
                        format!("interrupted before the service said anything of the task {id}")
                    }
                    (None, Some(id)) => format!(
                        "interrupted: the task may have been created all the same; \
                         look for the external task id {id} before trying again"
                    ),
                    (None, None) => "interrupted; no task was created".to_owned(),
                };
            }
        }
        report.doubt(job);
        report
    }
}

/// How to go on with a job that is written down.
pub(crate) fn resume_command(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    // A name that begins with - would be an option.
    if path.chars().all(plain) && !path.starts_with('-') {
        return format!("kling resume {path}");
    }
    let dashes = if path.starts_with('-') { "-- " } else { "" };
    format!("kling resume {dashes}'{}'", path.replace('\'', r"'\''"))
}

impl Report {
    /// Of a task that is there nothing is "not sent" or "not charged".
    fn settle_with(&mut self, job: &Job) {
        let known = [
            Exit::TaskFailed,
            Exit::Timeout,
            Exit::MaybeSent,
            Exit::NotSaved,
        ];
        if let Some(id) = &job.task_id
            && job.existence == Existence::Confirmed
            && !known.contains(&self.exit)
        {
            self.exit = Exit::Unavailable;
            if !job.is_offline {
                self.message = format!("{}; the task {id} goes on, and is charged", self.message);
            }
        }
    }

    /// Nothing that goes wrong now takes back a create that was sent before: "not
    /// charged" is never said of it, nor "begin anew".
    fn doubt(&mut self, job: &Job) {
        let Some(id) = job
            .external_task_id
            .as_ref()
            .filter(|_| job.existence == Existence::InDoubt)
        else {
            return;
        };
        if matches!(
            self.exit,
            Exit::Auth | Exit::Account | Exit::Refused | Exit::Unavailable
        ) {
            self.exit = Exit::MaybeSent;
        } else if self.exit != Exit::Usage {
            return;
        }
        self.message = format!(
            "{}; the create of external task id {id} may have arrived and been charged before",
            self.message
        );
    }

    /// What finishes the job without another charge.
    pub(crate) fn resume_command(&self) -> Option<String> {
        let state = self.state.as_deref().filter(|_| !self.is_stuck);
        state.map(resume_command)
    }

    pub(crate) fn to_json(&self) -> Value {
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
            "state_file": self.state,
        })
    }
}
