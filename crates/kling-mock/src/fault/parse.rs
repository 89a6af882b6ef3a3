//! Parses a fault. The grammar is documented at [`Fault`].

use super::action::action;
use super::rules::{self, Part};
use super::{Fault, Occurrence, Operation, Phase, Selector};
use crate::grammar::{Cursor, ReadFile, SyntaxError, choose};

/// Where the parts stand in the text.
#[derive(Debug, Default)]
struct Places {
    external_id: usize,
    task: usize,
    phase: usize,
    action: usize,
    limit: usize,
}

type Result<T> = std::result::Result<T, SyntaxError>;

pub(super) fn fault(text: &str, files: &mut ReadFile<'_>) -> Result<Fault> {
    let mut places = Places::default();
    let mut cursor = Cursor::new(text, files);
    let cursor = &mut cursor;
    let selector = selector(cursor, &mut places)?;
    places.phase = cursor.here();
    let phase = if cursor.eat('@') {
        Some(phase(cursor)?)
    } else {
        None
    };
    cursor.expect(':', "the selector")?;
    let word = cursor.word();
    places.action = word.at;
    let action = action(cursor, word, selector.operation)?;
    let (limit, optional) = ending(cursor, &mut places)?;
    let fault = Fault {
        phase: phase.unwrap_or_else(|| action.default_phase()),
        selector,
        action,
        limit,
        optional,
    };
    let Some((part, why)) = rules::broken(&fault, word.text) else {
        return Ok(fault);
    };
    let at = match part {
        Part::ExternalId => places.external_id,
        Part::Task => places.task,
        Part::Phase => places.phase,
        Part::Action => places.action,
        Part::Limit => places.limit,
    };
    Err(cursor.error(at, why))
}

fn selector(cursor: &mut Cursor<'_>, places: &mut Places) -> Result<Selector> {
    const OPERATIONS: &[(&str, Option<Operation>)] = &[
        ("create", Some(Operation::Create)),
        ("get", Some(Operation::Get)),
        ("list", Some(Operation::List)),
        ("asset", Some(Operation::Asset)),
        ("callback", Some(Operation::Callback)),
        ("any", None),
    ];
    let word = cursor.word();
    let mut selector = Selector {
        operation: choose(cursor, word, "an operation", OPERATIONS)?,
        ..Selector::default()
    };
    loop {
        let at = cursor.here();
        let again = |cursor: &Cursor<'_>, seen: bool, what: &str| {
            if seen {
                Err(cursor.error(at, format!("{what} is given twice")))
            } else {
                Ok(())
            }
        };
        match cursor.peek() {
            Some('#' | '/') => {
                let seen = selector.occurrence != Occurrence::All;
                again(cursor, seen, "which of the requests (#n, #n-m or /n)")?;
                selector.occurrence = occurrence(cursor)?;
            }
            Some('[') => {
                let (key, value) = filter(cursor)?;
                let (name, slot) = match key {
                    Filter::Account => ("[account=…]", &mut selector.account),
                    Filter::ExternalId => {
                        places.external_id = at;
                        ("[ext=…]", &mut selector.external_id)
                    }
                    Filter::Task => {
                        places.task = at;
                        ("[task=…]", &mut selector.task)
                    }
                };
                again(cursor, slot.is_some(), name)?;
                *slot = Some(value);
            }
            Some('@' | ':') | None => return Ok(selector),
            Some(_) => {
                let word = cursor.word();
                if word.text != "p" {
                    let found = match word.text {
                        "" => cursor.found(),
                        word => format!("found `{word}`"),
                    };
                    let message = format!(
                        "expected #n, #n-m, /n, p=…, [account=…], [ext=…], [task=…], @phase or `:`, {found}"
                    );
                    return Err(cursor.error(at, message));
                }
                again(cursor, selector.probability.is_some(), "p=…")?;
                selector.probability = Some(probability(cursor)?);
            }
        }
    }
}

fn occurrence(cursor: &mut Cursor<'_>) -> Result<Occurrence> {
    if cursor.eat('/') {
        return cursor.count("the n of /n").map(Occurrence::Every);
    }
    cursor.expect('#', "the operation")?;
    let at = cursor.here();
    let first = cursor.count("the number of a request")?;
    if !cursor.eat('-') {
        return Ok(Occurrence::Between(first, first));
    }
    let last = cursor.count("the number of a request")?;
    if last < first {
        let message = format!("the range is reversed: write #{last}-{first}");
        return Err(cursor.error(at, message));
    }
    Ok(Occurrence::Between(first, last))
}

