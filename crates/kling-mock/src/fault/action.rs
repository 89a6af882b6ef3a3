//! From text to an action: its words, and what follows each.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use kling_types::code::DOCUMENTED;
use kling_types::{ApiCode, TaskState, TaskStatus};

use super::cursor::{Cursor, Token};
use super::error::{FaultError, unknown};
use super::parse::choose;
use super::preset::Preset;
use super::{Action, AssetFault, CallbackFault, Corruption, Delay, Loss, Operation, ReadFault};

type Result<T> = std::result::Result<T, FaultError>;

/// Reads what follows an action's word.
type Arguments = fn(&mut Cursor<'_>) -> Result<Action>;

/// What can happen to any answer.
const ANSWERS: &[(&str, Arguments)] = &[
    ("raw", raw),
    ("html301", |_| Ok(Action::Preset(Preset::Html301))),
    ("html502", |_| Ok(Action::Preset(Preset::Html502))),
    ("nested_error", |_| Ok(Action::Preset(Preset::NestedError))),
    ("code400", |_| Ok(Action::Preset(Preset::Code400))),
    ("saturated", |_| Ok(Action::Preset(Preset::Saturated))),
    ("quota_not_enough", |_| {
        Ok(Action::Preset(Preset::QuotaNotEnough))
    }),
    ("model_not_found", |_| {
        Ok(Action::Preset(Preset::ModelNotFound))
    }),
    ("invalid_request", |_| {
        Ok(Action::Preset(Preset::InvalidRequest))
    }),
    ("delay", delay),
    ("reset", |_| Ok(Action::Lose(Loss::Reset))),
    ("close", |_| Ok(Action::Lose(Loss::Close))),
    ("empty", |_| Ok(Action::Lose(Loss::Empty))),
    ("hang", |_| Ok(Action::Lose(Loss::Hang))),
    ("truncate", |cursor| {
        cursor.expect('=', "`truncate`")?;
        cursor.number("a number of bytes").map(Action::Truncate)
    }),
    ("slow", |cursor| {
        cursor.expect('=', "`slow`")?;
        cursor
            .count("the number of bytes a second")
            .map(Action::Slow)
    }),
    ("chunk", chunk),
    ("json", json),
];

const READS: &[(&str, Arguments)] = &[
    ("stale", |cursor| {
        cursor.expect('=', "`stale`")?;
        let reads = cursor.count("the number of reads")?;
        Ok(Action::Read(ReadFault::Stale(reads)))
    }),
    ("lag", |cursor| {
        cursor.expect('=', "`lag`")?;
        let reads = cursor.count("the number of reads")?;
        Ok(Action::Read(ReadFault::Lag(reads)))
    }),
    ("regress", |_| Ok(Action::Read(ReadFault::Regress))),
];

const ASSETS: &[(&str, Arguments)] = &[
    ("expired", |_| Ok(Action::Asset(AssetFault::Expired))),
    ("wrong_type", |_| Ok(Action::Asset(AssetFault::WrongType))),
    ("range_ignored", |_| {
        Ok(Action::Asset(AssetFault::RangeIgnored))
    }),
];

const CALLBACKS: &[(&str, Arguments)] = &[
    ("drop", |_| Ok(Action::Callback(CallbackFault::Drop))),
    ("dup", |cursor| {
        cursor.expect('=', "`dup`")?;
        let at = cursor.here();
        match cursor.count("how often it is sent")? {
            1 => Err(cursor.error(at, "sent once is no duplicate: write dup=2 or more")),
            count => Ok(Action::Callback(CallbackFault::Duplicate(count))),
        }
    }),
    ("reorder", |_| Ok(Action::Callback(CallbackFault::Reorder))),
    ("late", |cursor| {
        cursor.expect('=', "`late`")?;
        let late = cursor.some_time()?;
        Ok(Action::Callback(CallbackFault::Late(late)))
    }),
    ("bad_sig", |_| {
        Ok(Action::Callback(CallbackFault::BadSignature))
    }),
    ("stale_ts", |_| {
        Ok(Action::Callback(CallbackFault::StaleTimestamp))
    }),
    ("wrong_secret", |_| {
        Ok(Action::Callback(CallbackFault::WrongSecret))
    }),
    ("no_headers", |_| {
        Ok(Action::Callback(CallbackFault::NoHeaders))
    }),
];

/// `word` is what it begins with.
pub(super) fn action(
    cursor: &mut Cursor<'_>,
    word: Token<'_>,
    operation: Option<Operation>,
) -> Result<Action> {
    if word.text.starts_with(|c: char| c.is_ascii_digit()) {
        return status_action(cursor, word);
    }
    let all = [ANSWERS, READS, ASSETS, CALLBACKS];
    let known = all
        .iter()
        .copied()
        .flatten()
        .find(|(known, _)| *known == word.text);
    if let Some((_, arguments)) = known {
        return arguments(cursor);
    }
    // What this operation cannot meet is of no help.
    let tables: &[_] = match operation {
        Some(Operation::Callback) => &[CALLBACKS],
        Some(Operation::Asset) => &[ANSWERS, ASSETS],
        Some(Operation::Get | Operation::List) => &[ANSWERS, READS],
        Some(Operation::Create) | None => &[ANSWERS],
    };
    let status = (operation != Some(Operation::Callback)).then_some("an HTTP status");
    let words = tables.iter().copied().flatten().map(|(word, _)| *word);
    let words: Vec<_> = status.into_iter().chain(words).collect();
    Err(cursor.error(word.at, unknown(word.text, "an action", &words)))
}

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
            "HTTP {} has no body, so it cannot say what is wrong",
            status.as_u16()
        );
        return Err(cursor.error(word.at, message));
    }
    Ok(status)
}

