//! Refusals, in Kling's error envelope or in the gateway's.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use kling_types::{ApiCode, UnixMillis};
use serde_json::{Value, json};

use super::json_answer;
use crate::auth::AuthRefusal;
use crate::profile::{NotFound, Profile, WrongPath};
use crate::random::Stream;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    Auth(AuthRefusal),
    /// Any other business code.
    Code(ApiCode),
    NoSuchPath,
    NoSuchMethod,
    MalformedBody,
    BodyTooLarge,
    /// A field is wrong: Kling's 1201 with this message.
    Parameter(String),
    TaskNotFound(String),
    DuplicateExternalId(String),
}

impl Refusal {
    pub(super) fn code(code: i64) -> Self {
        Refusal::Code(ApiCode::new(code))
    }

    pub(super) fn answer(
        &self,
        profile: &Profile,
        now: UnixMillis,
        stream: &mut Stream,
    ) -> Response<Bytes> {
        if *self == Refusal::NoSuchPath
            && let Some(answer) = no_such_page(profile.wrong_path)
        {
            return answer;
        }
        let (status, body) = self.status_and_body(profile, now, stream);
        json_answer(status, &body)
    }

    fn status_and_body(
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
        let (code, message) = self.by_kling(profile);
        let status = match self {
            // Not in Kling's table: what web servers answer (inferred).
            Refusal::BodyTooLarge => Some(StatusCode::PAYLOAD_TOO_LARGE),
            _ => code
                .documented()
                .and_then(|row| StatusCode::from_u16(row.http_status).ok()),
        };
        let body = json!({ "code": code, "message": message, "request_id": stream.uuid() });
        (status.unwrap_or(StatusCode::BAD_REQUEST), body)
    }

    /// Refusals of the gateway itself. The envelope is *documented*; the texts are
    /// illustrative.
    fn by_gateway(&self) -> Option<(StatusCode, &'static str, &'static str)> {
        match self {
            Refusal::Auth(AuthRefusal::Missing) => Some((
                StatusCode::UNAUTHORIZED,
                "",
                "no API key was given: send it as Authorization: Bearer",
            )),
            Refusal::Auth(_) => Some((StatusCode::UNAUTHORIZED, "", "invalid API key")),
            Refusal::MalformedBody => Some((
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "the body is not a JSON object",
            )),
            Refusal::BodyTooLarge => Some((
                StatusCode::PAYLOAD_TOO_LARGE,
                "invalid_request",
                "the request body is too large",
            )),
            Refusal::NoSuchPath => Some((StatusCode::NOT_FOUND, "invalid_request", "no such path")),
            _ => None,
        }
    }

    fn by_kling(&self, profile: &Profile) -> (ApiCode, String) {
        let (code, message) = match self {
            Refusal::Auth(refusal) => return (refusal.code(), refusal.message()),
            Refusal::Code(code) => return (*code, words(*code)),
            Refusal::NoSuchPath => return spoken(1203),
            Refusal::NoSuchMethod => return spoken(1202),
            Refusal::MalformedBody => return spoken(1200),
            Refusal::BodyTooLarge => (1200, "the request body is too large".to_owned()),
            Refusal::Parameter(message) => (1201, message.clone()),
            // The text was seen live, with code 1201.
            Refusal::TaskNotFound(id) => {
                let code = match profile.not_found {
                    NotFound::Live => 1201,
                    NotFound::Documented => 1203,
                };
                (code, format!("Task not found by id/external id: {id}"))
            }
            // Seen live.
            Refusal::DuplicateExternalId(id) => {
                (1201, format!("External_task_id {id} already exists"))
            }
        };
        (ApiCode::new(code), message)
    }
}

fn spoken(code: i64) -> (ApiCode, String) {
    let code = ApiCode::new(code);
    (code, words(code))
}

/// The message of a business code. Where no message was seen, the meaning of the code
/// (*inferred*).
fn words(code: ApiCode) -> String {
    let text = match code.get() {
        1000 => return AuthRefusal::Unsigned.message(),
        1001 => return AuthRefusal::Missing.message(),
        1002 => return AuthRefusal::Malformed.message(),
        1003 => return AuthRefusal::NotYetValid.message(),
        1004 => return AuthRefusal::Expired.message(),
        1100 => "Account exception",
        1101 => "Account in arrears",
        // Seen live.
        1102 => "Account balance not enough",
        1103 => "No permission for the resource",
        1200 => "invalid request parameters",
        1202 => "the requested method is invalid",
        1203 => "the requested resource does not exist",
        // As quoted by one client.
        1302 => "API request too fast",
        // Documented and seen live.
        1303 => "parallel task over resource pack limit",
        1304 => "The IP address is not on the whitelist",
        _ => code.documented().map_or("error", |row| row.meaning),
    };
    text.to_owned()
}

/// The answer at an unknown path, unless it is an error body; the text of the page is
/// illustrative.
fn no_such_page(wrong_path: WrongPath) -> Option<Response<Bytes>> {
    const PAGE: &str = "<!DOCTYPE html><title>404</title><h1>404 Not Found</h1>";
    let status = match wrong_path {
        WrongPath::Json => return None,
        WrongPath::Html => StatusCode::NOT_FOUND,
        WrongPath::Redirect => StatusCode::MOVED_PERMANENTLY,
    };
    let mut page = super::answer(status, "text/html", Bytes::from_static(PAGE.as_bytes()));
    if status.is_redirection() {
        let front = HeaderValue::from_static("/");
        page.headers_mut().insert(LOCATION, front);
    }
    Some(page)
}

/// An error body for any status: a business code in Kling's envelope; a bare status in
/// the gateway's envelope if there is a gateway, otherwise in Kling's with a matching
/// code.
pub(super) fn envelope(
    profile: &Profile,
    status: StatusCode,
    code: Option<ApiCode>,
    now: UnixMillis,
    stream: &mut Stream,
) -> Value {
    if code.is_none() && profile.gateway_errors {
        let reason = status.canonical_reason().unwrap_or("error");
        return gateway("", reason, now, stream);
    }
    let code = code.unwrap_or_else(|| code_of(status));
    json!({ "code": code, "message": words(code), "request_id": stream.uuid() })
}

/// Kling's business code for a bare status; the least specific one if there are
/// several. A status without a code gets the code of a similar status (*inferred*).
fn code_of(status: StatusCode) -> ApiCode {
    ApiCode::new(match status.as_u16() {
        200..=299 => 0,
        401 => 1000,
        403 => 1103,
        404 => 1203,
        429 => 1302,
        400..=499 => 1200,
        503 => 5001,
        504 => 5002,
        _ => 5000,
    })
}

/// The gateway's envelope; the request id is only in the message.
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