fn probability(cursor: &mut Cursor<'_>) -> Result<f64> {
    cursor.expect('=', "`p`")?;
    let at = cursor.here();
    let p = cursor.decimal("a probability")?;
    if (0.0..=1.0).contains(&p) {
        Ok(p)
    } else {
        Err(cursor.error(at, format!("a probability must be from 0 to 1, not {p}")))
    }
}

#[derive(Clone, Copy)]
enum Filter {
    Account,
    ExternalId,
    Task,
}

fn filter(cursor: &mut Cursor<'_>) -> Result<(Filter, String)> {
    const FILTERS: &[(&str, Filter)] = &[
        ("account", Filter::Account),
        ("ext", Filter::ExternalId),
        ("task", Filter::Task),
    ];
    cursor.expect('[', "the operation")?;
    let key = cursor.word();
    let filter = choose(cursor, key, "a filter", FILTERS)?;
    cursor.expect('=', &format!("`{}`", key.text))?;
    let value = cursor.string("the value of the filter", &[']'])?;
    cursor.expect(']', "the value of the filter")?;
    Ok((filter, value))
}

fn phase(cursor: &mut Cursor<'_>) -> Result<Phase> {
    const PHASES: &[(&str, Phase)] = &[
        ("before", Phase::Before),
        ("after", Phase::After),
        ("mid", Phase::Mid),
    ];
    let word = cursor.word();
    choose(cursor, word, "a phase", PHASES)
}

