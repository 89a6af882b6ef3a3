//! Every fact that is documented or was observed is proved by a check or a vector, or
//! has a reason why not, and `docs/fidelity.md` is up to date.

use std::collections::BTreeSet;
use std::path::Path;

use kling_conformance::{client, fidelity};

/// Assumes that a conforming client passes every check, which `clients` tests.
fn passed() -> BTreeSet<&'static str> {
    let mut passed = fidelity::passed_by_mock().unwrap();
    passed.extend(client::all().iter().map(|check| check.id));
    passed
}

#[test]
fn every_fact_is_proved_or_has_a_reason_why_not() {
    let document = fidelity::document(&passed()).unwrap();
    assert!(
        document.problems.is_empty(),
        "{}",
        document.problems.join("\n")
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity.md");
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == document.text,
        "docs/fidelity.md is out of date; update it with `{}`",
        fidelity::COMMAND
    );
}

#[test]
fn a_fact_whose_check_fails_is_reported_with_the_command() {
    let mut passed = passed();
    passed.remove("token.times");
    passed.remove("list.bounds");
    passed.remove("list.default_page");
    let problems = fidelity::document(&passed).unwrap().problems;
    let of = |id: &str| problems.iter().find(|it| it.starts_with(id)).unwrap();
    assert!(
        of("F-LIST-02").ends_with("; run `kling conformance run --mock --only list.bounds`"),
        "{problems:?}"
    );
}
