//! Whose service, with which key and settings: flags before the environment, that
//! before `kling.toml`.

use std::path::Path;
use std::process::Command;

use serde_json::json;

#[cfg(unix)]
use crate::run::{Ran, close};
use crate::run::{RunningMock, kling, run, run_with};

/// A task that no service has: who is asked for it is what counts.
fn get(here: &Path) -> Command {
    let mut command = kling(here);
    command.args(["get", "7", "--json"]);
    command
}

/// How many requests came in.
fn asked(mock: &RunningMock) -> usize {
    let (_, body) = mock.request("GET /__mock/journal HTTP/1.1", "");
    let journal: serde_json::Value = serde_json::from_str(&body).unwrap();
    journal["entries"].as_array().unwrap().len()
}

#[test]
fn a_key_comes_from_stdin() {
    let mock = RunningMock::start(&["--provider", "kling"]);
    let here = tempfile::tempdir().unwrap();
    let with_key = |key: &str| {
        let mut command = get(here.path());
        command
            .args(["--provider", "kling", "--key-stdin"])
            .args(["--base-url", &mock.base_url])
            // Said on purpose, it goes before the environment.
            .env("KLING_API_KEY", "sk-wrong");
        run_with(&mut command, key)
    };
    let ran = with_key(&format!("{}\n", mock.api_key));
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("Task not found"), "{}", ran.stderr);
    let ran = with_key("sk-another\n");
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(!ran.stderr.contains("sk-another"), "{}", ran.stderr);
    let ran = with_key(" \n");
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.stderr, "error: --key-stdin: stdin is empty\n");
    // Without a word on whose it is, it goes where the environment's would.
    let mut unnamed = get(here.path());
    unnamed
        .args(["--key-stdin", "--base-url", &mock.base_url])
        .env("KLING_API_KEY", "sk-wrong");
    let ran = run_with(&mut unnamed, &mock.api_key);
    assert!(ran.stderr.contains("Task not found"), "{}", ran.stderr);
    // A request from stdin leaves no place for a key there.
    let ran = run(kling(here.path()).args(["effect", "--request", "-", "--key-stdin"]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn a_key_file_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mock = RunningMock::start(&[]);
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("key.txt");
    std::fs::write(&path, &mock.api_key).unwrap();
    let with_mode = |mode: u32| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = get(here.path());
        command.args(["--key-file", "key.txt", "--base-url", &mock.base_url]);
        run(&mut command)
    };
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        let ran = with_mode(mode);
        assert_eq!(ran.code, Some(2), "{mode:o}");
        let sentence = "error: --key-file key.txt can be read by others: close it with chmod 600 \
                        key.txt\n";
        assert_eq!(ran.stderr, sentence, "{mode:o}");
    }
    assert_eq!(asked(&mock), 0);
    for mode in [0o600, 0o400] {
        let ran = with_mode(mode);
        assert_eq!(ran.code, Some(5), "{mode:o}: {}", ran.stderr);
    }
    for (file, why) in [(".", "is not a regular file"), ("none", "can't be read")] {
        let ran = run(get(here.path()).args(["--key-file", file]));
        assert_eq!(ran.code, Some(2), "{file}");
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

/// Which of several keys is broken must not be guessed.
#[cfg(unix)]
#[test]
fn a_malformed_key_names_its_source() {
    let here = tempfile::tempdir().unwrap();
    let check = |ran: Ran, source: &str| {
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        let why = format!("error: {source} has characters that no key has: was it copied whole?\n");
        assert_eq!(ran.stderr, why);
    };
    for name in ["COMETAPI_KEY", "KLING_API_KEY"] {
        check(run(get(here.path()).env(name, "sk bad")), name);
    }
    let mut pair = get(here.path());
    pair.env("KLING_ACCESS_KEY", "a")
        .env("KLING_SECRET_KEY", "s s");
    check(run(&mut pair), "KLING_SECRET_KEY");
    std::fs::write(here.path().join("key"), "sk bad").unwrap();
    close(&here.path().join("key"));
    let ran = run(get(here.path()).args(["--key-file", "key"]));
    check(ran, "--key-file key");
    let ran = run_with(get(here.path()).arg("--key-stdin"), "sk bad");
    check(ran, "--key-stdin: stdin");
}

/// Three services: who is asked tells which setting counted.
#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let mocks = [0; 3].map(|_| RunningMock::start(&["--provider", "kling", "--auth", "off"]));
    let [by_flag, by_variable, by_file] = &mocks;
    let here = tempfile::tempdir().unwrap();
    let directory = here.path().join("config/kling");
    std::fs::create_dir_all(&directory).unwrap();
    let file = format!(
        "provider = \"kling\"\nbase-url = \"{}\"\n",
        by_file.base_url
    );
    std::fs::write(directory.join("kling.toml"), file).unwrap();
    // Whoever made this directory does not choose who gets the key.
    std::fs::write(here.path().join("kling.toml"), "base-url = 7").unwrap();
    let command = || {
        let mut command = get(here.path());
        command
            .env("KLING_API_KEY", "sk-any")
            .env("XDG_CONFIG_HOME", here.path().join("config"));
        command
    };
    let counts = || mocks.each_ref().map(asked);
    run(&mut command());
    assert_eq!(counts(), [0, 0, 1]);
    run(command().env("KLING_BASE_URL", &by_variable.base_url));
    assert_eq!(counts(), [0, 1, 1]);
    let both = ["--base-url", &by_flag.base_url];
    run(command()
        .env("KLING_BASE_URL", &by_variable.base_url)
        .args(both));
    assert_eq!(counts(), [1, 1, 1]);
    // The file by variable and by flag; HOME where there is no other.
    let other = here.path().join("other.toml");
    std::fs::write(&other, format!("base-url = \"{}\"", by_variable.base_url)).unwrap();
    run(command().env("KLING_CONFIG", &other));
    assert_eq!(counts(), [1, 2, 1]);
    let flag = here.path().join("flag.toml");
    std::fs::write(&flag, format!("base-url = \"{}\"", by_flag.base_url)).unwrap();
    run(command()
        .env("KLING_CONFIG", &other)
        .arg("--config")
        .arg(&flag));
    assert_eq!(counts(), [2, 2, 1]);
    std::fs::rename(here.path().join("config"), here.path().join(".config")).unwrap();
    run(command()
        .env_remove("XDG_CONFIG_HOME")
        .env("HOME", here.path()));
    assert_eq!(counts(), [2, 2, 2]);
}