/// `[xN] [optional]` and the end.
fn ending(cursor: &mut Cursor<'_>, places: &mut Places) -> Result<(Option<u64>, bool)> {
    let mut word = cursor.word();
    let mut limit = None;
    places.limit = word.at;
    if let Some(digits) = word.text.strip_prefix('x') {
        let count = digits.parse().ok().filter(|count| *count > 0);
        limit = Some(count.ok_or_else(|| {
            let message = format!(
                "`{}` is not a count: write x and a number from 1",
                word.text
            );
            cursor.error(word.at, message)
        })?);
        word = cursor.word();
    }
    let optional = word.text == "optional";
    if optional {
        word = cursor.word();
    }
    if word.text.is_empty() && cursor.peek().is_none() {
        return Ok((limit, optional));
    }
    let found = match word.text {
        "" => cursor.found(),
        word => format!("found `{word}`"),
    };
    let message = format!("expected xN, `optional` or the end after the action, {found}");
    Err(cursor.error(word.at, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_canonical_form() {
        for (text, canonical) in [
            ("create#1@after:reset", "create#1@after:reset"),
            ("  create # 1 @ after : reset", "create#1@after:reset"),
            (
                r#"get/3 p = 0.50 [ext = a b ][account="x,y"][task=7] @mid : truncate = 10 x3 optional"#,
                r#"get/3 p=0.5 [account="x,y"] [ext=a b] [task=7]:truncate=10 x3 optional"#,
            ),
            (
                "any p=1:429 / 1302 + retry_after = 1m30s",
                "any p=1:429/1302+retry_after=1m30s",
            ),
            ("any p=-0:html502", "any p=0:html502"),
            ("get:delay=fixed(90s)", "get:delay=1m30s"),
            (
                "get@after:delay=uniform( 1500ms , 3600s )",
                "get@after:delay=uniform(1s500ms, 1h)",
            ),
            (
                "get:delay=lognormal(1s,0.50,1h)",
                "get:delay=lognormal(1s, 0.5, 1h)",
            ),
            (
                r#"get:raw(502,text/html; charset=utf-8,"a\x22\n\x00\xff\xc3\xa9")"#,
                r#"get:raw(502, text/html; charset=utf-8, "a\"\n\x00\xffé")"#,
            ),
            (
                r#"list:json=missing_field("/data/0/a)b")"#,
                r#"list:json=missing_field("/data/0/a)b")"#,
            ),
            ("create:200/1201", "create:200/1201"),
            ("asset:403", "asset:403"),
            (
                "create@mid:json=unknown_status(paused)",
                "create:json=unknown_status(paused)",
            ),
            ("callback#2:late=1m", "callback#2:late=1m"),
            ("callback:dup=2 x1", "callback:dup=2 x1"),
        ] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), canonical);
        }
    }

    const REFUSED: &[(&str, &str)] = &[
        (
            "",
            "column 1: expected an operation: create, get, list, asset, callback, any",
        ),
        (
            "   ",
            "column 4: expected an operation: create, get, list, asset, callback, any",
        ),
        (
            "crate:503",
            "column 1: `crate` is not an operation; did you mean `create`? (known: create, get, list, asset, callback, any)",
        ),
        (
            "get2:503",
            "column 1: `get2` is not an operation; did you mean `get`? (known: create, get, list, asset, callback, any)",
        ),
        (
            "create",
            "column 7: expected `:` after the selector, found the end",
        ),
        (
            "create 503",
            "column 8: expected #n, #n-m, /n, p=…, [account=…], [ext=…], [task=…], @phase or `:`, found `503`",
        ),
        (
            "create#0:503",
            "column 8: the number of a request cannot be 0",
        ),
        (
            "create#:503",
            "column 8: expected the number of a request, found `:`",
        ),
        (
            "create#2-1:503",
            "column 8: the range is reversed: write #1-2",
        ),
        (
            "create#1x:503",
            "column 8: `1x` is not the number of a request: write digits only",
        ),
        (
            "create#99999999999999999999:503",
            "column 8: `99999999999999999999` is too large for the number of a request",
        ),
        (
            "create#1/2:503",
            "column 9: which of the requests (#n, #n-m or /n) is given twice",
        ),
        (
            "create p=1.5:503",
            "column 10: a probability must be from 0 to 1, not 1.5",
        ),
        (
            "create p=:503",
            "column 10: expected a probability, found `:`",
        ),
        ("create p=nan:503", "column 10: `nan` is not a probability"),
        ("create p=0.1 p=0.2:503", "column 14: p=… is given twice"),
        (
            "create q=1:503",
            "column 8: expected #n, #n-m, /n, p=…, [account=…], [ext=…], [task=…], @phase or `:`, found `q`",
        ),
        (
            "create [acount=a]:503",
            "column 9: `acount` is not a filter; did you mean `account`? (known: account, ext, task)",
        ),
        (
            "create [account]:503",
            "column 16: expected `=` after `account`, found `]`",
        ),
        (
            "create [account=]:503",
            "column 17: expected the value of the filter, found `]`",
        ),
        (
            "create [account=a:503",
            "column 22: expected `]` after the value of the filter, found the end",
        ),
        (
            r#"create [account="a]:503"#,
            "column 17: this quote is never closed",
        ),
        (
            r#"create [account="\q"]:503"#,
            r#"column 18: after `\` comes one of `"`, `\`, n, r, t, or x and two hexadecimal digits"#,
        ),
        (
            "create [account=a][account=b]:503",
            "column 19: [account=…] is given twice",
        ),
        (
            "create@aftr:503",
            "column 8: `aftr` is not a phase; did you mean `after`? (known: before, after, mid)",
        ),
        (
            "create@:503",
            "column 8: expected a phase: before, after, mid",
        ),
        (
            "create:503 x0",
            "column 12: `x0` is not a count: write x and a number from 1",
        ),
        (
            "create:503 x",
            "column 12: `x` is not a count: write x and a number from 1",
        ),
        (
            "create:503 xx",
            "column 12: `xx` is not a count: write x and a number from 1",
        ),
        (
            "create:503 twice",
            "column 12: expected xN, `optional` or the end after the action, found `twice`",
        ),
        (
            "create:503 optional x2",
            "column 21: expected xN, `optional` or the end after the action, found `x2`",
        ),
        (
            "create:503 optinal",
            "column 12: expected xN, `optional` or the end after the action, found `optinal`",
        ),
        (
            "create:503, 504",
            "column 11: expected xN, `optional` or the end after the action, found `,`",
        ),
        (
            "create:reset x2 x3",
            "column 17: expected xN, `optional` or the end after the action, found `x3`",
        ),
        (
            "create [ext=é] : rset",
            "column 18: `rset` is not an action; did you mean `reset`? (known: an HTTP status, raw, html301, html502, nested_error, code400, saturated, quota_not_enough, model_not_found, invalid_request, delay, reset, close, empty, hang, truncate, slow, chunk, json)",
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
