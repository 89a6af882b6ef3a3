//! The exit codes: one table, and each code as it comes about.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use crate::run::{RunningMock, kling, picture, run};

const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p kling-cli --test it exit_codes";

#[test]
fn exit_codes_md() {
    let ran = run(kling(Path::new(".")).args(["exit-codes", "--json"]));
    let mut text = format!(
        "# Exit codes\n\
         \n\
         <!-- Generated from `kling exit-codes --json` by `{COMMAND}`. -->\n\
         \n\
         What a script can tell from the exit code of `kling`. `kling help exit-codes` prints the\n\
         same. Once a task exists, errors that would exit with 2 to 5 exit with 8: it runs and is\n\
         charged. With several jobs, the first that failed sets the exit code; an interruption\n\
         takes precedence. The name is also the job's `state` in the summary. FILE is the state file\n\
         that the message names. `kling conformance` has codes of its own: 0 conforms, 1 does not\n\
         conform, 2 could not be tested; and 11 and 130 as below.\n\
         \n\
         | code | name | meaning | is anything charged? | next |\n\
         |---|---|---|---|---|\n"
    );
    for row in ran.events() {
        let cell = |name: &str| row[name].as_str().unwrap().replace('|', "\\|");
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {} |",
            row["code"],
            cell("name"),
            cell("meaning"),
            cell("paid"),
            cell("next")
        );
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/exit-codes.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap_or_default() == text,
        "docs/exit-codes.md is out of date; update it with `{COMMAND}`"
    );
}

/// `kling help exit-codes` and the program's own help have all of them.
#[test]
fn the_help_has_every_code() {
    let table = run(kling(Path::new(".")).args(["exit-codes", "--json"])).events();
    let long = run(kling(Path::new(".")).args(["help", "exit-codes"])).stdout;
    let short = run(kling(Path::new(".")).arg("--help")).stdout;
    let printed = run(kling(Path::new(".")).arg("exit-codes")).stdout;
    assert_eq!(table.len(), 13);
    for row in table {
        let line = format!("  {:>3}  ", row["code"].as_u64().unwrap());
        let meaning = row["meaning"].as_str().unwrap();
        for text in [&long, &short, &printed] {
            let found = text
                .lines()
                .any(|it| it.starts_with(&line) && it.ends_with(meaning));
            assert!(found, "{line}{meaning} in {text}");
        }
    }
}

/// Checks what `kling effect` ends with when this goes wrong.
#[track_caller]
fn check(faults: &[&str], more: &[&str], code: i32) {
    let mut arguments = vec!["--provider", "kling", "--plan", "polls(1, 1)"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    let mock = RunningMock::start(&arguments);
    let here = tempfile::tempdir().unwrap();
    let mut command = kling(here.path());
    command
        .env("KLING_API_KEY", &mock.api_key)
        .args(["effect", "color_mixing", "--json", "-o", "v.mp4"])
        .args(["--base-url", &mock.base_url, "--poll-interval", "0.02"])
        .arg(picture("portrait.jpg"));
    let ran = run(command.args(more));
    assert_eq!(ran.code, Some(code), "{faults:?}: {}", ran.stderr);
    if code != 0 {
        assert_eq!(ran.json()["error"]["exit_code"], json!(code));
    }
}

/// Those that no other test has: a failed task and an interruption are in theirs.
#[test]
fn each_class_has_its_code() {
    check(&[], &[], 0);
    check(&[], &["--duration", "x"], 2);
    check(&["create:401/1002"], &[], 3);
    check(&["create:429/1102"], &[], 4);
    check(&["create:429/1101"], &[], 4);
    check(&["create:400/1201"], &[], 5);
    check(&["create:400/1301"], &[], 5);
    check(&["get#1-999:503"], &["--timeout", "0.2"], 7);
    check(&["asset:wrong_type"], &[], 10);
}
