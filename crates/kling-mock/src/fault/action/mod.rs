//! Parses the action of a fault, keyword by keyword.

use super::preset::Preset;
use super::{Action, AssetFault, CallbackFault, Loss, Operation, ReadFault};
use crate::grammar::{Cursor, SyntaxError, Token, unknown};

mod arguments;

use arguments::{chunk, delay, json, raw, status_action};

type Result<T> = std::result::Result<T, SyntaxError>;

/// Parses what follows the keyword of an action.
type Arguments = fn(&mut Cursor<'_>) -> Result<Action>;

/// The actions for any answer.
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
            1 => Err(cursor.error(
                at,
                "dup=1 would not duplicate anything: write dup=2 or more",
            )),
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

/// `word` is its keyword.
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
    // Suggests only actions that are valid for this operation.
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

#[cfg(test)]
mod tests;