/// The provider, by the service's own ways: only Kling's path is without a prefix.
#[test]
fn the_provider_goes_by_the_same_order() {
    let mock = RunningMock::start(&["--provider", "kling", "--auth", "off"]);
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("k.toml"), "provider = \"kling\"").unwrap();
    let kind = |variable: &str, more: &[&str]| {
        let mut command = get(here.path());
        command
            .envs([("KLING_API_KEY", "sk-k"), ("COMETAPI_KEY", "sk-c")])
            .env("KLING_PROVIDER", variable)
            .args(["--base-url", &mock.base_url])
            .args(more);
        run(&mut command).json()["error"]["message"].to_string()
    };
    let is_kling = |message: String| message.contains("Task not found");
    assert!(!is_kling(kind("", &[])));
    assert!(is_kling(kind("", &["--config", "k.toml"])));
    assert!(!is_kling(kind("comet", &["--config", "k.toml"])));
    assert!(is_kling(kind(
        "comet",
        &["--config", "k.toml", "--provider", "kling"]
    )));
}

/// Another provider's key is there, and does not count.
#[test]
fn a_provider_that_was_chosen_needs_its_own_key() {
    let here = tempfile::tempdir().unwrap();
    let ran = run(get(here.path())
        .env("COMETAPI_KEY", "sk-c")
        .env("KLING_PROVIDER", "kling"));
    assert_eq!(ran.code, Some(2));
    let why = "kling was chosen, so another provider's key does not count";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
}

/// The longest wait is over at once by one of them, and never by the others.
#[test]
fn the_wait_goes_by_the_same_order() {
    let mock = RunningMock::start(&["--provider", "kling", "--auth", "off", "--plan", "stuck"]);
    let here = tempfile::tempdir().unwrap();
    let image = crate::run::picture("cat.png");
    let mut submit = kling(here.path());
    submit
        .env("KLING_API_KEY", "sk-k")
        .args([
            "submit",
            "color_mixing",
            "--json",
            "--base-url",
            &mock.base_url,
        ])
        .arg(image);
    let id = run(&mut submit).json()["task_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (file, variable, flags) in [
        ("timeout = 0.05\npoll-interval = 0.01", None, vec![]),
        ("timeout = 9999", Some("0.05"), vec![]),
        ("timeout = 9999", Some("9999"), vec!["--timeout", "0.05"]),
    ] {
        std::fs::write(here.path().join("k.toml"), file).unwrap();
        let mut command = kling(here.path());
        command
            .env("KLING_API_KEY", "sk-k")
            .args(["wait", &id, "--json", "--config", "k.toml"])
            .args(["--base-url", &mock.base_url])
            .args(flags);
        if let Some(seconds) = variable {
            command.env("KLING_TIMEOUT", seconds);
        }
        let ran = run(&mut command);
        assert_eq!(ran.code, Some(7), "{file}: {}", ran.stderr);
        assert_eq!(ran.json()["error"]["kind"], json!("wait_timeout"));
    }
}

/// As of every other variable.
#[test]
fn an_empty_variable_names_no_settings() {
    let here = tempfile::tempdir().unwrap();
    let ran = run(get(here.path()).env("KLING_CONFIG", ""));
    let why = "error: no key in the environment";
    assert!(ran.stderr.starts_with(why), "{}", ran.stderr);
}

#[test]
fn wrong_settings_name_their_file_and_line() {
    let here = tempfile::tempdir().unwrap();
    for (text, why) in [
        (
            "\ntimeout = true",
            "the settings k.toml, line 2: a time is a number of seconds, or text such as \"10m\"",
        ),
        (
            "api-key = \"sk-secret\"",
            "the settings k.toml, line 1: unknown field `api-key`",
        ),
        (
            "provider = \"klong\"",
            "provider in the settings is \"klong\": write comet or kling",
        ),
        (
            "timeout = -1",
            "timeout in the settings is \"-1\": give a time from",
        ),
        (
            "timeout = \"soon\"",
            "timeout in the settings is \"soon\": give a time from",
        ),
    ] {
        std::fs::write(here.path().join("k.toml"), text).unwrap();
        let ran = run(get(here.path())
            .args(["--config", "k.toml"])
            .env("COMETAPI_KEY", "sk-c"));
        assert_eq!(ran.code, Some(2), "{text}");
        assert!(
            ran.stderr.starts_with(&format!("error: {why}")),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("sk-secret"), "{}", ran.stderr);
    }
    let ran = run(get(here.path())
        .env("COMETAPI_KEY", "sk-c")
        .env("KLING_POLL_INTERVAL", "often"));
    assert!(
        ran.stderr
            .starts_with("error: KLING_POLL_INTERVAL is \"often\": give a time from"),
        "{}",
        ran.stderr
    );
    let ran = run(get(here.path()).args(["--config", "none.toml"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("the settings none.toml can't be read"),
        "{}",
        ran.stderr
    );
}
