//! What goes wrong, and when: one line of text for each fault.
//!
//! `parse` and `action` read the text, over [`crate::grammar`]; `rules` refuses what makes
//! no sense; `show` writes the canonical form. `plan` says which faults a request
//! meets, `apply` what becomes of its answer, with `json` for broken bodies and
//! `preset` for what gateways say.

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

/// Something that goes wrong, written as one line:
///
/// ```text
/// SELECTOR [@PHASE] : ACTION [xN] [optional]
/// ```
///
/// `create#1@after:reset`: the first create is carried out and billed, and its
/// answer is lost. White space between the parts does not matter.
///
/// # Selector: which requests
///
/// An operation, then any of the rest, each once.
///
/// | text | meaning |
/// |---|---|
/// | `create` `get` `list` `asset` `callback` | the operation; `asset` is the download of a result |
/// | `any` | every request that came in and that the action fits: all but callbacks |
/// | `#2` `#1-3` `/3` | the second, the first three, every third of the requests that fit the filters, since it was armed |
/// | `p=0.1` | each of them with this probability, the same at the same seed |
/// | `[account=a]` `[ext=b]` `[task=c]` | filters: the account, the external id, the task's id; in quotes if need be |
///
/// # Phase: how far the request gets
///
/// | text | meaning |
/// |---|---|
/// | `@before` | nothing is carried out, or not yet; the default |
/// | `@after` | carried out and billed; then the answer is replaced, late or lost |
/// | `@mid` | carried out; the answer breaks on its way. The phase, and the default, of what is marked *mid* below |
///
/// # Action: what goes wrong
///
/// | text | meaning |
/// |---|---|
/// | `503` `429/1302` | this HTTP status, with this business code, in the provider's envelope. Without a code: at CometAPI the gateway's envelope, at Kling the code of its table for the status (503: 5001), which for creates is Kling's word that nothing was done |
/// | `429/1303+retry_after=2s` | the same with a `Retry-After`, which Kling never sends |
/// | `raw(502, text/html, "<h1>no</h1>")` | exactly this answer. In quotes: `\"` `\\` `\n` `\r` `\t` `\x00` |
/// | `raw(502, text/html, @page.html)` | the same from a file, where files are read |
/// | `html301` `html502` | a web page: the wrong path, the gateway's own server |
/// | `nested_error` | HTTP 400, Kling's error as text inside the gateway's |
/// | `code400` | HTTP 429 with code 400: an empty balance, which waiting does not mend |
/// | `saturated` | HTTP 429 and the gateway's text for every 429 |
/// | `quota_not_enough` | HTTP 403 and the gateway's task error |
/// | `model_not_found` | HTTP 503 for a model that no channel offers |
/// | `invalid_request` | HTTP 500 for a malformed request |
/// | `delay=2s` `delay=fixed(2s)` | the service acts later, also if the caller has given up by then; `@after`, it acts at once and its answer is late |
/// | `delay=uniform(1s, 3s)` | by something between |
/// | `delay=lognormal(1s, 0.5, 10s)` | by something around the median, with this sigma, and at most this |
/// | `reset` | the connection is reset (RST) |
/// | `close` | the connection is closed (FIN) without a byte |
/// | `empty` | a head, and a body of no bytes |
/// | `hang` | no answer, until the caller gives up |
/// | `truncate=10` | *mid*: the head promises all, this many bytes come, at least one does not |
/// | `slow=100` | *mid*: so many bytes a second |
/// | `chunk=10,gap=1s` | *mid*: pieces of so many bytes, with a pause between them |
/// | `json=cut` | *mid*: half of the body, with a head that fits |
/// | `json=missing_field(/data/task_id)` | *mid*: without this field (a JSON Pointer) |
/// | `json=wrong_type(/data/task_id)` | *mid*: a number for a string, a string for a number or `true`, and so on |
/// | `json=null(/data)` | *mid*: `null` in this place |
/// | `json=dup_key` | *mid*: the first member again at the end |
/// | `json=bom` | *mid*: a byte order mark before the body |
/// | `json=unknown_status(paused)` | *mid*: this word for each `task_status` |
/// | `stale=2` | get, list: the state as of so many queries ago; of those from before the fault nobody knows |
/// | `lag=2` | get, list: the task is not found until it was queried so many times; what a query has found stays |
/// | `regress` | get, list: a status that goes back |
/// | `403` `404` | asset: the status, without an envelope |
/// | `expired` `wrong_type` `range_ignored` | asset: the link is over; another `Content-Type`; all of the file for a part |
/// | `drop` `dup=2` `reorder` `late=5s` | callback: never sent; sent so many times; after the next one; later |
/// | `bad_sig` `stale_ts` `wrong_secret` `no_headers` | callback: what is wrong with its signature |
///
/// Times are written `250ms`, `2s`, `1m30s`, `2h`.
///
/// # The rest
///
/// `x3`: three times at most. `optional`: it is fine if it never happens;
/// verification fails for any other fault that never did.
///
/// A fault is used up by requests that are received, so a client that sends
/// again in silence is seen. Delays add up; of all other faults, a request
/// meets the first that was armed.
///
/// What makes no sense is refused when it is written:
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
    /// At most this often.
    pub(crate) limit: Option<u64>,
    pub(crate) optional: bool,
}

impl Fault {
    /// Reads a fault that may take an answer's body from a file
    /// (`raw(502, text/html, @page.html)`). The body becomes part of the fault,
    /// which names no file afterwards.
    ///
    /// Parsing with [`FromStr`] never reads a file, so it is safe on text from
    /// elsewhere.
    pub fn parse_with_files(
        text: &str,
        mut read: impl FnMut(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Self, FaultError> {
        Ok(parse::fault(text, &mut read)?)
    }

    /// Whether verification accepts that it never happens.
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

/// Which requests a fault is for.
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

/// What is asked of the service, or, for a callback, what it does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Get,
    List,
    Asset,
    Callback,
}

/// Which of the requests that fit the filters. Counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Occurrence {
    #[default]
    All,
    /// From the first number to the second, which may be the same.
    Between(u64, u64),
    Every(u64),
}

/// How far a request gets.
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

/// How long an answer is held back.
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

/// How the whole of an answer gets lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Reset,
    Close,
    Empty,
    Hang,
}

/// What becomes of a JSON body. The strings are JSON Pointers.
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

/// What a query sees that is no longer, or not yet, so. The engine's to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadFault {
    Stale(u64),
    Lag(u64),
    Regress,
}

/// What is wrong with a download. The engine's to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AssetFault {
    Expired,
    WrongType,
    RangeIgnored,
}

/// What is wrong with a callback. The engine's to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallbackFault {
    Drop,
    /// How often it is sent in all.
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
    /// The phase if none is written: what breaks an answer on its way needs one.
    pub(crate) fn default_phase(&self) -> Phase {
        match self {
            Action::Truncate(_) | Action::Slow(_) | Action::Chunk { .. } | Action::Json(_) => {
                Phase::Mid
            }
            _ => Phase::Before,
        }
    }
}

/// For fuzzing: any bytes either are no fault or have a canonical form that
/// means the same.
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
