//! Fault injection: each fault is one line of text that says what goes wrong, and
//! when.
//!
//! `parse` and `action` parse the text with [`crate::grammar`]; `rules` rejects invalid
//! combinations; `show` formats the canonical form. `plan` selects the faults of a
//! request and `apply` applies them to its answer, with `json` for broken bodies and
//! `preset` for the errors of gateways.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use kling_types::ApiCode;

mod action;
mod apply;
mod error;
mod json;
mod parse;
mod plan;
mod preset;
mod rules;
mod show;

pub(crate) use apply::{Delivery, Ending, Pace};
pub use error::FaultError;
pub(crate) use plan::{Facts, FaultPlan, Selection};
pub(crate) use preset::Preset;

/// An injected fault, written as one line of text.
///
#[doc = include_str!("../../FAULTS.md")]
///
/// A fault that can't act is rejected when it is parsed:
///
/// ```
/// # fn main() -> Result<(), kling_mock::FaultError> {
/// use kling_mock::Fault;
///
/// let lost: Fault = "create #1 @after : reset".parse()?;
/// assert_eq!(lost.to_string(), "create#1@after:reset");
///
/// let error = "get:stale".parse::<Fault>().unwrap_err();
/// assert_eq!(error.to_string(), "column 10: expected `=` after `stale`, found the end");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub(crate) selector: Selector,
    pub(crate) phase: Phase,
    pub(crate) action: Action,
    /// At most this many times.
    pub(crate) limit: Option<u64>,
    pub(crate) optional: bool,
}

impl Fault {
    /// Parses a fault that may take an answer's body from a file (`raw(502,
    /// text/html, @page.html)`). The body becomes part of the fault, which no
    /// longer refers to the file.
    ///
    /// Parsing with [`FromStr`] never reads a file, so it is safe on text from
    /// elsewhere.
    pub fn parse_with_files(
        text: &str,
        mut read: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, FaultError> {
        Ok(parse::fault(text, &mut read)?)
    }

    /// Whether verification accepts that it never acts.
    pub fn is_optional(&self) -> bool {
        self.optional
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        Fault::parse_with_files(text, |_| {
            Err(io::Error::other(
                "no files are read here, give the text in quotes",
            ))
        })
    }
}

/// Which requests a fault matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Selector {
    /// `None` is `any`.
    pub(crate) operation: Option<Operation>,
    pub(crate) occurrence: Occurrence,
    /// From 0 to 1; `None` is always.
    pub(crate) probability: Option<f64>,
    pub(crate) account: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) task: Option<String>,
}

/// The operation of a request, or a callback of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    List,
    Asset,
    Callback,
}

/// Which of the requests that match the filters. Counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Occurrence {
    #[default]
    All,
    /// From the first number to the second, which may be the same.
    Between(u64, u64),
    Every(u64),
}

/// The phase of a request in which a fault acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    After,
    Mid,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Status {
        status: StatusCode,
        code: Option<ApiCode>,
        /// In seconds.
        retry_after: Option<u64>,
    },
    Raw {
        status: StatusCode,
        content_type: HeaderValue,
        body: Bytes,
    },
    Preset(Preset),
    Delay(Delay),
    Lose(Loss),
    Truncate(u64),
    /// Bytes a second.
    Slow(u64),
    Chunk {
        bytes: u64,
        gap: Duration,
    },
    Json(Corruption),
    Read(ReadFault),
    Asset(AssetFault),
    Callback(CallbackFault),
}

/// How long an answer is delayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Delay {
    Fixed(Duration),
    Uniform(Duration, Duration),
    LogNormal {
        median: Duration,
        sigma: f64,
        max: Duration,
    },
}

/// How a whole answer gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Reset,
    Close,
    Empty,
    Hang,
}

/// How a JSON body is corrupted. The strings are JSON Pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Corruption {
    Cut,
    MissingField(String),
    WrongType(String),
    Null(String),
    DuplicateKey,
    ByteOrderMark,
    UnknownStatus(String),
}

/// An outdated view of a task. Applied by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadFault {
    Stale(u64),
    Lag(u64),
    Regress,
}

/// A faulty download. Applied by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssetFault {
    Expired,
    WrongType,
    RangeIgnored,
}

/// A faulty callback. Applied by the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallbackFault {
    Drop,
    /// How often it is sent in total.
    Duplicate(u64),
    Reorder,
    Late(Duration),
    BadSignature,
    StaleTimestamp,
    WrongSecret,
    NoHeaders,
}

impl Operation {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Operation::Create => "create",
            Operation::Get => "get",
            Operation::List => "list",
            Operation::Asset => "asset",
            Operation::Callback => "callback",
        }
    }
}

impl Phase {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Phase::Before => "before",
            Phase::After => "after",
            Phase::Mid => "mid",
        }
    }
}

impl Occurrence {
    pub(crate) fn covers(self, ordinal: u64) -> bool {
        match self {
            Occurrence::All => true,
            Occurrence::Between(first, last) => (first..=last).contains(&ordinal),
            Occurrence::Every(step) => ordinal.is_multiple_of(step),
        }
    }
}

impl Action {
    /// The default phase; actions that break an answer during delivery have none.
    pub(crate) fn default_phase(&self) -> Phase {
        match self {
            Action::Truncate(_) | Action::Slow(_) | Action::Chunk { .. } | Action::Json(_) => {
                Phase::Mid
            }
            _ => Phase::Before,
        }
    }
}

/// For fuzzing: checks that any bytes either are no fault or have an equivalent
/// canonical form.
///
/// # Panics
///
/// If that is not so.
#[doc(hidden)]
pub fn check(bytes: &[u8]) {
    let Ok(fault) = String::from_utf8_lossy(bytes).parse::<Fault>() else {
        return;
    };
    let text = fault.to_string();
    assert_eq!(text.parse::<Fault>(), Ok(fault), "as {text}");
}
