//! Errors of the control interface, all in one form.

use http::{Method, StatusCode};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::PREFIX;
use super::table::ROUTES;
use crate::clock::ClockError;
use crate::engine::{BODY_LIMIT, SetupError, UnknownTask, Unread};
use crate::grammar::nearest;

/// `{"error":{"code":…,"message":…,"pointer":…}}`.
#[derive(Debug)]
pub(super) struct AdminError {
    pub(super) status: StatusCode,
    /// A word for programs.
    code: &'static str,
    /// A sentence for people.
    message: String,
    /// Where in the body (RFC 6901), if that is known.
    pointer: Option<String>,
    /// The methods that there are.
    pub(super) allow: Option<String>,
}

impl AdminError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        AdminError {
            status,
            code,
            message: message.into(),
            pointer: None,
            allow: None,
        }
    }

    pub(super) fn bad_body(message: impl Into<String>, pointer: impl Into<String>) -> Self {
        AdminError {
            pointer: Some(pointer.into()),
            ..AdminError::new(StatusCode::BAD_REQUEST, "bad_body", message)
        }
    }

    pub(super) fn unread(why: Unread) -> Self {
        match why {
            Unread::TooLarge => {
                let message = format!("the body is too large: {BODY_LIMIT} bytes at most");
                AdminError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
            }
            Unread::BrokenOff => AdminError::bad_body("the body broke off", ""),
        }
    }

    pub(super) fn bad_query(message: impl Into<String>) -> Self {
        AdminError::new(StatusCode::BAD_REQUEST, "bad_query", message)
    }

    pub(super) fn unknown(what: &str, id: &str) -> Self {
        let message = format!("there is no {what} {id:?}");
        AdminError::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        AdminError::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(super) fn unauthorized() -> Self {
        let message =
            "this needs the admin token, as `Authorization: Bearer …` or `X-Mock-Token: …`";
        AdminError::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    pub(super) fn unknown_path(path: &str) -> Self {
        let paths: Vec<&str> = ROUTES.iter().map(|route| route.path).collect();
        let meant = nearest(path, &paths).map_or_else(String::new, |meant| {
            format!(" (did you mean {PREFIX}{meant}?)")
        });
        let message = format!("there is no {PREFIX}{path}{meant}: {PREFIX}/routes lists all");
        AdminError::new(StatusCode::NOT_FOUND, "unknown_path", message)
    }

    pub(super) fn method_not_allowed<'a>(methods: impl Iterator<Item = &'a Method>) -> Self {
        let mut allowed: Vec<&str> = methods.map(Method::as_str).collect();
        if allowed.contains(&"GET") {
            allowed.push("HEAD");
        }
        let allowed = allowed.join(", ");
        let message = format!("here one can {allowed}");
        AdminError {
            allow: Some(allowed),
            ..AdminError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                message,
            )
        }
    }
}

impl From<ClockError> for AdminError {
    fn from(error: ClockError) -> Self {
        let (status, code) = match error {
            ClockError::NotManual => (StatusCode::CONFLICT, "clock_not_manual"),
            ClockError::Backwards { .. } => (StatusCode::CONFLICT, "clock_backwards"),
            _ => (StatusCode::BAD_REQUEST, "clock_range"),
        };
        AdminError::new(status, code, error.to_string())
    }
}

impl From<UnknownTask> for AdminError {
    fn from(error: UnknownTask) -> Self {
        let (status, code) = match error {
            UnknownTask::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            _ => (StatusCode::CONFLICT, "conflict"),
        };
        AdminError::new(status, code, error.to_string())
    }
}

impl From<SetupError> for AdminError {
    fn from(error: SetupError) -> Self {
        match error.member() {
            Some(member) => AdminError::bad_body(error.to_string(), format!("/{member}")),
            None => AdminError::conflict(error.to_string()),
        }
    }
}

impl Serialize for AdminError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Error<'a> {
            code: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            pointer: Option<&'a str>,
        }
        let mut whole = serializer.serialize_struct("AdminError", 1)?;
        let error = Error {
            code: self.code,
            message: &self.message,
            pointer: self.pointer.as_deref(),
        };
        whole.serialize_field("error", &error)?;
        whole.end()
    }
}
