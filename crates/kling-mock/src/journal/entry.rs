//! The readable form of a journal entry. It is the only way to read the journal, so
//! secrets are redacted here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use kling_types::UnixMillis;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::record::{Kept, Part, Record};
use super::redact::{Secrets, condense, sha256};
use super::totals::{Operation, Outcome};

/// One request and its answer, as the journal shows them: without credentials, and
/// with pictures replaced by their length and hash.
///
/// Cloning is cheap. Serialises its members in a fixed order, without empty ones.
#[derive(Clone)]
pub struct JournalEntry {
    record: Arc<Record>,
    text: Arc<[u8]>,
    secrets: Secrets,
}

impl JournalEntry {
    pub(super) fn new(record: &Record, text: Vec<u8>, secrets: &Secrets) -> Self {
        JournalEntry {
            record: Arc::new(record.clone()),
            text: text.into(),
            secrets: secrets.clone(),
        }
    }

    /// Its sequence number, from 1; numbers are never reused.
    pub fn seq(&self) -> u64 {
        self.record.seq
    }

    /// When the request arrived, by the mock's clock.
    pub fn at(&self) -> UnixMillis {
        self.record.at
    }

    /// The account; `None` if the credentials did not identify one.
    pub fn account(&self) -> Option<Cow<'_, str>> {
        let account = self.record.account.as_deref()?;
        Some(self.secrets.redact(account))
    }

    /// The operation.
    pub fn operation(&self) -> Operation {
        self.record.operation
    }

    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.record.outcome()
    }

    /// The method.
    pub fn method(&self) -> Cow<'_, str> {
        self.part(Part::Method)
    }

    /// The path with its query.
    pub fn path(&self) -> Cow<'_, str> {
        self.part(Part::Path)
    }

    /// The headers of the request that matter to the service. Of
    /// `authorization`, the scheme and the length of the rest.
    pub fn headers(&self) -> BTreeMap<String, String> {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        let lines = self.part(Part::Headers);
        for (name, value) in lines.lines().filter_map(|line| line.split_once(": ")) {
            headers
                .entry(name.to_owned())
                .and_modify(|values| *values = format!("{values}, {value}"))
                .or_insert_with(|| value.to_owned());
        }
        headers
    }

    /// The body of the request.
    pub fn request_body(&self) -> JournalBody {
        self.body(Part::RequestBody)
    }

    /// The status of the answer that was sent; `None` if none was.
    pub fn status(&self) -> Option<StatusCode> {
        self.record.status
    }

    /// The body of the answer that was sent.
    pub fn answer_body(&self) -> JournalBody {
        self.body(Part::AnswerBody)
    }

    /// The service's own answer, if a fault replaced or lost it.
    pub fn intended(&self) -> Option<(StatusCode, JournalBody)> {
        let status = self.record.intended?;
        Some((status, self.body(Part::IntendedBody)))
    }

    /// The fault that acted on it.
    pub fn fault(&self) -> Option<Cow<'_, str>> {
        self.said(Part::Fault)
    }

    /// The task it is about.
    pub fn task_id(&self) -> Option<Cow<'_, str>> {
        self.said(Part::TaskId)
    }

    /// The external task id.
    pub fn external_task_id(&self) -> Option<Cow<'_, str>> {
        self.said(Part::ExternalTaskId)
    }

    /// Notes.
    pub fn note(&self) -> Option<Cow<'_, str>> {
        self.said(Part::Note)
    }

    /// Whether it concerns this task: by the task id, the external task id, or the
    /// last segment of the path if the task is unknown.
    pub(crate) fn is_about(&self, id: &str) -> bool {
        let path = self.raw(Part::Path).split(|byte| *byte == b'?').next();
        let segment = path.and_then(|path| path.rsplit(|byte| *byte == b'/').next());
        let ids = [Part::TaskId, Part::ExternalTaskId].map(|part| Some(self.raw(part)));
        !id.is_empty() && (ids.contains(&Some(id.as_bytes())) || segment == Some(id.as_bytes()))
    }

    pub(crate) fn is_of(&self, account: &str) -> bool {
        self.record.account.as_deref() == Some(account)
    }

    fn part(&self, part: Part) -> Cow<'_, str> {
        match String::from_utf8_lossy(self.raw(part)) {
            Cow::Borrowed(text) => self.secrets.redact(text),
            Cow::Owned(text) => Cow::Owned(self.secrets.redact(&text).into_owned()),
        }
    }

    /// Not redacted.
    fn raw(&self, part: Part) -> &[u8] {
        self.record.part(&self.text, part)
    }

    fn said(&self, part: Part) -> Option<Cow<'_, str>> {
        Some(self.part(part)).filter(|text| !text.is_empty())
    }

    fn body(&self, part: Part) -> JournalBody {
        let (bytes, kept) = self.record.body(part);
        let kept_bytes = self.raw(part);
        let (text, sha256) = match (kept, str::from_utf8(kept_bytes)) {
            (Kept::Length, _) => (None, None),
            (Kept::Hash, hash) => (None, hash.ok().map(str::to_owned)),
            (Kept::Whole, Ok(text)) => (Some(body_text(text, &self.secrets)), None),
            (Kept::Whole, Err(_)) => (None, Some(sha256(kept_bytes))),
        };
        JournalBody {
            bytes,
            text,
            sha256,
        }
    }
}

