//! The error type of this crate.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use kling_types::code::ErrorClass;
use kling_types::{
    ApiCode, ExternalTaskId, ServiceError, Task, TaskId, Violation, without_signatures,
};

use crate::transport::TransportError;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, and all that is known about it. One word wide.
///
/// `Display` is one sentence without the cause ([`source`](std::error::Error::source)),
/// without credentials and without signed URLs.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    retryability: Retryability,
    maybe_sent: bool,
    task_id: Option<TaskId>,
    external_task_id: Option<ExternalTaskId>,
    status: Option<StatusCode>,
    service: Option<ServiceError>,
    retry_after: Option<Duration>,
    attempts: u32,
    violations: Vec<Violation>,
    task: Option<Box<Task>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of thing went wrong.
///
/// "Retried" means by this crate, within [`RetryPolicy`](crate::RetryPolicy) and
/// [`Timeouts`](crate::Timeouts), before it returns the error. "Paid" refers to a
/// create; where it says *possibly*, [`Error::maybe_sent`] decides, and
/// [`Error::external_task_id`] is the id to look for at the provider. Other calls
/// cost nothing.
///
/// | kind | meaning | retried? | paid? | what to do |
/// |---|---|---|---|---|
/// | `config` | the client is misconfigured, or its base URL is not an API | no; after a web page with HTTP 200 to a create, the outcome is looked up | no; possibly after such a page | fix what the message names |
/// | `validation` | the request breaks rules | no; nothing was sent | no | see [`Error::violations`] |
/// | `unsupported` | the provider does not support this | no; nothing was sent | no | avoid the call, or use another provider |
/// | `auth` | the service rejects the credentials | an expired token: once, with a new one | no; possibly if a second create was refused | check the key and the clock |
/// | `account` | the account has no balance left, or no permission | no | as `auth`; possibly after code 5001 | resolve it with the provider |
/// | `refused` | the service rejects the request as invalid | no | as `auth` | change the request |
/// | `content_rejected` | the service rejects the content | no | as `auth` | choose another picture |
/// | `not_found` | no such task, path or model | no | as `auth` | check the id and the provider; results are kept for 30 days |
/// | `rate_limited` | too many requests, or too many concurrent tasks | yes, creates too | as `account` | wait, for [`Error::retry_after`] if present |
/// | `service` | the service failed | queries; creates only after code 5001; otherwise the outcome is looked up | possibly | retry later; a create only if [`Error::maybe_sent`] is false |
/// | `transport` | the connection failed | queries; creates only if nothing was sent; otherwise the outcome is looked up | possibly | as `service` |
/// | `timeout` | no answer before the timeout | queries; a create's outcome is looked up | possibly | as `service` |
/// | `decode` | the answer can't be parsed | no; a create's outcome is looked up | possibly | check the base URL; a query may be repeated |
/// | `task_failed` | the task ended without a result | no | not known: what failed tasks cost is not documented | read the reason in [`Error::task`]; a new create is charged again |
/// | `wait_timeout` | the task did not end within [`PollPolicy::max_wait`] | queries, throughout | yes: it keeps running | wait again with [`Error::task_id`] |
/// | `no_result` | the task succeeded, but its answer has no result | queries, a few times | yes | query again later with [`Error::task_id`] |
/// | `download` | the result can't be downloaded or saved | yes, resuming where it stopped | yes | download again; results are kept for 30 days |
/// | `result_changed` | the file changed during the download, after a part was handed to the caller | no | yes | download it again from the start |
/// | `result_expired` | the result's URL has expired | see the message | yes | query the task for a new URL |
///
/// [`PollPolicy::max_wait`]: crate::PollPolicy::max_wait
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is misconfigured: a missing key, an invalid base URL.
    Config,
    /// The request breaks rules; see [`Error::violations`]. Nothing was sent.
    Validation,
    /// The provider does not support this. Nothing was sent, except by a list that
    /// reached the last page that the service shows.
    Unsupported,
    /// The service rejects the credentials.
    Auth,
    /// The account has no balance left, or no permission.
    Account,
    /// The service rejects the request as invalid.
    Refused,
    /// The service rejects the content.
    ContentRejected,
    /// No such task, path or model.
    NotFound,
    /// Too many requests, or too many concurrent tasks.
    RateLimited,
    /// The service failed.
    Service,
    /// The connection failed.
    Transport,
    /// No answer before the timeout.
    Timeout,
    /// The answer can't be parsed.
    Decode,
    /// The task ended without a result; see [`Error::task`] for its own reason.
    TaskFailed,
    /// The task did not end within
    /// [`PollPolicy::max_wait`](crate::PollPolicy::max_wait). It keeps running.
    WaitTimeout,
    /// The task succeeded, but its answer has no result.
    NoResult,
    /// The result can't be downloaded or saved.
    Download,
    /// The result's URL has expired.
    ResultExpired,
    /// The file changed during the download, after a part was handed to the caller.
    /// Download it again from the start.
    ResultChanged,
}

