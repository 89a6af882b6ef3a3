//! Maps every known fact about the service to the checks and vectors that prove it:
//! `docs/fidelity.md`, which `cargo xtask fidelity` writes and checks.
//!
//! ```
//! use kling_conformance::fidelity;
//!
//! // Without a passing check, only the vectors prove facts.
//! let document = fidelity::document(&[].into())?;
//! assert!(!document.problems.is_empty());
//! assert!(!document.problems.iter().any(|it| it.starts_with("F-REQ-01:")));
//! # Ok::<(), String>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::checks::all;
use crate::status::Status;
use crate::suite::Selection;
use crate::target::Host;
use crate::vectors::{self, Verdict};
use crate::{client, run_against_mock};

/// The command that writes the document.
pub const COMMAND: &str = "cargo xtask fidelity";

static FACTS: &str = include_str!("../fixtures/facts.json");

/// Facts that the behaviour of a server or a client cannot show, with the reason.
static NOT_CHECKABLE: &[(&str, &str)] = &[
    ("F-HOST-03", "a host name, which the caller configures"),
    ("F-HOST-04", "a host name, which the caller configures"),
    ("F-CREATE-11", "about old tasks"),
    (
        "F-SCENE-01",
        "about a published list, with which `cargo xtask scenes --check` compares the catalogue",
    ),
    (
        "F-SCENE-02",
        "about a published list, with which `cargo xtask scenes --check` compares the catalogue",
    ),
    ("F-SCENE-13", "about a published list"),
    ("F-TIME-01", "a third party's measurement"),
    ("F-KEEP-04", "a recommendation"),
    ("F-AUTH-03", "the name of an environment variable"),
];

/// The document, and its problems.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Document {
    /// The content of `docs/fidelity.md`.
    pub text: String,
    /// A message for each fact that nothing proves, with what to do.
    pub problems: Vec<String>,
}

/// The checks of servers that the fake service passes on either host. Blocks for some
/// seconds.
pub fn passed_by_mock() -> Result<BTreeSet<&'static str>, String> {
    let mut passed = BTreeSet::new();
    for host in [Host::Comet, Host::Kling] {
        let report = run_against_mock(host, &Selection::default())?;
        let pass = report
            .results()
            .iter()
            .filter(|it| it.status == Status::Pass);
        passed.extend(pass.map(|result| result.check));
    }
    Ok(passed)
}

/// Builds the document from the checks that passed, and from the vectors.
pub fn document(passed: &BTreeSet<&str>) -> Result<Document, String> {
    let file: Value = serde_json::from_str(FACTS).map_err(|error| error.to_string())?;
    let facts = file["facts"].as_array().ok_or("facts.json has no facts")?;
    let proofs = proofs(passed)?;
    let reasons: BTreeMap<&str, &str> = NOT_CHECKABLE.iter().copied().collect();
    let mut text = format!(
        "# Fidelity\n\n<!-- Generated from fixtures/facts.json, the checks and the vectors by `{COMMAND}`. -->\n\n\
         The known facts about the service, and what proves that the fake service, the client and\n\
         the types comply with them: the checks that pass (`kling conformance explain CHECK`;\n\
         checks of clients start with `client.`), and the number of test vectors. The build fails\n\
         for a fact that is documented or was seen live, unless it has a check, a vector, or a\n\
         reason why there is none.\n\n\
         | fact | statement | confidence | checks | vectors |\n|---|---|---|---|---|\n"
    );
    let mut problems = Vec::new();
    for fact in facts {
        let member = |name: &str| fact[name].as_str().unwrap_or_default();
        let (id, sure) = (member("id"), member("confidence"));
        let none = Proof::default();
        let proof = proofs.get(id).unwrap_or(&none);
        let is_proved = !proof.checks.is_empty() || proof.vectors > 0;
        if is_proved && reasons.contains_key(id) {
            problems.push(format!(
                "{id}: proved; remove it from NOT_CHECKABLE in crates/kling-conformance/src/fidelity.rs"
            ));
        }
        if !is_proved && !reasons.contains_key(id) && matches!(sure, "documented" | "seen live") {
            problems.push(unproved(id, member("sentence"), proof));
        }
        let shown = match reasons.get(id) {
            Some(why) => format!("none: {why}"),
            None => proof.checks.join(" "),
        };
        let (sentence, vectors) = (member("sentence").replace('|', "\\|"), proof.vectors);
        let _ = writeln!(text, "| {id} | {sentence} | {sure} | {shown} | {vectors} |");
    }
    Ok(Document { text, problems })
}

/// What proves a fact.
#[derive(Default)]
struct Proof {
    checks: Vec<String>,
    failed: Vec<&'static str>,
    vectors: usize,
}

fn proofs(passed: &BTreeSet<&str>) -> Result<BTreeMap<String, Proof>, String> {
    let mut proofs: BTreeMap<String, Proof> = BTreeMap::new();
    for check in all().iter().chain(client::all()) {
        for fact in check.facts {
            let proof = proofs.entry((*fact).to_owned()).or_default();
            if passed.contains(check.id) {
                proof.checks.push(format!("`{}`", check.id));
            } else {
                proof.failed.push(check.id);
            }
        }
    }
    for vector in vectors::all()? {
        if matches!(vectors::run(&vector), Verdict::Fail(_)) {
            continue;
        }
        for fact in vector.facts {
            proofs.entry(fact).or_default().vectors += 1;
        }
    }
    Ok(proofs)
}

/// The message about a fact that nothing proves.
fn unproved(id: &str, sentence: &str, proof: &Proof) -> String {
    match proof.failed.first() {
        Some(check) => format!(
            "{id}: no check passes ({sentence}); run `kling conformance {}`",
            match check.strip_prefix("client.") {
                Some(_) => format!("client --only {check} --command COMMAND"),
                None => format!("run --mock --only {check}"),
            }
        ),
        None => format!(
            "{id}: no check and no vector ({sentence}); add it to one, or the reason to \
             NOT_CHECKABLE in crates/kling-conformance/src/fidelity.rs, then run `{COMMAND}`"
        ),
    }
}
