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

#[test]
fn wrong_arguments_are_exit_2() {
    let ran = run(kling(std::path::Path::new(".")).args(["effect", "--no-such-flag"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stdout, "");
}