impl fmt::Display for ErrorKind {
    /// Its [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ErrorKind {
    /// A stable name for scripts and logs, such as `task_failed`.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::Config => "config",
            ErrorKind::Validation => "validation",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Auth => "auth",
            ErrorKind::Account => "account",
            ErrorKind::Refused => "refused",
            ErrorKind::ContentRejected => "content_rejected",
            ErrorKind::NotFound => "not_found",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Service => "service",
            ErrorKind::Transport => "transport",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Decode => "decode",
            ErrorKind::TaskFailed => "task_failed",
            ErrorKind::WaitTimeout => "wait_timeout",
            ErrorKind::NoResult => "no_result",
            ErrorKind::Download => "download",
            ErrorKind::ResultExpired => "result_expired",
            ErrorKind::ResultChanged => "result_changed",
        }
    }
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retryability {
    /// Not without a change. Nor may a create be made again that may have arrived
    /// ([`Error::maybe_sent`]): find out about it first.
    Permanent,
    /// Perhaps, later. Trying again pays nothing twice.
    Temporary,
    /// It was tried as often as the policy allows. Trying again, later, pays nothing
    /// twice.
    Exhausted,
}

impl Error {
    /// Whatever of the service's words is in the message, no signature shows.
    pub(crate) fn new(kind: ErrorKind, message: impl AsRef<str>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: without_signatures(message.as_ref()).into_owned(),
            retryability: Retryability::Permanent,
            maybe_sent: false,
            task_id: None,
            external_task_id: None,
            status: None,
            service: None,
            retry_after: None,
            attempts: 0,
            violations: Vec::new(),
            task: None,
            source: None,
        }))
    }

    /// A refusal that the service put into words.
    pub(crate) fn service(error: ServiceError, class: ErrorClass) -> Self {
        let (kind, lead) = match class {
            ErrorClass::Auth => (
                ErrorKind::Auth,
                "the service does not accept the credentials",
            ),
            ErrorClass::TokenExpired => (
                ErrorKind::Auth,
                "the service calls the token expired (is this machine's clock right?)",
            ),
            ErrorClass::Account => (ErrorKind::Account, "the account can't be used"),
            ErrorClass::Permission => (ErrorKind::Account, "the account has no permission"),
            ErrorClass::Request => (ErrorKind::Refused, "the service refused the request"),
            ErrorClass::NotFound => (ErrorKind::NotFound, "the service does not know it"),
            ErrorClass::Policy => (ErrorKind::ContentRejected, "the content was refused"),
            ErrorClass::RateLimit => (ErrorKind::RateLimited, "too many requests"),
            ErrorClass::Capacity => (ErrorKind::RateLimited, "too many tasks at once"),
            ErrorClass::Maintenance => (ErrorKind::Service, "the service is not available"),
            _ => (ErrorKind::Service, "the service failed"),
        };
        let mut new = Error::new(kind, format!("{lead}: {error}"));
        new.0.status = StatusCode::from_u16(error.http_status).ok();
        new.0.service = Some(error);
        new
    }

    /// A request that brought no answer.
    pub(crate) fn transport(error: TransportError) -> Self {
        use crate::transport::TransportErrorKind as Kind;
        let kind = match error.kind() {
            Kind::Timeout => ErrorKind::Timeout,
            Kind::Request => ErrorKind::Config,
            Kind::Connect | Kind::Broken => ErrorKind::Transport,
        };
        Error::new(kind, error.to_string()).with_source(error)
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_retryability(mut self, retryability: Retryability) -> Self {
        self.0.retryability = retryability;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.0.violations = violations;
        self
    }

    pub(crate) fn with_task_id(mut self, id: &TaskId) -> Self {
        self.0.task_id = Some(id.clone());
        self
    }

    pub(crate) fn with_external_task_id(mut self, id: Option<&ExternalTaskId>) -> Self {
        self.0.external_task_id = id.cloned();
        self
    }

    pub(crate) fn with_task(mut self, task: &Task) -> Self {
        self.0.task = Some(Box::new(task.clone()));
        self.with_task_id(&task.id)
    }

    /// Adds to the message.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.0.message = format!("{}; {}", self.0.message, without_signatures(note));
        self
    }

    /// Marks a create whose outcome is unknown, and says what to do about it. Who
    /// tries again whatever is temporary must not pay twice by it.
    pub(crate) fn with_maybe_sent(mut self) -> Self {
        self.0.maybe_sent = true;
        self.0.retryability = Retryability::Permanent;
        let id = self
            .0
            .external_task_id
            .as_ref()
            .map_or("unknown", ExternalTaskId::as_str);
        let note = format!(
            "the create may have arrived and been charged (external task id {id}): \
             look for it at the provider before creating again"
        );
        self.with_note(&note)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    pub fn retryability(&self) -> Retryability {
        self.0.retryability
    }

    /// Whether a create may have arrived, and so be charged, without its answer
    /// coming back. Do not create again before that is known; the
    /// [`external_task_id`](Self::external_task_id) is what to look for.
    pub fn maybe_sent(&self) -> bool {
        self.0.maybe_sent
    }

    /// The task it is about.
    pub fn task_id(&self) -> Option<&TaskId> {
        self.0.task_id.as_ref()
    }

    /// The external id of the create it is about.
    pub fn external_task_id(&self) -> Option<&ExternalTaskId> {
        self.0.external_task_id.as_ref()
    }

    /// The answer's HTTP status.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The service's business code.
    pub fn api_code(&self) -> Option<ApiCode> {
        self.0.service.as_ref()?.code
    }

    /// What the service said, in full.
    pub fn service_error(&self) -> Option<&ServiceError> {
        self.0.service.as_ref()
    }

    /// The id to quote to the provider's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.service.as_ref()?.request_id.as_deref()
    }

    /// How often the request was sent, or tried to be.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What is wrong with the request.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }

    /// The task as it was last seen.
    pub fn task(&self) -> Option<&Task> {
        self.0.task.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    /// Leaves out the task, whose result's address is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("retryability", &self.0.retryability)
            .field("maybe_sent", &self.0.maybe_sent)
            .field("task_id", &self.0.task_id)
            .field("external_task_id", &self.0.external_task_id)
            .field("status", &self.0.status)
            .field("service", &self.0.service)
            .field("attempts", &self.0.attempts)
            .field("violations", &self.0.violations)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    const SOURCE: &str = include_str!("error.rs");

    /// The kinds in `name()`, which the compiler keeps complete.
    fn kinds() -> BTreeSet<&'static str> {
        let arms = SOURCE.lines().filter_map(|line| {
            let (_, arm) = line.trim().split_once("ErrorKind::")?;
            let (_, name) = arm.split_once(" => \"")?;
            name.strip_suffix("\",")
        });
        arms.collect()
    }

    /// The first cells of the table, each row with all its cells.
    fn rows() -> BTreeSet<&'static str> {
        let rows = SOURCE
            .lines()
            .filter_map(|line| line.strip_prefix("/// | `"));
        let rows = rows.inspect(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 6, "{row}");
            assert!(cells[1..5].iter().all(|cell| !cell.is_empty()), "{row}");
        });
        rows.filter_map(|row| row.split('`').next()).collect()
    }

    #[test]
    fn the_table_has_every_kind() {
        assert!(kinds().len() >= 18, "{:?}", kinds());
        assert_eq!(rows(), kinds());
    }
}
