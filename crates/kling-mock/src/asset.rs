//! Serves finished videos over HTTP, whole or by range.

use std::ops::RangeInclusive;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

/// The answer to `GET` for a file, or to `HEAD` before its body is dropped.
pub(crate) fn answer(
    method: &Method,
    headers: &HeaderMap,
    file: Bytes,
    etag: &str,
) -> Response<Bytes> {
    let tag = format!("\"{etag}\"");
    // Ranges are defined for GET only (RFC 9110, 14.2).
    let wanted = match *method {
        Method::GET => wanted(headers, &tag, file.len()),
        _ => Wanted::All,
    };
    let (status, content_range, body) = match wanted {
        Wanted::All => (StatusCode::OK, None, file),
        Wanted::Part(part) => {
            let range = format!("bytes {}-{}/{}", part.start(), part.end(), file.len());
            (StatusCode::PARTIAL_CONTENT, Some(range), file.slice(part))
        }
        Wanted::Nothing => {
            let range = format!("bytes */{}", file.len());
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range), Bytes::new())
        }
    };

    let length = body.len().to_string();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let mut set = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            answer.headers_mut().insert(name, value);
        }
    };
    set(CONTENT_TYPE, "video/mp4");
    set(ACCEPT_RANGES, "bytes");
    set(ETAG, &tag);
    set(CONTENT_LENGTH, &length);
    if let Some(text) = content_range {
        set(CONTENT_RANGE, &text);
    }
    answer
}

/// Whether `Range` changes the answer.
pub(crate) fn is_for_a_part(method: &Method, headers: &HeaderMap, etag: &str) -> bool {
    let tag = format!("\"{etag}\"");
    // The result does not depend on the length of the file.
    *method == Method::GET && !matches!(wanted(headers, &tag, 0), Wanted::All)
}

enum Wanted {
    All,
    Part(RangeInclusive<usize>),
    /// A range beyond the end of the file.
    Nothing,
}

/// The requested range. Several ranges and invalid headers get the whole file, as RFC
/// 9110 allows.
fn wanted(headers: &HeaderMap, etag: &str, length: usize) -> Wanted {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(range) = text(RANGE) else {
        return Wanted::All;
    };
    if text(IF_RANGE).is_some_and(|tag| tag != etag) {
        return Wanted::All;
    }
    part(range, length)
}

/// One range of bytes (RFC 9110, 14.1.2).
fn part(range: &str, length: usize) -> Wanted {
    let spec = range
        .split_once('=')
        .filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"))
        .and_then(|(_, spec)| spec.split_once('-'));
    let Some((first, last)) = spec else {
        return Wanted::All;
    };
    let (from, to) = match (position(first), position(last)) {
        (Some(first), Some(last)) if first <= last => (first, last),
        (Some(first), None) if last.is_empty() => (first, usize::MAX),
        (None, Some(suffix)) if first.is_empty() => (length.saturating_sub(suffix), usize::MAX),
        _ => return Wanted::All,
    };
    if from < length {
        Wanted::Part(from..=to.min(length - 1))
    } else {
        Wanted::Nothing
    }
}

/// A number; one that overflows is beyond every end.
fn position(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}
