//! `docs/mock-limits.md` is up to date, and the tests that it names exist.

use std::fmt::Write as _;
use std::path::Path;

use kling_mock::{Evidence, Mock, Profile};

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p kling-mock --test it limits";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn limits_md() {
    let mut text = format!(
        "# What the fake service emulates\n\
         \n\
         <!-- Generated from `Mock::limits` and `Profile::switches` by `{COMMAND}`. -->\n\
         \n\
         `GET /__mock/limits` returns the same. *Documented*: the service's documentation says so.\n\
         *Seen live*: a real answer of the service shows it. *Inferred*: it follows from known facts,\n\
         but has not been observed. *Contradictory*: sources disagree. *Invented*: nothing is known,\n\
         so the behaviour is a choice. The last column has the test that proves the statement, in\n\
         `crates/kling-mock/tests/it`, or the option that changes it.\n\
         \n\
         | area | statement | evidence | test or option |\n\
         |---|---|---|---|\n"
    );
    for limit in Mock::new().limits() {
        let proof = match limit.proof {
            "-" => String::new(),
            proof => format!("`{}`", cell(proof)),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {proof} |",
            limit.area,
            cell(limit.statement),
            limit.evidence.as_str(),
        );
    }
    text.push_str(
        "\n\
         ## Switches\n\
         \n\
         Where sources disagree or nothing is known, a switch selects the behaviour:\n\
         `--provider \"comet list=on\"`, or `Profile::with` in Rust. The last two columns have the\n\
         defaults and the reasons.\n\
         \n\
         | switch | values | meaning | default for comet | default for kling |\n\
         |---|---|---|---|---|\n",
    );
    for switch in Profile::switches() {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            switch.name,
            switch.values.join(", "),
            cell(switch.meaning),
            cell(switch.comet),
            cell(switch.kling),
        );
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mock-limits.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &text).expect("written");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == text,
        "docs/mock-limits.md is out of date; update it with `{COMMAND}`"
    );
}

/// The tests in the table exist.
#[test]
fn every_proof_exists() {
    let mock = Mock::new();
    assert!(mock.limits().len() > 20);
    for limit in mock.limits() {
        if let Some((file, name)) = limit.proof.split_once("::")
            && !limit.proof.contains(' ')
            && file.starts_with(char::is_lowercase)
        {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/{file}.rs"));
            let source = std::fs::read_to_string(path).expect(file);
            assert!(source.contains(&format!("fn {name}(")), "{}", limit.proof);
        } else {
            let is_switch = limit.proof.contains("--") || limit.proof.contains("MockBuilder::");
            let is_absent = limit.proof == "-" && limit.evidence == Evidence::NotEmulated;
            assert!(is_switch || is_absent, "{limit:?}");
        }
    }
}
