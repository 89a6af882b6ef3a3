//! Every fact that is documented or was seen live is proved by a check or a
//! vector, or it is said why not. `docs/fidelity.md` is made here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use kling_conformance::{all, vectors};
use serde_json::Value;

const MEND: &str = "UPDATE_DOCS=1 cargo test -p kling-conformance --test it fidelity";

/// What no answer of a server and no act of a client can show.
static NOT_CHECKABLE: &[(&str, &str)] = &[
    ("F-HOST-03", "the name of a host, which a caller chooses"),
    ("F-HOST-04", "the name of a host, which a caller chooses"),
    ("F-PATH-09", "about other actions than effects"),
    ("F-REQ-06", "about what is seen in a video"),
    ("F-CREATE-11", "about tasks of the past"),
    (
        "F-SCENE-01",
        "about a list on a page: `cargo xtask scenes --check` holds the catalogue to it",
    ),
    (
        "F-SCENE-02",
        "about a list on a page: `cargo xtask scenes --check` holds the catalogue to it",
    ),
    ("F-SCENE-13", "about a list on a page"),
    ("F-TIME-01", "a measurement of somebody else's"),
    ("F-KEEP-04", "an advice"),
    ("F-AUTH-03", "a name in a caller's environment"),
];

fn proofs() -> BTreeMap<String, (Vec<String>, usize)> {
    let mut proofs: BTreeMap<String, (Vec<String>, usize)> = BTreeMap::new();
    for check in all() {
        for fact in check.facts {
            let check = format!("`{}`", check.id);
            proofs.entry((*fact).to_owned()).or_default().0.push(check);
        }
    }
    for vector in vectors::all().unwrap() {
        for fact in &vector.facts {
            proofs.entry(fact.clone()).or_default().1 += 1;
        }
    }
    proofs
}

#[test]
fn every_fact_is_proved_or_it_is_said_why_not() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../fixtures/facts.json")).unwrap();
    let proofs = proofs();
    let why: BTreeMap<&str, &str> = NOT_CHECKABLE.iter().copied().collect();
    let mut text = format!(
        "# Fidelity\n\n<!-- Made from fixtures/facts.json, the checks and the vectors by `{MEND}`. -->\n\n\
         What is known of the service, and what proves that the fake service, the client and the\n\
         types keep to it: checks (`kling conformance explain CHECK`) and the number of vectors.\n\
         A test fails when a fact that is documented or was seen live has neither, and no reason.\n\n\
         | fact | what is known | how sure | checks | vectors |\n|---|---|---|---|---|\n"
    );
    let mut wrong = Vec::new();
    for fact in file["facts"].as_array().unwrap() {
        let member = |name: &str| fact[name].as_str().unwrap();
        let (id, sure) = (member("id"), member("confidence"));
        let (checks, vectors) = proofs.get(id).cloned().unwrap_or_default();
        let proved = !checks.is_empty() || vectors > 0;
        if proved && why.contains_key(id) {
            wrong.push(format!("{id} is proved, and listed as not checkable"));
        }
        if !proved && !why.contains_key(id) && matches!(sure, "documented" | "seen live") {
            wrong.push(format!(
                "{id} has no check and no vector: {}",
                member("sentence")
            ));
        }
        let shown = match why.get(id) {
            Some(why) => format!("none: {why}"),
            None => checks.join(" "),
        };
        let sentence = member("sentence").replace('|', "\\|");
        let _ = writeln!(text, "| {id} | {sentence} | {sure} | {shown} | {vectors} |");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fidelity.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "docs/fidelity.md is out of date; mend it with `{MEND}`"
    );
}
