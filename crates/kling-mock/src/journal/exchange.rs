//! A request and its answer, before they are written to the journal.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Request, Response};
use kling_types::UnixMillis;

use super::record::{Kept, Part, Parts, Record};
use super::redact::{condense, digest, sha256};
use super::totals::Operation;

/// Longer texts are stored as length and hash; pictures are removed from bodies first.
const LARGEST: usize = 64 * 1024;

/// A request and its answer. Texts are empty if unknown.
#[derive(Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub(crate) at: UnixMillis,
    pub(crate) operation: Operation,
    /// The account, if the credentials identified one.
    pub(crate) account: Option<&'a Arc<str>>,
    pub(crate) request: &'a Request<Bytes>,
    /// The answer as it was sent; `None` if none was.
    pub(crate) answer: Option<&'a Response<Bytes>>,
    /// The engine's own answer, if a fault replaced it.
    pub(crate) intended: Option<&'a Response<Bytes>>,
    /// The faults that acted on it, in their own grammar.
    pub(crate) fault: &'a str,
    pub(crate) task_id: &'a str,
    pub(crate) external_task_id: &'a str,
    pub(crate) note: &'a str,
}

impl<'a> Exchange<'a> {
    /// A request about which nothing else is known yet.
    pub(crate) fn new(at: UnixMillis, operation: Operation, request: &'a Request<Bytes>) -> Self {
        Exchange {
            at,
            operation,
            account: None,
            request,
            answer: None,
            intended: None,
            fault: "",
            task_id: "",
            external_task_id: "",
            note: "",
        }
    }

    /// Prepares the stored form. Slow work is done here, outside the lock.
    pub(crate) fn draft(self) -> Draft<'a> {
        let bodies = [
            keep(self.request.body()),
            self.keep_answer(self.answer),
            self.keep_answer(self.intended),
        ];
        Draft {
            exchange: self,
            bodies,
        }
    }

    /// A result's file is determined by its task and may be large, so its length is
    /// enough.
    fn keep_answer(&self, answer: Option<&'a Response<Bytes>>) -> Body<'a> {
        let Some(answer) = answer else {
            return keep(&[]);
        };
        if self.operation == Operation::Asset && answer.status().is_success() {
            return Body {
                bytes: answer.body().len() as u64,
                kept: Kept::Length,
                text: Cow::Borrowed(b""),
            };
        }
        keep(answer.body())
    }
}

/// An exchange in its stored form.
pub(crate) struct Draft<'a> {
    exchange: Exchange<'a>,
    bodies: [Body<'a>; 3],
}

impl Draft<'_> {
    /// Writes its text, part after part, and returns the rest of the record.
    ///
    /// Everything is copied, because a slice of a connection's read buffer would keep
    /// the whole buffer in memory.
    pub(super) fn write(&self, seq: u64, text: &mut Vec<u8>) -> Record {
        let exchange = &self.exchange;
        let request = exchange.request;
        let mut parts = Parts::new(text);
        parts.push(Part::Method, request.method().as_str().as_bytes());
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        parts.push(Part::Path, &bounded(path.as_bytes()));
        for header in headers_that_matter(request.headers()) {
            header.write(parts.text());
        }
        parts.push(Part::Headers, b"");
        let [asked, answered, intended] = &self.bodies;
        parts.push(Part::RequestBody, &asked.text);
        parts.push(Part::AnswerBody, &answered.text);
        parts.push(Part::IntendedBody, &intended.text);
        for (part, text) in [
            (Part::Fault, exchange.fault),
            (Part::TaskId, exchange.task_id),
            (Part::ExternalTaskId, exchange.external_task_id),
            (Part::Note, exchange.note),
        ] {
            parts.push(part, &bounded(text.as_bytes()));
        }
        Record {
            seq,
            at: exchange.at,
            operation: exchange.operation,
            account: exchange.account.cloned(),
            status: exchange.answer.map(Response::status),
            intended: exchange.intended.map(Response::status),
            lengths: self.bodies.each_ref().map(|body| body.bytes),
            kept: self.bodies.each_ref().map(|body| body.kept),
            ends: parts.ends(),
        }
    }
}

/// The stored form of a body.
struct Body<'a> {
    bytes: u64,
    kept: Kept,
    text: Cow<'a, [u8]>,
}

fn keep(body: &[u8]) -> Body<'_> {
    let (kept, text) = if body.len() <= LARGEST {
        (Kept::Whole, Cow::Borrowed(body))
    } else {
        let short = str::from_utf8(body).ok().map(condense);
        match short.filter(|short| short.len() <= LARGEST) {
            Some(short) => (Kept::Whole, Cow::Owned(short.into_owned().into_bytes())),
            None => (Kept::Hash, Cow::Owned(sha256(body).into_bytes())),
        }
    };
    Body {
        bytes: body.len() as u64,
        kept,
        text,
    }
}

fn bounded(text: &[u8]) -> Cow<'_, [u8]> {
    if text.len() <= LARGEST {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(digest(text).into_bytes())
    }
}

/// Whether a header is recorded. Headers that depend only on the transport, such as
/// `Host`, are not.
#[derive(Clone, Copy)]
struct Header<'a> {
    name: &'a str,
    value: &'a [u8],
}

fn headers_that_matter(headers: &HeaderMap) -> impl Iterator<Item = Header<'_>> {
    headers.iter().filter_map(|(name, value)| {
        let matters = matches!(
            name.as_str(),
            "authorization"
                | "content-type"
                | "if-none-match"
                | "if-range"
                | "range"
                | "webhook-id"
                | "webhook-signature"
                | "webhook-timestamp"
        );
        matters.then(|| Header {
            name: name.as_str(),
            value: value.as_bytes(),
        })
    })
}

impl Header<'_> {
    fn write(self, text: &mut Vec<u8>) {
        text.extend_from_slice(self.name.as_bytes());
        text.extend_from_slice(b": ");
        if matches!(self.name, "authorization" | "webhook-signature") {
            self.write_credentials(text);
        } else {
            text.extend_from_slice(&bounded(self.value));
        }
        text.push(b'\n');
    }

    /// Credentials are not stored: scheme and length are enough to find most mistakes.
    /// Any scheme other than these may itself be the secret. The signature of a
    /// callback would allow replaying it.
    fn write_credentials(self, text: &mut Vec<u8>) {
        let mut key = self.value.trim_ascii();
        for scheme in ["Bearer ", "Basic "] {
            if let Some((first, rest)) = key.split_at_checked(scheme.len())
                && first.eq_ignore_ascii_case(scheme.as_bytes())
            {
                text.extend_from_slice(first);
                key = rest.trim_ascii_start();
                break;
            }
        }
        // Writing into memory does not fail.
        let _ = write!(text, "<{} characters>", key.len());
    }
}
