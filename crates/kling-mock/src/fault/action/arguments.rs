//! Parses arguments of an action that are more than a number.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use kling_types::code::DOCUMENTED;
use kling_types::{ApiCode, TaskState, TaskStatus};

use super::Result;
use crate::fault::{Action, Corruption, Delay};
use crate::grammar::{Cursor, Token, choose};

/// The statuses that end a request with a body.
fn status(cursor: &Cursor<'_>, word: Token<'_>) -> Result<StatusCode> {
    let status = word
        .text
        .parse()
        .ok()
        .filter(|status| (200..600).contains(status));
    let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) else {
        let message = format!("`{}` is not an HTTP status from 200 to 599", word.text);
        return Err(cursor.error(word.at, message));
    };
    if matches!(status.as_u16(), 204 | 205 | 304) {
        let message = format!(
            "HTTP {} has no body, so it can't contain an error",
            status.as_u16()
        );
        return Err(cursor.error(word.at, message));
    }
    Ok(status)
}

pub(super) fn status_action(cursor: &mut Cursor<'_>, word: Token<'_>) -> Result<Action> {
    let status = status(cursor, word)?;
    let code = if cursor.eat('/') {
        Some(business_code(cursor)?)
    } else {
        None
    };
    if code.is_none() && status.is_success() {
        let message = format!(
            "{word} alone is not a fault: add a business code, such as {word}/5000",
            word = word.text
        );
        return Err(cursor.error(word.at, message));
    }
    let retry_after = if cursor.eat('+') {
        let name = cursor.word();
        choose(
            cursor,
            name,
            "what can be added to a status",
            &[("retry_after", ())],
        )?;
        cursor.expect('=', "`retry_after`")?;
        let at = cursor.here();
        let wait = cursor.duration()?;
        if wait.subsec_millis() != 0 {
            return Err(cursor.error(at, "Retry-After must be a whole number of seconds"));
        }
        Some(wait.as_secs())
    } else {
        None
    };
    Ok(Action::Status {
        status,
        code,
        retry_after,
    })
}

fn business_code(cursor: &mut Cursor<'_>) -> Result<ApiCode> {
    let word = cursor.word();
    let codes: Vec<_> = DOCUMENTED
        .iter()
        .map(|row| (row.code.to_string(), row.code))
        .collect();
    let table: Vec<_> = codes
        .iter()
        .map(|(word, code)| (word.as_str(), *code))
        .collect();
    choose(cursor, word, "a documented business code", &table)
}

pub(super) fn raw(cursor: &mut Cursor<'_>) -> Result<Action> {
    cursor.expect('(', "`raw`")?;
    let word = cursor.word();
    let status = status(cursor, word)?;
    cursor.expect(',', "the status")?;
    let at = cursor.here();
    let text = cursor.string("a content type", &[',', ')'])?;
    let content_type = HeaderValue::from_str(&text)
        .ok()
        .filter(|value| text.contains('/') && value.to_str().is_ok());
    let content_type = content_type.ok_or_else(|| {
        let message = format!("`{text}` is not a content type, like text/html; charset=utf-8");
        cursor.error(at, message)
    })?;
    cursor.expect(',', "the content type")?;
    let at = cursor.here();
    let body = match cursor.peek() {
        Some('"') => cursor.quoted()?,
        Some('@') => {
            cursor.expect('@', "the content type")?;
            let path = cursor.string("the path of a file", &[')'])?;
            (cursor.files)(&path)
                .map_err(|error| cursor.error(at, format!("cannot read `{path}`: {error}")))?
        }
        _ => {
            let message = "expected the body: text in quotes, or @ and the path of a file";
            return Err(cursor.error(at, message));
        }
    };
    cursor.expect(')', "the body")?;
    Ok(Action::Raw {
        status,
        content_type,
        body: Bytes::from(body),
    })
}