/// The redacted text of a body.
pub(super) fn body_text(text: &str, secrets: &Secrets) -> String {
    let shown = secrets.redact(&condense(text)).into_owned();
    // Escapes in JSON can hide a secret from a search of the text.
    if shown.contains('\\')
        && let Ok(json) = serde_json::from_str::<Value>(&shown)
    {
        let plain = json.to_string();
        let redacted = secrets.redact(&plain);
        if redacted != plain {
            return redacted.into_owned();
        }
    }
    shown
}

impl fmt::Display for JournalEntry {
    /// One line: `get GET /v1/videos/effects/1 200 task 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.operation(), self.method(), self.path())?;
        match self.status() {
            Some(status) => write!(f, " {}", status.as_u16())?,
            None => f.write_str(" no answer")?,
        }
        if let Some(id) = self.task_id() {
            write!(f, ", task {id}")?;
        }
        if let Some(id) = self.external_task_id() {
            write!(f, ", external id {id}")?;
        }
        if let Some(fault) = self.fault() {
            write!(f, ", fault {fault}")?;
            if let Some((intended, _)) = self.intended() {
                write!(f, " instead of {}", intended.as_u16())?;
            }
        }
        if let Some(note) = self.note() {
            write!(f, " ({note})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        View::of(self).fmt(f)
    }
}

impl Serialize for JournalEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        View::of(self).serialize(serializer)
    }
}

/// The serialised form of an entry.
#[derive(Debug, Serialize)]
struct View<'a> {
    seq: u64,
    at: UnixMillis,
    operation: Operation,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_task_id: Option<Cow<'a, str>>,
    request: RequestView<'a>,
    /// `null` if none was sent.
    answer: Option<AnswerView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    intended: Option<AnswerView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
}

#[derive(Debug, Serialize)]
struct RequestView<'a> {
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "JournalBody::is_empty")]
    body: JournalBody,
}

#[derive(Debug, Serialize)]
struct AnswerView {
    status: u16,
    #[serde(skip_serializing_if = "JournalBody::is_empty")]
    body: JournalBody,
}

impl<'a> View<'a> {
    fn of(entry: &'a JournalEntry) -> Self {
        let answer = |(status, body): (StatusCode, _)| AnswerView {
            status: status.as_u16(),
            body,
        };
        View {
            seq: entry.seq(),
            at: entry.at(),
            operation: entry.operation(),
            outcome: entry.outcome(),
            account: entry.account(),
            task_id: entry.task_id(),
            external_task_id: entry.external_task_id(),
            request: RequestView {
                method: entry.method(),
                path: entry.path(),
                headers: entry.headers(),
                body: entry.request_body(),
            },
            answer: entry
                .status()
                .map(|status| answer((status, entry.answer_body()))),
            intended: entry.intended().map(answer),
            fault: entry.fault(),
            note: entry.note(),
        }
    }
}

/// A redacted body.
///
/// Serialises as its length in `bytes` and one of `json`, `text` and `sha256`, the
/// first that is possible. A file has none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalBody {
    bytes: u64,
    text: Option<String>,
    sha256: Option<String>,
}

impl JournalBody {
    /// Its length on the wire.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the body was empty.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Its text without secrets and pictures; `None` if it is not text, or still longer
    /// than 64 KiB.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The text, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(self.text()?).ok()
    }

    /// The SHA-256 in hexadecimal, if there is no [`text`](Self::text).
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }
}

impl Serialize for JournalBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("bytes", &self.bytes)?;
        if let Some(json) = self.json() {
            map.serialize_entry("json", &json)?;
        } else if let Some(text) = &self.text {
            map.serialize_entry("text", text)?;
        } else if let Some(hash) = &self.sha256 {
            map.serialize_entry("sha256", hash)?;
        }
        map.end()
    }
}
