//! Maps every known fact about the service to the checks that prove compliance with
//! it: `docs/fidelity.md`, written and checked by `cargo xtask fidelity`.
//!
//! ```
//! use kling_conformance::fidelity;
//!
//! // With no check that passes, much is unproved; what vectors prove is not.
//! let found = fidelity::document(&[].into())?;
//! assert!(!found.wrong.is_empty());
//! assert!(!found.wrong.iter().any(|wrong| wrong.starts_with("F-REQ-01 ")));
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

/// What writes the document.
pub const MEND: &str = "cargo xtask fidelity";

static FACTS: &str = include_str!("../fixtures/facts.json");

/// What no answer of a server and no act of a client can show.
static NOT_CHECKABLE: &[(&str, &str)] = &[
    ("F-HOST-03", "the name of a host, which a caller chooses"),
    ("F-HOST-04", "the name of a host, which a caller chooses"),
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

/// The document, and what is wrong with it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Document {
    /// What `docs/fidelity.md` should be.
    pub text: String,
    /// Facts that nothing proves, each in a sentence with what mends it.
    pub wrong: Vec<String>,
}

/// The checks of servers that the fake service passes, at one host or the other.
/// Blocks for some seconds.
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

/// What the checks that pass, and the vectors, prove.
pub fn document(passed: &BTreeSet<&str>) -> Result<Document, String> {
    let file: Value = serde_json::from_str(FACTS).map_err(|error| error.to_string())?;
    let facts = file["facts"].as_array().ok_or("facts.json has no facts")?;
    let proofs = proofs(passed)?;
    let why: BTreeMap<&str, &str> = NOT_CHECKABLE.iter().copied().collect();
    let mut text = format!(
        "# Fidelity\n\n<!-- Made from fixtures/facts.json, the checks and the vectors by `{MEND}`. -->\n\n\
         What is known of the service, and what proves that the fake service, the client and the\n\
         types keep to it: checks that pass (`kling conformance explain CHECK`), those of clients\n\
         with `client.` before their name, and the number of vectors. A fact that is documented\n\
         or was seen live and has neither fails the build, or it is said why there is none.\n\n\
         | fact | what is known | how sure | checks | vectors |\n|---|---|---|---|---|\n"
    );
    let mut wrong = Vec::new();
    for fact in facts {
        let member = |name: &str| fact[name].as_str().unwrap_or_default();
        let (id, sure) = (member("id"), member("confidence"));
        let none = Proof::default();
        let proof = proofs.get(id).unwrap_or(&none);
        let is_proved = !proof.checks.is_empty() || proof.vectors > 0;
        if is_proved && why.contains_key(id) {
            wrong.push(format!(
                "{id} is proved: take it off NOT_CHECKABLE in crates/kling-conformance/src/fidelity.rs"
            ));
        }
        if !is_proved && !why.contains_key(id) && matches!(sure, "documented" | "seen live") {
            wrong.push(unproved(id, member("sentence"), proof));
        }
        let shown = match why.get(id) {
            Some(why) => format!("none: {why}"),
            None => proof.checks.join(" "),
        };
        let (sentence, vectors) = (member("sentence").replace('|', "\\|"), proof.vectors);
        let _ = writeln!(text, "| {id} | {sentence} | {sure} | {shown} | {vectors} |");
    }
    Ok(Document { text, wrong })
}

/// What is known to prove a fact.
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

/// A sentence for whoever is to mend it.
fn unproved(id: &str, sentence: &str, proof: &Proof) -> String {
    match proof.failed.first() {
        Some(check) => format!(
            "{id} has no check that passes ({sentence}); see why with `kling conformance {}`",
            match check.strip_prefix("client.") {
                Some(_) => format!("client --only {check} --command COMMAND"),
                None => format!("run --mock --only {check}"),
            }
        ),
        None => format!(
            "{id} has no check and no vector ({sentence}): name it in one, or say why not in \
             NOT_CHECKABLE in crates/kling-conformance/src/fidelity.rs, then run `{MEND}`"
        ),
    }
}
