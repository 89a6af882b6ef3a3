//! Errors of the control interface, all in one form.

use http::{Method, StatusCode};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::PREFIX;
use super::table::ROUTES;
use crate::clock::ClockError;
use crate::engine::{BODY_LIMIT, Incomplete, SetupError, TaskError};
use crate::grammar::nearest;

/// `{"error":{"code":…,"message":…,"pointer":…}}`.
#[derive(Debug)]
pub(super) struct AdminError {
    pub(super) status: StatusCode,
    /// A machine-readable code.
    code: &'static str,
    /// A human-readable message.
    message: String,
    /// The location in the body, as a JSON Pointer (RFC 6901), if known.
    pointer: Option<String>,
    /// The allowed methods.
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

    pub(super) fn incomplete(why: Incomplete) -> Self {
        match why {
            Incomplete::TooLarge => {
                let message =
                    format!("the body is too large: at most {BODY_LIMIT} bytes are allowed");
                AdminError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
            }
            Incomplete::BrokenOff => AdminError::bad_body("the body broke off", ""),
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
            "the admin token is required, as `Authorization: Bearer …` or `X-Mock-Token: …`";
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
        let message = format!("method not allowed: use {allowed}");
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

impl From<TaskError> for AdminError {
    fn from(error: TaskError) -> Self {
        let (status, code) = match error {
            TaskError::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
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
