//! Documents that are made from the code, and must be what it makes.

use std::fmt::Write as _;

use kling_types::code::{DOCUMENTED, ErrorClass, Remedy};
use kling_types::validate::Rule;

use crate::support::path;

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p kling-types --test it documents";

/// Compares a file with what it should be, or writes it.
#[track_caller]
fn check(name: &str, expected: &str) {
    let file = path(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, expected).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let line = found
        .lines()
        .zip(expected.lines())
        .position(|(a, b)| a != b);
    assert!(
        found == expected,
        "{name} is out of date (from line {}); update it with `{COMMAND}`",
        line.map_or_else(|| "its end".to_owned(), |line| (line + 1).to_string()),
    );
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn rules_md() {
    let mut text = format!(
        "# The rules for a request\n\
         \n\
         <!-- Generated from `kling_types::validate::Rule` by `{COMMAND}`. -->\n\
         \n\
         `EffectRequest::validate` and `validate_json` report every rule that a request breaks, in\n\
         this order. An *error* is refused by the service, or accepted and then failed; a *warning*\n\
         may well be accepted. Ids are stable: a rule is never renamed, and its id never used again.\n\
         \n\
         | rule | severity | what it asks for | where it comes from |\n\
         |---|---|---|---|\n"
    );
    for rule in Rule::ALL {
        let _ = writeln!(
            text,
            "| `{rule}` | {} | {} | {} |",
            rule.severity(),
            cell(rule.summary()),
            cell(rule.source())
        );
    }
    check("docs/rules.md", &text);
}

#[test]
fn codes_md() {
    let mut text = format!(
        "# The service's codes\n\
         \n\
         <!-- Generated from `kling_types::code::DOCUMENTED` by `{COMMAND}`. -->\n\
         \n\
         Kling's table of 2026-09-20 (documented), and what follows from each code. The code is\n\
         read before the HTTP status: of those with HTTP 429, four are permanent.\n\
         \n\
         | code | HTTP | meaning | class | who acts | same request again? |\n\
         |---|---|---|---|---|---|\n"
    );
    for row in DOCUMENTED {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:?} | {} | {} |",
            row.code,
            row.http_status,
            cell(row.meaning),
            row.class,
            who(row.class),
            again(row.class)
        );
    }
    text.push_str(
        "\nA code that is not in the table falls back to its range (10xx, 11xx, 12xx, 5xxx), then, where\n\
         it is itself an HTTP status (400 to 599), to that, then to the answer's HTTP status.\n",
    );
    check("docs/codes.md", &text);
}

fn who(class: ErrorClass) -> &'static str {
    match class.remedy() {
        Remedy::FixCredentials => "the caller: correct the credentials",
        Remedy::RenewToken => "the client: sign a new token",
        Remedy::SettleAccount => "the account's owner",
        Remedy::FixRequest => "the caller: correct the request",
        Remedy::ChangeContent => "the caller: choose other content",
        Remedy::RetryLater => "nobody: wait",
        Remedy::CheckOutcome => "the client: find out what was done",
        _ => panic!("say who acts on {class:?}"),
    }
}

fn again(class: ErrorClass) -> &'static str {
    match (class.is_retryable(false), class.is_retryable(true)) {
        (true, _) => "yes, later",
        (false, true) => "a query, yes; a create, only once it is known that nothing was made",
        (false, false) => "no",
    }
}
