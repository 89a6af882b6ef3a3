//! Rules for one image: a URL, base64 text, or a picture's bytes.

use std::net::IpAddr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::Checks;
use super::fields::{Found, UrlFault, http_host, not_a_string};
use super::rule::Rule;
use super::view::Given;
use crate::image::{Header, HeaderError, MAX_BYTES, MIN_SIDE};
use crate::media::looks_like_url;

/// How much of a base64 text is decoded to find the header: nearly always
/// enough. Where it is not, all of it is.
const HEADER_CHARS: usize = 64 * 1024;

/// Takes what encoders leave in the last digit's unused bits, as other decoders
/// do. The rules here have looked at everything else.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

pub(super) fn check(image: Given<'_>, pointer: &str, checks: &Checks, found: &mut Found) {
    match image {
        Given::Nothing => {}
        Given::Other(value) => found.add(pointer, Rule::ImageType, not_a_string(value)),
        Given::Picture(bytes) => {
            if checks.pictures {
                check_picture(Header::read(bytes), pointer, found);
            } else if bytes.is_empty() {
                found.add(pointer, Rule::ImageEmpty, "is empty");
            }
        }
        Given::Text("") => found.add(pointer, Rule::ImageEmpty, "is empty"),
        // White space before it is a slip, and no reason to be read as base64.
        Given::Text(text) if looks_like_url(text.trim_start()) => check_url(text, pointer, found),
        Given::Text(text) => check_base64(text, pointer, checks, found),
    }
}

fn check_url(text: &str, pointer: &str, found: &mut Found) {
    match http_host(text) {
        Ok(host) if is_local(&host) => {
            let message =
                format!("{host} is a local host: the service must be able to fetch the image");
            found.add(pointer, Rule::ImageUrlLocal, message);
        }
        Ok(_) => {}
        Err(fault @ UrlFault::Scheme) => {
            found.add(
                pointer,
                Rule::ImageUrlScheme,
                fault.sentence(text, "photo.jpg"),
            );
        }
        Err(fault @ (UrlFault::Malformed | UrlFault::Host)) => {
            found.add(pointer, Rule::ImageUrl, fault.sentence(text, "photo.jpg"));
        }
    }
}

fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        Err(_) => {
            let name = bare.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn check_base64(text: &str, pointer: &str, checks: &Checks, found: &mut Found) {
    let mut sound = true;
    let mut fault = |rule: Rule, message: String| {
        sound = false;
        found.add(pointer, rule, message);
    };

    let data = match split_data_prefix(text.trim_start()) {
        Some(data) => {
            fault(
                Rule::ImageDataPrefix,
                "has a data: prefix: send the base64 alone".to_owned(),
            );
            data
        }
        None => text,
    };

    let mut spaces = text.starts_with(char::is_whitespace);
    let (mut url_safe, mut foreign) = (false, None);
    let (mut digits, mut padding, mut misplaced) = (0_usize, 0_usize, false);
    for c in data.chars() {
        match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => {
                digits += 1;
                misplaced |= padding > 0;
            }
            '-' | '_' => {
                digits += 1;
                url_safe = true;
                misplaced |= padding > 0;
            }
            '=' => padding += 1,
            c if c.is_whitespace() => spaces = true,
            c => foreign = foreign.or(Some(c)),
        }
    }

    if let Some(c) = foreign {
        let message = format!(
            "is neither an http(s) URL nor base64: {c:?} does not belong; \
             to send a file, give its bytes as base64"
        );
        return fault(Rule::ImageNotBase64, message);
    }
    if spaces {
        fault(
            Rule::ImageWhitespace,
            "has white space: send the base64 in one line".to_owned(),
        );
    }
    if url_safe {
        let message = "has - or _ of the URL-safe alphabet: encode with + and /".to_owned();
        fault(Rule::ImageUrlSafe, message);
    }
    if digits == 0 {
        return fault(Rule::ImageEmpty, "is empty".to_owned());
    }
    if misplaced || (digits + padding) % 4 != 0 || padding > 2 {
        let message =
            "does not end as base64 does: is it cut short, or its padding missing?".to_owned();
        fault(Rule::ImagePadding, message);
    }
    if sound && checks.pictures {
        check_picture(read_base64_header(data), pointer, found);
    }
}

/// What follows `data:image/png;base64,`.
fn split_data_prefix(text: &str) -> Option<&str> {
    let head = text.get(..5)?;
    if !head.eq_ignore_ascii_case("data:") {
        return None;
    }
    Some(text.split_once(',').map_or("", |(_, data)| data))
}

fn read_base64_header(data: &str) -> Result<Header, HeaderError> {
    let read = |part: &str| {
        let bytes = LENIENT.decode(part).map_err(|_| HeaderError::Damaged)?;
        Header::read(&bytes)
    };
    let mut header = match data.get(..HEADER_CHARS).map(read) {
        None | Some(Err(HeaderError::Damaged)) => read(data)?,
        Some(result) => result?,
    };
    header.byte_len = base64_len(data);
    Ok(header)
}

/// How many bytes a sound base64 text stands for.
fn base64_len(data: &str) -> usize {
    data.trim_end_matches('=').len() * 3 / 4
}

fn check_picture(header: Result<Header, HeaderError>, pointer: &str, found: &mut Found) {
    let header = match header {
        Ok(header) => header,
        Err(error) => {
            let rule = match error {
                HeaderError::Empty => Rule::ImageEmpty,
                HeaderError::Damaged => Rule::ImageDamaged,
                HeaderError::OtherFormat(_) | HeaderError::NotAnImage => Rule::ImageFormat,
            };
            return found.add(pointer, rule, format!("can't be used: {error}"));
        }
    };
    let Header {
        width,
        height,
        byte_len,
        ..
    } = header;
    let mut fault = |rule: Rule, message: String| found.add(pointer, rule, message);
    if !header.pixels_accepted() {
        fault(
            Rule::ImagePixels,
            format!(
                "has {width} x {height} pixels: use a picture of at least {MIN_SIDE} on each side"
            ),
        );
    }
    if header.is_huge() {
        fault(
            Rule::ImageHuge,
            format!("claims {width} x {height} pixels: use a smaller picture"),
        );
    }
    if !header.aspect_accepted() {
        fault(
            Rule::ImageAspect,
            format!("has {width} x {height} pixels: crop it to between 1:2.5 and 2.5:1"),
        );
    }
    if !header.bytes_accepted() {
        fault(
            Rule::ImageBytes,
            format!("has {byte_len} bytes: use a picture of at most {MAX_BYTES}"),
        );
    }
}
