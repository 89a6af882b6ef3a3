//! Every fact that is documented or was seen live is proved by a check or a
//! vector, or it is said why not; and `docs/fidelity.md` says so.

use std::collections::BTreeSet;
use std::path::Path;

use kling_conformance::{client, fidelity};

/// That a right client passes its checks is `clients`' to show, as it takes time.
fn passed() -> BTreeSet<&'static str> {
    let mut passed = fidelity::passed_by_mock().unwrap();
    passed.extend(client::all().iter().map(|check| check.id));
    passed
}

#[test]
fn every_fact_is_proved_or_it_is_said_why_not() {
    let document = fidelity::document(&passed()).unwrap();
    assert!(document.wrong.is_empty(), "{}", document.wrong.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity.md");
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == document.text,
        "docs/fidelity.md is out of date; mend it with `{}`",
        fidelity::MEND
    );
}

#[test]
fn a_fact_whose_check_fails_is_told_with_what_shows_it() {
    let mut passed = passed();
    passed.remove("token.times");
    passed.remove("list.bounds");
    passed.remove("list.default_page");
    let wrong = fidelity::document(&passed).unwrap().wrong;
    let of = |id: &str| wrong.iter().find(|it| it.starts_with(id)).unwrap();
    assert!(
        of("F-LIST-02").ends_with("see why with `kling conformance run --mock --only list.bounds`"),
        "{wrong:?}"
    );
}