fn status_action(cursor: &mut Cursor<'_>, word: Token<'_>) -> Result<Action> {
    let status = status(cursor, word)?;
    let code = if cursor.eat('/') {
        Some(business_code(cursor)?)
    } else {
        None
    };
    if code.is_none() && status.is_success() {
        let message = format!(
            "{word} alone is no fault: add a business code, like {word}/5000",
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
            return Err(cursor.error(at, "Retry-After counts whole seconds"));
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

fn raw(cursor: &mut Cursor<'_>) -> Result<Action> {
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

fn delay(cursor: &mut Cursor<'_>) -> Result<Action> {
    type Spread = fn(&mut Cursor<'_>) -> Result<Delay>;
    const SPREADS: &[(&str, Spread)] = &[
        ("fixed", |cursor| cursor.some_time().map(Delay::Fixed)),
        ("uniform", |cursor| {
            let at = cursor.here();
            let least = cursor.duration()?;
            cursor.expect(',', "the shortest time")?;
            let most = cursor.some_time()?;
            if most < least {
                return Err(
                    cursor.error(at, "the range runs backwards: the shorter time comes first")
                );
            }
            Ok(Delay::Uniform(least, most))
        }),
        ("lognormal", |cursor| {
            let median = cursor.some_time()?;
            cursor.expect(',', "the median")?;
            let at = cursor.here();
            let sigma = cursor.decimal("sigma")?;
            if !(0.0..=10.0).contains(&sigma) {
                return Err(cursor.error(at, format!("sigma is from 0 to 10, not {sigma}")));
            }
            cursor.expect(',', "sigma")?;
            let at = cursor.here();
            let max = cursor.duration()?;
            if max < median {
                return Err(cursor.error(at, "the longest time is shorter than the median"));
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

fn chunk(cursor: &mut Cursor<'_>) -> Result<Action> {
    cursor.expect('=', "`chunk`")?;
    let bytes = cursor.count("the number of bytes")?;
    cursor.expect(',', "the number of bytes")?;
    let word = cursor.word();
    choose(cursor, word, "what `chunk` needs next", &[("gap", ())])?;
    cursor.expect('=', "`gap`")?;
    let gap = cursor.some_time()?;
    Ok(Action::Chunk { bytes, gap })
}

fn json(cursor: &mut Cursor<'_>) -> Result<Action> {
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
        return Err(cursor.error(at, format!("`{word}` is a known status: take another word")));
    }
    cursor.expect(')', "the word")?;
    Ok(word)
}

#[cfg(test)]
mod tests {
    use crate::fault::Fault;

    use super::*;

    #[test]
    fn every_word_is_listed_once_and_written_back() {
        let examples = [
            "create:503",
            "create:429/1302",
            "create:401/1004",
            "create:500/5000",
            "create:429/1303+retry_after=2s",
            r#"create:raw(502, text/html, "no")"#,
            "any:html301",
            "any:html502",
            "any:nested_error",
            "any:code400",
            "any:saturated",
            "any:quota_not_enough",
            "any:model_not_found",
            "any:invalid_request",
            "any:delay=2s",
            "any:delay=uniform(1s, 2s)",
            "any:delay=lognormal(1s, 0.5, 9s)",
            "any:reset",
            "any:close",
            "any:empty",
            "any:hang",
            "any:truncate=0",
            "any:slow=100",
            "any:chunk=10,gap=1s",
            "any:json=cut",
            "any:json=missing_field(/a)",
            "any:json=wrong_type(/a/0)",
            "any:json=null(/a~1b)",
            "any:json=dup_key",
            "any:json=bom",
            "any:json=unknown_status(paused)",
            "get:stale=2",
            "list:lag=1",
            "get:regress",
            "asset:403",
            "asset:404",
            "asset:expired",
            "asset:wrong_type",
            "asset:range_ignored",
            "callback:drop",
            "callback:dup=2",
            "callback:reorder",
            "callback:late=5s",
            "callback:bad_sig",
            "callback:stale_ts",
            "callback:wrong_secret",
            "callback:no_headers",
        ];
        for text in examples {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        let words = [ANSWERS, READS, ASSETS, CALLBACKS].into_iter().flatten();
        for (word, _) in words {
            let shown = examples.iter().filter(|text| {
                let action = text.split_once(':').unwrap().1;
                action.split(['=', '(']).next() == Some(*word)
            });
            assert!(shown.count() > 0, "{word}");
        }
    }

    #[test]
    fn a_file_becomes_part_of_the_fault() {
        let text = "any:raw(502, text/html, @pages/502 (old).html)";
        let error = Fault::parse_with_files(text, |_| Ok(Vec::new())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column 41: after the action come xN, then `optional`, then the end, found `.`"
        );

        let text = r#"any:raw(502, text/html, @"pages/502 (old).html")"#;
        let mut paths = Vec::new();
        let fault = Fault::parse_with_files(text, |path| {
            paths.push(path.to_owned());
            Ok(b"<p>\xff</p>".to_vec())
        });
        assert_eq!(paths, ["pages/502 (old).html"]);
        assert_eq!(
            fault.unwrap().to_string(),
            r#"any:raw(502, text/html, "<p>\xff</p>")"#
        );
    }

    const REFUSED: &[(&str, &str)] = &[
        (
            "create:",
            "column 8: expected an action: an HTTP status, raw, html301, html502, nested_error, code400, saturated, quota_not_enough, model_not_found, invalid_request, delay, reset, close, empty, hang, truncate, slow, chunk, json",
        ),
        (
            "create:rset",
            "column 8: `rset` is not an action; did you mean `reset`? (known: an HTTP status, raw, html301, html502, nested_error, code400, saturated, quota_not_enough, model_not_found, invalid_request, delay, reset, close, empty, hang, truncate, slow, chunk, json)",
        ),
        (
            "create:199",
            "column 8: `199` is not an HTTP status from 200 to 599",
        ),
        (
            "create:600",
            "column 8: `600` is not an HTTP status from 200 to 599",
        ),
        (
            "create:200",
            "column 8: 200 alone is no fault: add a business code, like 200/5000",
        ),
        (
            "create:204/5000",
            "column 8: HTTP 204 has no body, so it cannot say what is wrong",
        ),
        (
            "create:5o3",
            "column 8: `5o3` is not an HTTP status from 200 to 599",
        ),
        (
            "create:429/1305",
            "column 12: `1305` is not a documented business code; did you mean `1300`? (known: 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301, 1302, 1303, 1304, 5000, 5001, 5002)",
        ),
        (
            "create:429/",
            "column 12: expected a documented business code: 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301, 1302, 1303, 1304, 5000, 5001, 5002",
        ),
        (
            "create:429+retry=2s",
            "column 12: `retry` is not what can be added to a status (known: retry_after)",
        ),
        (
            "create:429+retry_after=1500ms",
            "column 24: Retry-After counts whole seconds",
        ),
        (
            "create:429+retry_after=soon",
            "column 24: `soon` is not a time: write it like 250ms, 2s, 1m30s or 2h",
        ),
        (
            "create:delay",
            "column 13: expected `=` after `delay`, found the end",
        ),
        (
            "create:delay=",
            "column 14: expected a time like 2s or a spread of times: fixed, uniform, lognormal",
        ),
        ("create:delay=0s", "column 14: no time at all is no fault"),
        (
            "create:delay=2",
            "column 14: `2` is not a time: write it like 250ms, 2s, 1m30s or 2h",
        ),
        (
            "create:delay=2x",
            "column 14: `2x` is not a time: write it like 250ms, 2s, 1m30s or 2h",
        ),
        (
            "create:delay=30s1m",
            "column 14: `30s1m` is not a time: write it like 250ms, 2s, 1m30s or 2h",
        ),
        (
            "create:delay=99999999999999999h",
            "column 14: `99999999999999999h` is not a time: write it like 250ms, 2s, 1m30s or 2h",
        ),
        (
            "create:delay=unifrm(1s,2s)",
            "column 14: `unifrm` is not a time like 2s or a spread of times; did you mean `uniform`? (known: fixed, uniform, lognormal)",
        ),
        (
            "create:delay=uniform(2s,1s)",
            "column 22: the range runs backwards: the shorter time comes first",
        ),
        (
            "create:delay=lognormal(1s,11,2s)",
            "column 27: sigma is from 0 to 10, not 11",
        ),
        (
            "create:delay=lognormal(1s,1,500ms)",
            "column 29: the longest time is shorter than the median",
        ),
        (
            "create:raw",
            "column 11: expected `(` after `raw`, found the end",
        ),
        (
            r#"create:raw(502, html, "x")"#,
            "column 17: `html` is not a content type, like text/html; charset=utf-8",
        ),
        (
            "create:raw(502, text/html, x)",
            "column 28: expected the body: text in quotes, or @ and the path of a file",
        ),
        (
            r#"create:raw(502, text/html, "x""#,
            "column 31: expected `)` after the body, found the end",
        ),
        (
            "create:raw(502, text/html, @a.html)",
            "column 28: cannot read `a.html`: no files are read here, give the text in quotes",
        ),
        (
            "get:truncate=-1",
            "column 14: expected a number of bytes, found `-`",
        ),
        (
            "get:truncate",
            "column 13: expected `=` after `truncate`, found the end",
        ),
        (
            "get:slow=0",
            "column 10: the number of bytes a second cannot be 0",
        ),
        (
            "get:chunk=1",
            "column 12: expected `,` after the number of bytes, found the end",
        ),
        (
            "get:chunk=1,pause=2s",
            "column 13: `pause` is not what `chunk` needs next (known: gap)",
        ),
        (
            "get:json=cutt",
            "column 10: `cutt` is not a way to break JSON; did you mean `cut`? (known: cut, missing_field, wrong_type, null, dup_key, bom, unknown_status)",
        ),
        (
            "get:json=null(data)",
            "column 15: `data` is not a JSON Pointer like /data/task_id",
        ),
        (
            "get:json=null(/a~2)",
            "column 15: `/a~2` is not a JSON Pointer like /data/task_id",
        ),
        (
            "get:json=null",
            "column 14: expected `(` after what breaks, found the end",
        ),
        (
            "get:json=unknown_status(Succeed)",
            "column 25: `Succeed` is a known status: take another word",
        ),
        (
            "get:json=unknown_status()",
            "column 25: expected a word, found `)`",
        ),
        ("get:stale=0", "column 11: the number of reads cannot be 0"),
        (
            "callback:dup=1",
            "column 14: sent once is no duplicate: write dup=2 or more",
        ),
        ("callback:late=0s", "column 15: no time at all is no fault"),
        (
            "callback:503x",
            "column 10: `503x` is not an HTTP status from 200 to 599",
        ),
        (
            "create:503é",
            "column 8: `503é` is not an HTTP status from 200 to 599",
        ),
    ];

    #[test]
    fn an_error_says_what_where_and_what_instead() {
        for (text, message) in REFUSED {
            let error = text.parse::<Fault>().unwrap_err();
            assert_eq!(error.to_string(), *message, "{text}");
        }
    }
}
