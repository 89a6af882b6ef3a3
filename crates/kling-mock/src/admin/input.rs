//! Parses query and body of a control request strictly, so that a typo in a test is
//! reported rather than ignored.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use percent_encoding::percent_decode_str;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::error::AdminError;
use super::table::Route;
use crate::grammar::Cursor;
use crate::mock::Mock;

/// A control request.
pub(super) struct Call<'a> {
    pub(super) mock: &'a Mock,
    /// The path segment at `{id}`.
    pub(super) id: &'a str,
    query: Vec<(&'static str, String)>,
    body: &'a Bytes,
}

impl<'a> Call<'a> {
    pub(super) fn read(
        mock: &'a Mock,
        route: &Route,
        id: &'a str,
        request: &'a Request<Bytes>,
    ) -> Result<Self, AdminError> {
        let body = request.body();
        if route.body.is_none() && !body.is_empty() {
            return Err(AdminError::bad_body("this route takes no body", ""));
        }
        let query = read_query(route, request.uri().query().unwrap_or_default())?;
        Ok(Call {
            mock,
            id,
            query,
            body,
        })
    }

    /// A query parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str, default: u64, most: u64) -> Result<u64, AdminError> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let number = text.parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| {
            AdminError::bad_query(format!("{name}: {text:?} is not a number from 0 to {most}"))
        })
    }

    /// The account named in the query; the first one by default.
    pub(super) fn account(&self) -> Result<Cow<'_, str>, AdminError> {
        let accounts = self.mock.accounts();
        match self.text("account") {
            None => Ok(accounts
                .into_iter()
                .next()
                .map_or(Cow::Borrowed(""), |first| Cow::Owned(first.name))),
            Some(name) => self.known_account(name).map(Cow::Borrowed),
        }
    }

    pub(super) fn known_account<'b>(&self, name: &'b str) -> Result<&'b str, AdminError> {
        let mut accounts = self.mock.accounts().into_iter();
        match accounts.find(|account| account.name == name) {
            Some(_) => Ok(name),
            None => Err(AdminError::unknown("account", name)),
        }
    }

    /// The body. An error says what is wrong, and where.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, AdminError> {
        // Serde would accept an array of the members in order.
        if self.body.trim_ascii_start().starts_with(b"[") {
            return Err(AdminError::bad_body(
                "the body must be a JSON object, not an array",
                "",
            ));
        }
        let mut reader = serde_json::Deserializer::from_slice(self.body);
        let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = pointer(error.path());
            let inner = error.into_inner();
            match inner.classify() {
                Category::Data => AdminError::bad_body(inner.to_string(), pointer),
                _ => AdminError::bad_json(&inner),
            }
        })?;
        reader.end().map_err(|error| AdminError::bad_json(&error))?;
        Ok(read)
    }
}

impl AdminError {
    fn bad_json(error: &serde_json::Error) -> Self {
        let status = http::StatusCode::BAD_REQUEST;
        AdminError::new(
            status,
            "bad_json",
            format!("the body is not valid JSON: {error}"),
        )
    }
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Seq { index } => Some(format!("/{index}")),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            Some(format!("/{}", key.replace('~', "~0").replace('/', "~1")))
        }
        Segment::Unknown => None,
    });
    segments.collect()
}

/// Parses the query: only parameters of the route, each at most once.
fn read_query(route: &Route, query: &str) -> Result<Vec<(&'static str, String)>, AdminError> {
    let mut read: Vec<(&'static str, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let name = decoded(name);
        let known = route.query.iter().map(|parameter| parameter.name);
        let Some(known) = known.clone().find(|known| *known == name) else {
            let names: Vec<&str> = known.collect();
            return Err(AdminError::bad_query(match names.as_slice() {
                [] => format!("this route takes no query parameters, but {name:?} was given"),
                names => format!("unknown query parameter {name:?}: use {}", names.join(", ")),
            }));
        };
        if read.iter().any(|(name, _)| *name == known) {
            return Err(AdminError::bad_query(format!("{known} is given twice")));
        }
        read.push((known, decoded(value)));
    }
    Ok(read)
}

/// `1m30s`, as in faults and plans.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let mut no_files = |_: &str| Err(std::io::ErrorKind::Unsupported.into());
    let mut cursor = Cursor::new(text, &mut no_files);
    let time = cursor
        .duration()
        .map_err(|error| error.message().to_owned())?;
    match cursor.peek() {
        None => Ok(time),
        Some(_) => Err(format!("`{text}` is not a time: write it like 250ms or 2s")),
    }
}

/// A time in a body.
pub(super) struct Time(pub(super) Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time(&text).map(Time).map_err(D::Error::custom)
    }
}
