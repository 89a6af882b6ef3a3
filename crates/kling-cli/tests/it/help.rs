//! The help texts, as they stand.

use crate::run::{kling, run};

#[track_caller]
fn help(arguments: &[&str]) -> String {
    let ran = run(kling(std::path::Path::new("."))
        .args(arguments)
        .arg("--help"));
    assert_eq!(ran.code, Some(0));
    ran.stdout
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(help(&[]));
}

#[test]
fn help_of_effect() {
    insta::assert_snapshot!(help(&["effect"]));
}

#[test]
fn help_of_mock() {
    insta::assert_snapshot!(help(&["mock"]));
}

/// Every example in a help text is understood: where it can't do its work here,
/// it says so in words of its own, not of the arguments' parser.
#[test]
fn every_example_is_understood() {
    let here = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for command in [
        "effect",
        "submit",
        "resume",
        "get",
        "wait",
        "download",
        "list",
        "scenes",
        "check",
        "schema",
        "completions",
        "man",
    ] {
        let text = help(&[command]);
        let examples = text
            .lines()
            .filter_map(|line| line.strip_prefix("  kling "));
        for example in examples {
            let ran = run(kling(here.path()).args(example.split(' ')));
            assert!(!ran.stderr.contains("Usage:"), "{example}: {}", ran.stderr);
            assert!(matches!(ran.code, Some(0 | 2)), "{example}: {}", ran.stderr);
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried} examples");
}

#[test]
fn help_of_the_other_commands() {
    for command in [
        "submit",
        "resume",
        "get",
        "wait",
        "download",
        "list",
        "scenes",
        "check",
        "webhook",
        "schema",
        "completions",
        "man",
    ] {
        insta::assert_snapshot!(command, help(&[command]));
    }
}

#[test]
fn help_of_conformance() {
    for command in ["run", "client", "vectors"] {
        let text = help(&["conformance", command]);
        insta::assert_snapshot!(format!("conformance_{command}"), text);
    }
}

#[test]
fn wrong_arguments_are_exit_2() {
    let ran = run(kling(std::path::Path::new(".")).args(["effect", "--no-such-flag"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, "");
}
