//! A request and its answer, redacted for reports.

use bytes::Bytes;
use http::{Method, StatusCode};
use kling_mock::{JournalBody, JournalEntry};
use serde_json::Value;

/// One request and its answer, without keys, signatures and images.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The URL, without the values of its query parameters.
    pub url: String,
    /// Whether the request had an `Authorization` header.
    pub authorized: bool,
    /// The request's body.
    pub request: String,
    /// The HTTP status; `None` if there was no answer.
    pub status: Option<u16>,
    /// The answer's body, or the reason why there is none.
    pub answer: String,
}

/// The longest part of a body that a report shows, in characters.
const SHOWN: usize = 2_000;
/// Strings without spaces that are at least this long may be images.
const IMAGE_LENGTH: usize = 256;

impl Exchange {
    pub(crate) fn new(
        (method, url, authorized, body): (&Method, &str, bool, &Bytes),
        answer: Result<(StatusCode, &Bytes), &str>,
        secrets: &[&str],
    ) -> Self {
        let hide = |text: String| {
            let hidden = |text: String, secret: &&str| text.replace(*secret, "***");
            // Truncated last, since a truncated secret would not be recognised.
            truncated((secrets.iter().filter(|secret| !secret.is_empty())).fold(text, hidden))
        };
        Exchange {
            method: method.to_string(),
            url: hide(without_query(url)),
            authorized,
            request: hide(shown(body)),
            status: answer.ok().map(|(status, _)| status.as_u16()),
            answer: match answer {
                Ok((_, body)) => hide(shown(body)),
                Err(why) => hide(why.to_owned()),
            },
        }
    }

    /// From the fake service's journal, which is redacted.
    pub(crate) fn of_entry(entry: &JournalEntry) -> Self {
        let text = |body: &JournalBody| match body.text() {
            Some(text) => truncated(text.to_owned()),
            None if body.is_empty() => String::new(),
            None => format!("({} bytes)", body.bytes()),
        };
        Exchange {
            method: entry.method().into_owned(),
            url: without_query(&entry.path()),
            authorized: entry.headers().contains_key("authorization"),
            request: text(&entry.request_body()),
            status: entry.status().map(|status| status.as_u16()),
            answer: text(&entry.answer_body()),
        }
    }

    /// The request as a `curl` command; the key is taken from `$API_KEY`.
    pub fn curl(&self) -> String {
        let mut line = format!("curl -X {} {}", self.method, quoted(&self.url));
        if self.authorized {
            line.push_str(" -H \"Authorization: Bearer $API_KEY\"");
        }
        if !self.request.is_empty() {
            line.push_str(" -H 'Content-Type: application/json' -d ");
            line.push_str(&quoted(&self.request));
        }
        line
    }
}

/// Quotes a string for a POSIX shell.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value in quotes, or `absent`, for a message.
pub(crate) fn or_absent(value: Option<&str>) -> String {
    value.map_or_else(|| "absent".to_owned(), |text| format!("{text:?}"))
}

/// A body for a report: JSON is redacted, binary data replaced by its length.
fn shown(body: &Bytes) -> String {
    if body.is_empty() {
        return String::new();
    }
    if let Ok(mut json) = serde_json::from_slice::<Value>(body) {
        redact(&mut json);
        return json.to_string();
    }
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("({} bytes)", body.len()),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("://") => *text = without_query(text),
        Value::String(text) if text.len() >= IMAGE_LENGTH && !text.contains(' ') => {
            *text = format!("({} characters)", text.len());
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => members.values_mut().for_each(redact),
        _ => {}
    }
}

/// Removes the values of the query, since a signed URL gives access to the file.
fn without_query(url: &str) -> String {
    let Some((address, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    // Page parameters are not secret, and without them the request would be another one.
    if query.split('&').all(|part| part.starts_with("page")) {
        return url.to_owned();
    }
    let names = query.split('&').map(|part| match part.split_once('=') {
        Some((name, _)) => format!("{name}=***"),
        None => "***".to_owned(),
    });
    format!("{address}?{}", names.collect::<Vec<_>>().join("&"))
}

fn truncated(text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(SHOWN) else {
        return text;
    };
    format!(
        "{}… ({} bytes)",
        text.get(..end).unwrap_or_default(),
        text.len()
    )
}

/// Whether a body contains a null: unset members must be omitted.
pub(crate) fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_signatures_and_images_are_redacted() {
        let picture = "A".repeat(1_000);
        let url = "https://cdn.test/v.mp4?Expires=1&Signature=s3cret";
        let body =
            Bytes::from(json!({"image": picture, "url": url, "say": "it's sk-key"}).to_string());
        let exchange = Exchange::new(
            (&Method::POST, url, true, &body),
            Ok((StatusCode::OK, &body)),
            &["sk-key", ""],
        );
        let all = format!("{exchange:?}{}", exchange.curl());
        for secret in ["s3cret", "sk-key", "AAAA"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
        assert!(all.contains("(1000 characters)"));
        assert!(
            exchange.curl().contains(r"it'\''s ***"),
            "{}",
            exchange.curl()
        );
    }

    #[test]
    fn a_key_at_the_truncation_is_not_shown_in_part() {
        let body = Bytes::from(format!("{} sk-key", " ".repeat(SHOWN - 4)));
        let answer = Ok((StatusCode::OK, &body));
        let request = (&Method::GET, "https://k.test", true, &Bytes::new());
        let exchange = Exchange::new(request, answer, &["sk-key"]);
        assert!(!exchange.answer.contains("sk-"), "{}", exchange.answer);
    }

    #[test]
    fn absent_values_are_described() {
        assert_eq!(or_absent(Some("text/html")), r#""text/html""#);
        assert_eq!(or_absent(None), "absent");
    }

    #[test]
    fn page_parameters_are_not_redacted() {
        let url = "https://kling.test/v1/videos/effects?pageNum=0&pageSize=1";
        assert_eq!(without_query(url), url);
    }
}
