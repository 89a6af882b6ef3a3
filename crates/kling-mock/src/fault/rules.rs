//! Rejects faults that parse but make no sense.

use super::{Action, Fault, Occurrence, Operation, Phase};

/// What a rule found wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    ExternalId,
    Task,
    Action,
    Phase,
    Limit,
}

/// The first part that contradicts the rest, and why. `word` is the keyword of the
/// action.
pub(super) fn broken(fault: &Fault, word: &str) -> Option<(Part, String)> {
    external_id(fault)
        .map(|why| (Part::ExternalId, why))
        .or_else(|| Some((Part::Task, task(fault)?)))
        .or_else(|| Some((Part::Action, operation(fault, word)?)))
        .or_else(|| Some((Part::Phase, phase(fault, word)?)))
        .or_else(|| Some((Part::Limit, limit(fault)?)))
}

fn external_id(fault: &Fault) -> Option<String> {
    let selector = &fault.selector;
    selector.external_id.as_ref()?;
    (selector.operation? == Operation::List).then(|| LIST.to_owned())
}

const LIST: &str = "a list is not about a single task: remove the filter";

fn task(fault: &Fault) -> Option<String> {
    let selector = &fault.selector;
    selector.task.as_ref()?;
    match selector.operation? {
        Operation::Create => {
            Some("a task has no id before it is created: use the filter [ext=…]".to_owned())
        }
        Operation::List => Some(LIST.to_owned()),
        _ => None,
    }
}

fn operation(fault: &Fault, word: &str) -> Option<String> {
    // `any` accepts the actions of a create; others need their operation named.
    let operation = fault.selector.operation.unwrap_or(Operation::Create);
    let why = misfit(&fault.action, operation)?;
    Some(format!("`{word}` {why}"))
}

/// Why the action cannot happen to the operation.
pub(super) fn misfit(action: &Action, operation: Operation) -> Option<&'static str> {
    use Operation::{Asset, Callback, Get, List};
    match (action, operation) {
        (Action::Callback(_), Callback)
        | (Action::Read(_), Get | List)
        | (Action::Asset(_), Asset) => None,
        (Action::Callback(_), _) => Some("applies only to callback"),
        (Action::Read(_), _) => Some("applies only to get and list"),
        (Action::Asset(_), _) => Some("applies only to asset"),
        (_, Callback) => Some(
            "applies to answers, not to callbacks: use drop, dup, reorder, late, bad_sig, stale_ts, wrong_secret or no_headers",
        ),
        (Action::Json(_), Asset) => Some("applies to JSON bodies, not to files"),
        (Action::Status { code: Some(_), .. }, Asset) => {
            Some("has a business code, for which the answer to a download has no envelope")
        }
        (Action::Preset(preset), Asset) if !preset.is_page() => {
            Some("is an answer of the API, not of a download")
        }
        _ => None,
    }
}

fn phase(fault: &Fault, word: &str) -> Option<String> {
    let breaks = fault.action.default_phase() == Phase::Mid;
    let why = match (fault.phase, &fault.action) {
        (Phase::Before, _) if breaks => {
            "breaks an answer during delivery, and @before there is none: remove the phase"
        }
        (Phase::After, _) if breaks => "breaks an answer during delivery: remove the phase",
        (Phase::Mid, _) if !breaks => {
            "does not break an answer during delivery: @mid is for truncate, slow, chunk and json"
        }
        (Phase::After, Action::Read(_) | Action::Asset(_) | Action::Callback(_)) => {
            "has no phase: remove it"
        }
        (Phase::After, Action::Status { .. } | Action::Raw { .. } | Action::Preset(_))
            if fault.selector.operation != Some(Operation::Create) =>
        {
            "replaces an answer, and only a create has an effect that makes @after different: write create, or remove the phase"
        }
        _ => return None,
    };
    Some(format!("`{word}` {why}"))
}

fn limit(fault: &Fault) -> Option<String> {
    let limit = fault.limit?;
    let Occurrence::Between(first, last) = fault.selector.occurrence else {
        return None;
    };
    let most = last - first + 1;
    let plural = if most == 1 { "" } else { "s" };
    (limit > most)
        .then(|| format!("x{limit} is never reached: the selector covers {most} request{plural}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (text, message) in [
            (
                "create [task=1]:503",
                "column 8: a task has no id before it is created: use the filter [ext=…]",
            ),
            (
                "list [ext=1]:503",
                "column 6: a list is not about a single task: remove the filter",
            ),
            (
                "list [task=1]:503",
                "column 6: a list is not about a single task: remove the filter",
            ),
            (
                "callback:503",
                "column 10: `503` applies to answers, not to callbacks: use drop, dup, reorder, late, bad_sig, stale_ts, wrong_secret or no_headers",
            ),
            (
                "callback:reset",
                "column 10: `reset` applies to answers, not to callbacks: use drop, dup, reorder, late, bad_sig, stale_ts, wrong_secret or no_headers",
            ),
            (
                "create:stale=1",
                "column 8: `stale` applies only to get and list",
            ),
            (
                "any:regress",
                "column 5: `regress` applies only to get and list",
            ),
            ("get:expired", "column 5: `expired` applies only to asset"),
            ("any:drop", "column 5: `drop` applies only to callback"),
            (
                "asset:json=bom",
                "column 7: `json` applies to JSON bodies, not to files",
            ),
            (
                "asset:500/5000",
                "column 7: `500` has a business code, for which the answer to a download has no envelope",
            ),
            (
                "asset:saturated",
                "column 7: `saturated` is an answer of the API, not of a download",
            ),
            (
                "get@before:json=bom",
                "column 4: `json` breaks an answer during delivery, and @before there is none: remove the phase",
            ),
            (
                "get@after:truncate=1",
                "column 4: `truncate` breaks an answer during delivery: remove the phase",
            ),
            (
                "get@mid:reset",
                "column 4: `reset` does not break an answer during delivery: @mid is for truncate, slow, chunk and json",
            ),
            (
                "callback@after:drop",
                "column 9: `drop` has no phase: remove it",
            ),
            (
                "get@after:503",
                "column 4: `503` replaces an answer, and only a create has an effect that makes @after different: write create, or remove the phase",
            ),
            (
                "any@after:html502",
                "column 4: `html502` replaces an answer, and only a create has an effect that makes @after different: write create, or remove the phase",
            ),
            (
                "asset@after:404",
                "column 6: `404` replaces an answer, and only a create has an effect that makes @after different: write create, or remove the phase",
            ),
            (
                "create#1:503 x2",
                "column 14: x2 is never reached: the selector covers 1 request",
            ),
            (
                "create#2-3:503 x3",
                "column 16: x3 is never reached: the selector covers 2 requests",
            ),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn what_fits_is_taken() {
        for text in [
            "get@after:reset",
            "asset@after:delay=1s",
            "create@after:429/1302",
            "any@mid:slow=1",
            "any [task=1]:503",
            "callback@before:drop",
            "create#1-2:503 x2",
            "create/2:503 x9",
            "asset:raw(503, text/plain, \"no\")",
            "asset:html502",
            "asset [ext=a]:truncate=1",
        ] {
            assert_eq!(text.parse::<Fault>().err(), None, "{text}");
        }
    }
}
