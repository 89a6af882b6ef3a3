//! Finished videos as files over HTTP: whole or in part.

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

enum Wanted {
    All,
    Part(RangeInclusive<usize>),
    /// A range that the file does not have.
    Nothing,
}

/// What the headers ask for. Several ranges at once, and headers that make no
/// sense, get the whole file, as RFC 9110 allows.
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
    let Ok(parsed) = http_range_header::parse_range_header(range) else {
        return Wanted::All;
    };
    match parsed.validate(length as u64).as_deref() {
        Ok([part]) => match (usize::try_from(*part.start()), usize::try_from(*part.end())) {
            (Ok(start), Ok(end)) if end < length => Wanted::Part(start..=end),
            _ => Wanted::Nothing,
        },
        Ok(_) => Wanted::All,
        Err(_) => Wanted::Nothing,
    }
}
