//! Errors of the service, in all shapes in which they are sent.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::code::{ApiCode, ErrorClass};
use crate::envelope::WireCode;
use crate::redact;
use crate::wire::{Extra, FromWire as _, text_or_integer};

/// An error of the service, read from any of the bodies that Kling, CometAPI and
/// gateways of its family send.
///
/// ```
/// use kling_types::{ServiceError, code::ErrorClass};
/// use serde_json::json;
///
/// let body = json!({"error": {"message": "invalid key (request id: 2026x)", "type": "comet_api_error", "code": ""}});
/// let error = ServiceError::parse(401, &body).expect("an error");
/// assert_eq!(error.class(), ErrorClass::Auth);
/// assert_eq!(error.request_id.as_deref(), Some("2026x"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// The shape of the body.
    pub shape: ErrorShape,
    /// The HTTP status it came with.
    pub http_status: u16,
    /// The business code, if there is a number.
    pub code: Option<ApiCode>,
    /// The gateway's word for the error (`invalid_request`, `quota_not_enough`).
    pub gateway_code: Option<String>,
    /// The service's own message, without the request id; may be empty.
    pub message: String,
    /// The id to quote to support.
    pub request_id: Option<String>,
}

/// The shapes of error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorShape {
    /// Kling's envelope with a code that is not 0 (*seen live*).
    Kling,
    /// A gateway's `{"error": {message, type, code}}` (*seen live* on CometAPI).
    Gateway,
    /// No body that says anything: an HTTP status alone.
    Status,
    /// A gateway's flat `{"code": "word", "message", "data": null}` (in the
    /// source of gateways).
    GatewayTask,
}

/// How deep bodies may be nested as strings in `message`: once is what the
/// sources of gateways do; the bound keeps a hostile body from costing more.
const MAX_NESTING: u8 = 4;

impl ServiceError {
    /// Reads an answer's body. `None` if the body does not report an error: then the
    /// HTTP status decides.
    pub fn parse(http_status: u16, body: &Value) -> Option<ServiceError> {
        parse(http_status, body, MAX_NESTING)
    }

    /// The error for an HTTP status alone; `message` is any other information, such as
    /// the beginning of the body.
    pub fn of_status(http_status: u16, message: impl Into<String>) -> ServiceError {
        ServiceError {
            shape: ErrorShape::Status,
            http_status,
            code: None,
            gateway_code: None,
            message: message.into(),
            request_id: None,
        }
    }

    /// The class of the error. First by the message for an empty account, which comes
    /// with any code and status (*seen live*: 400 with 429), and by the one for an
    /// unknown task, which has the code of a bad parameter (*seen live*); then by the
    /// gateway's word, the code and the HTTP status.
    pub fn class(&self) -> ErrorClass {
        let sentence = self.message.trim();
        if sentence.eq_ignore_ascii_case("Account balance not enough") {
            return ErrorClass::Account;
        }
        if self.is_task_not_found() {
            return ErrorClass::NotFound;
        }
        let by_word = self.gateway_code.as_deref().and_then(class_of_word);
        match (by_word, self.code) {
            // Says only that the request was refused, where the status says more.
            (Some(ErrorClass::Request), None)
                if matches!(self.http_status, 401 | 402 | 403 | 429) =>
            {
                ErrorClass::of_status(self.http_status)
            }
            (Some(class), _) => class,
            (None, Some(code)) => code.class(Some(self.http_status)),
            (None, None) => ErrorClass::of_status(self.http_status),
        }
    }

    /// Whether it says that no task has this id or external id. This is recognised by
    /// the message (*seen live*): the code 1201 also stands for other errors.
    pub fn is_task_not_found(&self) -> bool {
        self.gateway_code.as_deref() == Some("task_not_exist")
            || starts_with_ignoring_case(&self.message, "Task not found by id/external id")
    }

    /// Whether it says that the external id was used before, so that nothing
    /// was created and nothing charged (*seen live*).
    pub fn is_duplicate_external_id(&self) -> bool {
        starts_with_ignoring_case(&self.message, "External_task_id")
            && self
                .message
                .to_ascii_lowercase()
                .ends_with("already exists")
    }
}

