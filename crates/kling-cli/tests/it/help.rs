//! The help texts, as they stand.

use crate::run::{kling, run};

/// Every command.
const COMMANDS: [&str; 16] = [
    "effect",
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
    "conformance",
    "exit-codes",
    "mock",
];

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
fn help_of_every_command() {
    for command in COMMANDS {
        insta::assert_snapshot!(command, help(&[command]));
    }
}

/// The list above is that of the program.
#[test]
fn no_command_is_forgotten() {
    let help = help(&[]);
    let commands = help.split("Commands:").nth(1).unwrap();
    let commands = commands.split("Options:").next().unwrap();
    let mut named: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    let mut known = COMMANDS.to_vec();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
}

/// Every example in a help text is understood: where it can't do its work here,
/// it says so in words of its own, not of the arguments' parser. Those that
/// listen, and the suite's, which takes long, have tests of their own.
#[test]
fn every_example_is_understood() {
    let here = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for command in COMMANDS {
        let text = help(&[command]);
        let examples = text
            .lines()
            .filter_map(|line| line.strip_prefix("  kling "))
            .filter(|line| {
                ![
                    "mock",
                    "conformance run",
                    "conformance client",
                    "webhook listen",
                ]
                .iter()
                .any(|it| line.starts_with(it))
            });
        for example in examples {
            let ran = run(kling(here.path()).args(words(example)));
            assert!(!ran.stderr.contains("Usage:"), "{example}: {}", ran.stderr);
            assert!(matches!(ran.code, Some(0 | 2)), "{example}: {}", ran.stderr);
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried} examples");
}

/// A line as a shell splits it, where quotes are around whole words.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split(['"', '\'']).enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
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
