//! Interprets the status and headers of a download's response. Pure functions.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::transport::Body;

/// The response to one request: the file from position `at`.
pub(super) struct Part {
    /// The position in the file at which the body begins.
    pub(super) at: u64,
    pub(super) known: Known,
    pub(super) body: Body,
}

/// What is known about a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Its length, if the host says.
    pub(super) total: Option<u64>,
    /// Its strong `ETag`, if there is one.
    pub(super) validator: Option<HeaderValue>,
}

/// The rest of a file, to be requested.
pub(super) struct Rest {
    pub(super) from: u64,
    pub(super) total: Option<u64>,
    pub(super) validator: HeaderValue,
}

pub(super) fn read_head(
    status: StatusCode,
    headers: &HeaderMap,
    body: Body,
    rest: Option<&Rest>,
    size_limit: u64,
) -> Result<Part> {
    check_status(status, rest)?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(CONTENT_TYPE).is_some_and(is_text) {
        return Err(no_video().with_status(status));
    }
    // `identity` was requested. In another coding, lengths and ranges would differ.
    if let Some(coding) = text(CONTENT_ENCODING)
        && !matches!(coding.trim().to_ascii_lowercase().as_str(), "" | "identity")
    {
        let text = "the result's host sends it compressed, which was not asked for";
        return Err(Error::new(ErrorKind::Download, text).with_status(status));
    }
    let (at, total) = if status == StatusCode::PARTIAL_CONTENT {
        let range = text(CONTENT_RANGE).and_then(read_content_range);
        let (start, total) = range.ok_or_else(|| does_not_fit(status))?;
        let expected = rest.map_or((0, None), |rest| (rest.from, rest.total));
        // Some hosts resume a different file in spite of `If-Range`. A host that sent
        // an `ETag` must repeat it (RFC 9110, 15.3.7).
        let same = rest.is_none_or(|rest| headers.get(ETAG) == Some(&rest.validator));
        if !same || start != expected.0 || expected.1.is_some_and(|known| known != total) {
            return Err(does_not_fit(status));
        }
        (start, Some(total))
    } else {
        // The header takes precedence over the length that the transport knows:
        // otherwise a truncated body would not be noticed.
        let declared = text(CONTENT_LENGTH).and_then(|text| text.trim().parse().ok());
        let total = declared.or_else(|| http_body::Body::size_hint(&body).exact());
        (0, total)
    };
    check_length(total.unwrap_or_default(), None, size_limit)?;
    // Only a strong validator proves that two parts belong to one file.
    let validator = headers
        .get(ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"))
        .cloned();
    let known = Known { total, validator };
    Ok(Part { at, known, body })
}

fn check_status(status: StatusCode, rest: Option<&Rest>) -> Result<()> {
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => Ok(()),
        // The usual answers for a signed address that has expired.
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            let text = format!(
                "the result's address is no longer valid (HTTP {}): query the task for a fresh one",
                status.as_u16()
            );
            Err(Error::new(ErrorKind::ResultExpired, text).with_status(status))
        }
        StatusCode::RANGE_NOT_SATISFIABLE if rest.is_some() => Err(does_not_fit(status)),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            let text = format!("the result's host failed with HTTP {}", status.as_u16());
            Err(temporary(text).with_status(status))
        }
        _ => {
            let text = format!("the result's host answered HTTP {}", status.as_u16());
            Err(Error::new(ErrorKind::Download, text).with_status(status))
        }
    }
}

/// Rejects a length above the one that the host declared, or above the size limit.
pub(super) fn check_length(bytes: u64, total: Option<u64>, size_limit: u64) -> Result<()> {
    let limit = total.unwrap_or(size_limit);
    if bytes <= limit {
        return Ok(());
    }
    let text = format!("the result is longer than the {limit} bytes it may have");
    Err(Error::new(ErrorKind::Download, text))
}

/// The error for a page or a message in place of a file.
pub(super) fn no_video() -> Error {
    let text = "the result's address leads to a text, not to a video";
    Error::new(ErrorKind::Download, text)
}

/// Whether a content type is that of a page or a message.
fn is_text(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let ends = ["/json", "/xml", "+json", "+xml"];
    essence.starts_with("text/") || ends.iter().any(|end| essence.ends_with(end))
}

/// `bytes 10-99/100` as the first position and the file's length.
fn read_content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end, total) = (start.parse().ok()?, end.parse().ok()?, total.parse().ok()?);
    (start <= end && end < total).then_some((start, total))
}

pub(super) fn temporary(text: String) -> Error {
    Error::new(ErrorKind::Download, text).with_retryability(Retryability::Temporary)
}

fn does_not_fit(status: StatusCode) -> Error {
    temporary("the result's host sent another part than asked for".to_owned()).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        let check = |text: &str, expected| assert_eq!(read_content_range(text), expected, "{text}");
        check("bytes 0-99/100", Some((0, 100)));
        check(" bytes 50-99/100 ", Some((50, 100)));
        check("bytes 10-19/100", Some((10, 100)));
        for nonsense in [
            "",
            "bytes",
            "bytes */100",
            "bytes 50-99/*",
            "bytes 50-100/100",
            "bytes 99-50/100",
            "bytes -1-99/100",
            "bytes 0-99",
            "items 0-99/100",
            "bytes 0-99/99999999999999999999",
        ] {
            check(nonsense, None);
        }
    }

    #[test]
    fn lengths() {
        let check = |bytes, total, expected| {
            let checked = check_length(bytes, total, 1_000);
            assert_eq!(checked.is_ok(), expected, "{bytes} of {total:?}");
        };
        check(0, None, true);
        check(100, Some(100), true);
        check(101, Some(100), false);
        check(1_000, None, true);
        check(1_001, None, false);
        check(u64::MAX, None, false);
    }
}
