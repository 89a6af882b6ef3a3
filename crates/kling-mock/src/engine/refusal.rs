//! How the service says no: in Kling's envelope, or in the gateway's.

use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kling_types::{ApiCode, UnixMillis};
use serde_json::{Value, json};

use super::random::Stream;
use crate::profile::Profile;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    NoCredentials,
    /// `parts` are those of a JWT that the key was taken for.
    WrongKey {
        parts: usize,
    },
    NoSuchPath,
    NoSuchMethod,
    MalformedBody,
    /// A field is wrong: Kling's 1201 with this message.
    Parameter(String),
    TaskNotFound(String),
    DuplicateExternalId(String),
}

impl Refusal {
    /// Status and body.
    pub(super) fn answer(
        &self,
        profile: &Profile,
        now: UnixMillis,
        stream: &mut Stream,
    ) -> (StatusCode, Value) {
        if profile.gateway_errors
            && let Some((status, code, message)) = self.by_gateway()
        {
            return (status, gateway(code, message, now, stream));
        }
        let (code, message) = self.by_kling();
        let status = code
            .documented()
            .and_then(|row| StatusCode::from_u16(row.http_status).ok());
        let body = json!({ "code": code, "message": message, "request_id": stream.uuid() });
        (status.unwrap_or(StatusCode::BAD_REQUEST), body)
    }

    /// What the gateway refuses before Kling sees it. The envelope is
    /// *documented*; the texts are illustrative.
    fn by_gateway(&self) -> Option<(StatusCode, &'static str, &'static str)> {
        match self {
            Refusal::NoCredentials => Some((
                StatusCode::UNAUTHORIZED,
                "",
                "no API key was given: send it as Authorization: Bearer",
            )),
            Refusal::WrongKey { .. } => Some((StatusCode::UNAUTHORIZED, "", "invalid API key")),
            Refusal::MalformedBody => Some((
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "the body is not a JSON object",
            )),
            // Documented to be a redirect or a web page at times; JSON helps a
            // test's author more.
            Refusal::NoSuchPath => Some((StatusCode::NOT_FOUND, "invalid_request", "no such path")),
            _ => None,
        }
    }

    fn by_kling(&self) -> (ApiCode, String) {
        let (code, message) = match self {
            Refusal::NoCredentials => (1001, "Authorization is empty".to_owned()),
            // Seen live: a key that is no JWT is taken for one.
            Refusal::WrongKey { parts } => {
                let parts = if *parts > 1 { *parts } else { 0 };
                (
                    1002,
                    format!("The token was expected to have 3 parts, but got {parts}"),
                )
            }
            Refusal::NoSuchPath => (1203, "the requested resource does not exist".to_owned()),
            Refusal::NoSuchMethod => (1202, "the requested method is invalid".to_owned()),
            Refusal::MalformedBody => (1200, "invalid request parameters".to_owned()),
            Refusal::Parameter(message) => (1201, message.clone()),
            // Seen live, with HTTP 400 and this code, not the documented 404/1203.
            Refusal::TaskNotFound(id) => (1201, format!("Task not found by id/external id: {id}")),
            // Seen live.
            Refusal::DuplicateExternalId(id) => {
                (1201, format!("External_task_id {id} already exists"))
            }
        };
        (ApiCode::new(code), message)
    }
}

/// The gateway's envelope; its request id stands in the message only.
fn gateway(code: &str, message: &str, now: UnixMillis, stream: &mut Stream) -> Value {
    // The id begins with the time in UTC+8 (seen live).
    let zone = TimeZone::fixed(Offset::constant(8));
    let time = Timestamp::from_millisecond(now.get()).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.to_zoned(zone).strftime("%Y%m%d%H%M%S").to_string();
    let number = stream.next() % 1_000_000_000;
    let letters: String = stream
        .uuid()
        .chars()
        .filter(|c| *c != '-')
        .take(8)
        .collect();
    let id = format!("{time}{number:09}{}", letters.to_uppercase());
    json!({
        "error": {
            "message": format!("{message} (request id: {id})"),
            "type": "comet_api_error",
            "param": "",
            "code": code,
        }
    })
}