/// The words of gateways that are more specific than their HTTP status, from live
/// answers and from the sources of gateways. Other words, such as
/// `fail_to_fetch_task`, come with the status of the upstream.
fn class_of_word(word: &str) -> Option<ErrorClass> {
    Some(match word {
        // With HTTP 500 too (seen live).
        "invalid_request" | "convert_request_failed" => ErrorClass::Request,
        // With HTTP 503, yet not transient: there is no such model or route (seen live).
        "model_not_found" | "task_not_exist" | "invalid_api_platform" | "not_implemented" => {
            ErrorClass::NotFound
        }
        "quota_not_enough" | "insufficient_user_quota" | "pre_consume_token_quota_failed" => {
            ErrorClass::Account
        }
        "permission_denied" => ErrorClass::Permission,
        _ => return None,
    })
}

fn parse(http_status: u16, body: &Value, nesting: u8) -> Option<ServiceError> {
    let members = body.as_object()?;
    let code = members.get("code").and_then(WireCode::from_wire);
    let is_success = code.as_ref().is_some_and(|code| code.value.is_success());
    // Code 0 with data is a success, whatever the other members are.
    if is_success && members.get("data").is_some_and(Value::is_object) {
        return None;
    }
    let (shape, code, text) = match members.get("error") {
        Some(Value::Object(error)) if !error.is_empty() => (
            Some(ErrorShape::Gateway),
            error.get("code").and_then(WireCode::from_wire),
            message_of(error),
        ),
        Some(Value::String(text)) if !text.is_empty() => {
            (Some(ErrorShape::Gateway), None, Cow::from(text))
        }
        _ if is_success => return None,
        _ => (None, Some(code?), message_of(members)),
    };
    let not_empty = |text: &String| !text.is_empty();
    let request_id = members.get("request_id").and_then(text_or_integer);
    let request_id = request_id.map(|read| read.value).filter(not_empty);

    let (message, quoted_id) = split_request_id(&text);
    let request_id = request_id.or(quoted_id.filter(not_empty));
    // A gateway may pass its upstream's body on as a string.
    if nesting > 0
        && let Ok(inner) = serde_json::from_str::<Value>(&message)
        && let Some(inner) = parse(http_status, &inner, nesting - 1)
    {
        return Some(ServiceError {
            request_id: inner.request_id.or(request_id),
            ..inner
        });
    }

    let code = code.map(|read| read.value);
    let number = code.as_ref().and_then(WireCode::number);
    let word = match code {
        Some(WireCode::Text(word)) if number.is_none() => Some(word),
        _ => None,
    };
    Some(ServiceError {
        shape: shape.unwrap_or(match number {
            Some(_) => ErrorShape::Kling,
            None => ErrorShape::GatewayTask,
        }),
        http_status,
        code: number.map(ApiCode::new),
        gateway_code: word.filter(not_empty),
        message,
        request_id,
    })
}

/// The message; an object in its place, an upstream's own body, as its text.
fn message_of(members: &Extra) -> Cow<'_, str> {
    match members.get("message") {
        Some(Value::String(text)) => text.into(),
        Some(body @ Value::Object(_)) => body.to_string().into(),
        _ => "".into(),
    }
}

/// Splits `text (request id: X)`, as gateways write it, into text and X.
fn split_request_id(text: &str) -> (String, Option<String>) {
    const OPENING: &str = "(request id: ";
    let found = text.rfind(OPENING).and_then(|start| {
        let id = &text[start + OPENING.len()..];
        let end = id.find(')')?;
        Some((start, &id[..end], &id[end + 1..]))
    });
    match found {
        Some((start, id, rest)) => (
            format!("{}{rest}", text[..start].trim_end()),
            Some(id.to_owned()),
        ),
        None => (text.to_owned(), None),
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// The service's message, cut if it is very long; the field has the full text.
impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = self
            .code
            .and_then(ApiCode::documented)
            .map(|row| row.meaning);
        let message = redact::long(self.message.trim());
        match (self.code, self.gateway_code.as_deref()) {
            (Some(code), _) => write!(f, "code {code}")?,
            (None, Some(word)) => write!(f, "{}", redact::long(word))?,
            (None, None) => write!(f, "HTTP {}", self.http_status)?,
        }
        match (message.is_empty(), meaning) {
            (false, _) => write!(f, ": {message}"),
            (true, Some(meaning)) => write!(f, ": {meaning}"),
            (true, None) => Ok(()),
        }
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceError")
            .field("shape", &self.shape)
            .field("http_status", &self.http_status)
            .field("code", &self.code)
            .field("gateway_code", &self.gateway_code)
            .field("message", &redact::long(&self.message))
            .field("request_id", &self.request_id)
            .finish()
    }
}

impl std::error::Error for ServiceError {}
