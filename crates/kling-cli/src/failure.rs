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
    /// The caller can fix it; nothing was sent.
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
    /// The state file for `kling resume`.
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
            Failure::Client(error) => report.take_error(&error, job),
            Failure::NoVideo => {
                report.exit = Exit::NotSaved;
                report.kind = "no_result";
                "the task succeeded, but its result has no video".clone_into(&mut report.message);
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
            Failure::Interrupted => report.take_interruption(job),
        }
        report.doubt(job);
        report
    }
}

/// The command that resumes the job of a state file.
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
    /// An error of the client.
    fn take_error(&mut self, error: &Error, job: &Job) {
        self.exit = Exit::of(error);
        self.kind = error.kind().name();
        self.message = describe(error);
        self.request_id = error.request_id().map(str::to_owned);
        if let Some(id) = error.external_task_id() {
            self.external_task_id = Some(id.clone());
        }
        if let Some(id) = &self.request_id {
            self.message = format!("{} (request id {id})", self.message);
        }
        if job.is_unknown_to_service(error) {
            let id = job.task_id.as_deref().unwrap_or_default();
            self.exit = Exit::Unavailable;
            self.message = format!(
                "the service does not know task {id} of the state file: {}. Check that \
                 the key is of the account that created the task, and that the state \
                 file was not edited; the service forgets tasks after 30 days",
                self.message
            );
        } else {
            self.settle_with(job);
        }
        // A fresh address was asked for, and is no better.
        if error.kind() == ErrorKind::ResultExpired && error.source().is_none() {
            self.is_stuck = true;
            self.message = format!(
                "{}; after that, only a new task makes the video again (`kling effect … \
                 --again`)",
                self.message
            );
        }
        self.is_unanswered =
            job.task_id.is_none() && matches!(self.exit, Exit::Unavailable | Exit::MaybeSent);
        if job.is_offline && self.exit == Exit::Timeout {
            "the task did not finish before the timeout; the fake service stopped, and \
             nothing was charged"
                .clone_into(&mut self.message);
        }
        let lost = error.kind() == ErrorKind::Download && !job.is_offline;
        self.result_url = job.result.clone().filter(|_| lost);
    }

    fn take_interruption(&mut self, job: &Job) {
        self.exit = Exit::Interrupted;
        self.kind = "interrupted";
        if job.attempts.is_withdrawn() {
            self.state = None;
            "interrupted while waiting to retry; no task was created".clone_into(&mut self.message);
            return;
        }
        if job.is_offline {
            "interrupted: the fake service stopped, and nothing was charged"
                .clone_into(&mut self.message);
            return;
        }
        self.result_url.clone_from(&job.result);
        self.message = match (&job.task_id, &job.external_task_id) {
            (Some(id), _) if job.result.is_some() => {
                format!("interrupted: task {id} is done, but its video is not saved")
            }
            (Some(id), _) if job.existence == Existence::Confirmed => {
                format!("interrupted: task {id} keeps running and is charged")
            }
            (Some(id), _) => {
                format!("interrupted before the service answered about task {id}")
            }
            (None, Some(id)) => format!(
                "interrupted: the task may have been created; look for external task id {id} \
                 before trying again"
            ),
            (None, None) => "interrupted; no task was created".to_owned(),
        };
    }

    /// A report about a task that exists must not say that nothing was sent or charged.
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
                self.message = format!("{}; task {id} keeps running and is charged", self.message);
            }
        }
    }

    /// An error now says nothing about a create that was sent before: the report must not
    /// say that nothing was charged, nor that the command can be run again.
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
            "{}; the create with external task id {id} may have been carried out and charged before",
            self.message
        );
    }

    /// The command that finishes the job without another charge.
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