pub(super) fn delay(cursor: &mut Cursor<'_>) -> Result<Action> {
    type Spread = fn(&mut Cursor<'_>) -> Result<Delay>;
    const SPREADS: &[(&str, Spread)] = &[
        ("fixed", |cursor| cursor.some_time().map(Delay::Fixed)),
        ("uniform", |cursor| {
            let at = cursor.here();
            let least = cursor.duration()?;
            cursor.expect(',', "the shortest time")?;
            let most = cursor.some_time()?;
            if most < least {
                return Err(cursor.error(at, "the range is reversed: write the shorter time first"));
            }
            Ok(Delay::Uniform(least, most))
        }),
        ("lognormal", |cursor| {
            let median = cursor.some_time()?;
            cursor.expect(',', "the median")?;
            let at = cursor.here();
            let sigma = cursor.decimal("sigma")?;
            if !(0.0..=10.0).contains(&sigma) {
                return Err(cursor.error(at, format!("sigma must be from 0 to 10, not {sigma}")));
            }
            cursor.expect(',', "sigma")?;
            let at = cursor.here();
            let max = cursor.duration()?;
            if max < median {
                return Err(cursor.error(at, "the maximum is shorter than the median"));
            }
            Ok(Delay::LogNormal { median, sigma, max })
        }),
    ];
    cursor.expect('=', "`delay`")?;
    if cursor.peek().is_some_and(|c| c.is_ascii_digit()) {
        let time = cursor.some_time()?;
        return Ok(Action::Delay(Delay::Fixed(time)));
    }
    let word = cursor.word();
    let spread = choose(cursor, word, "a time like 2s or a spread of times", SPREADS)?;
    cursor.expect('(', &format!("`{}`", word.text))?;
    let delay = spread(cursor)?;
    cursor.expect(')', "the times")?;
    Ok(Action::Delay(delay))
}

pub(super) fn chunk(cursor: &mut Cursor<'_>) -> Result<Action> {
    cursor.expect('=', "`chunk`")?;
    let bytes = cursor.count("the number of bytes")?;
    cursor.expect(',', "the number of bytes")?;
    let word = cursor.word();
    choose(cursor, word, "what `chunk` needs next", &[("gap", ())])?;
    cursor.expect('=', "`gap`")?;
    let gap = cursor.some_time()?;
    Ok(Action::Chunk { bytes, gap })
}

pub(super) fn json(cursor: &mut Cursor<'_>) -> Result<Action> {
    type Read = fn(&mut Cursor<'_>) -> Result<Corruption>;
    const CORRUPTIONS: &[(&str, Read)] = &[
        ("cut", |_| Ok(Corruption::Cut)),
        ("missing_field", |cursor| {
            pointer(cursor).map(Corruption::MissingField)
        }),
        ("wrong_type", |cursor| {
            pointer(cursor).map(Corruption::WrongType)
        }),
        ("null", |cursor| pointer(cursor).map(Corruption::Null)),
        ("dup_key", |_| Ok(Corruption::DuplicateKey)),
        ("bom", |_| Ok(Corruption::ByteOrderMark)),
        ("unknown_status", |cursor| {
            new_status(cursor).map(Corruption::UnknownStatus)
        }),
    ];
    cursor.expect('=', "`json`")?;
    let word = cursor.word();
    let read = choose(cursor, word, "a way to break JSON", CORRUPTIONS)?;
    read(cursor).map(Action::Json)
}

/// A JSON Pointer (RFC 6901) in parentheses.
fn pointer(cursor: &mut Cursor<'_>) -> Result<String> {
    cursor.expect('(', "what breaks")?;
    let at = cursor.here();
    let pointer = cursor.string("a JSON Pointer like /data/task_id", &[')'])?;
    let escapes = pointer
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    if !pointer.starts_with('/') || !escapes {
        let message = format!("`{pointer}` is not a JSON Pointer like /data/task_id");
        return Err(cursor.error(at, message));
    }
    cursor.expect(')', "the pointer")?;
    Ok(pointer)
}

fn new_status(cursor: &mut Cursor<'_>) -> Result<String> {
    cursor.expect('(', "`unknown_status`")?;
    let at = cursor.here();
    let word = cursor.string("a word", &[')'])?;
    if TaskStatus::from(word.as_str()).state() != TaskState::Unknown {
        return Err(cursor.error(at, format!("`{word}` is a known status: use another word")));
    }
    cursor.expect(')', "the word")?;
    Ok(word)
}
