//! Progress notices of a call in flight, and their observer.

use std::fmt;
use std::time::Duration;

use kling_types::TaskId;

use crate::error::Error;
use crate::trace;

/// Something that happened during a call. Its `Display` is a message for people.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// An attempt failed and had no effect; the next one follows after this wait.
    #[non_exhaustive]
    Retry {
        /// The call: `effects.create`, `effects.get`, `effects.list`.
        operation: &'static str,
        /// Why it failed; [`Error::attempts`] counts the attempts so far.
        error: &'a Error,
        /// The wait until the next attempt.
        wait: Duration,
    },
    /// The service reports that the token has expired; the call is retried with a new
    /// one.
    TokenExpired,
    /// The outcome of a create is unknown (its answer was lost, or it is a
    /// duplicate after "not now"): its task is looked up after this wait.
    LookUp(Duration),
    /// The create is sent again, because the service does not know the first one.
    ResendCreate,
    /// The task of that create was found. Nothing is charged twice.
    Adopted(&'a TaskId),
    /// A page of a list has this many items without a task id.
    ItemsWithoutTask(usize),
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Retry {
                operation,
                error,
                wait,
            } => write!(
                f,
                "{operation}: retrying in {:.1} s: {error}",
                wait.as_secs_f64()
            ),
            Notice::TokenExpired => {
                f.write_str("the service reports an expired token: signing a new one")
            }
            Notice::LookUp(Duration::ZERO) => {
                f.write_str("outcome of the create unknown: looking up its task")
            }
            Notice::LookUp(wait) => write!(
                f,
                "outcome of the create unknown: looking up its task in {:.1} s",
                wait.as_secs_f64()
            ),
            Notice::ResendCreate => {
                f.write_str("the service has no task for the create: sending it again")
            }
            Notice::Adopted(id) => write!(f, "found the task of the create: {id}"),
            Notice::ItemsWithoutTask(1) => f.write_str("1 item of the list has no task id"),
            Notice::ItemsWithoutTask(count) => {
                write!(f, "{count} items of the list have no task id")
            }
        }
    }
}

type Callback = dyn Fn(&Notice<'_>) + Send + Sync;

/// The observer, if any.
#[derive(Default)]
pub(crate) struct Observer(Option<Box<Callback>>);

impl Observer {
    pub(crate) fn new(observer: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        Observer(Some(Box::new(observer)))
    }

    /// Notifies the observer, and writes to the log.
    pub(crate) fn notify(&self, notice: &Notice<'_>) {
        trace::notice(notice);
        if let Some(observer) = &self.0 {
            observer(notice);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Observer(…)"
        } else {
            "Observer(none)"
        })
    }
}
