//! The small commands, each once as a user would.

use std::path::Path;

use serde_json::{Value, json};

use crate::events;
#[cfg(unix)]
use crate::run::close;
use crate::run::{Ran, RunningMock, kling, picture, run, run_with};

#[track_caller]
fn ok(arguments: &[&str]) -> String {
    let ran = run(kling(Path::new(env!("CARGO_MANIFEST_DIR"))).args(arguments));
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
    ran.stdout
}

#[test]
fn a_submitted_task_is_asked_after_waited_for_listed_and_downloaded() {
    let mock = RunningMock::start(&["--provider", "kling", "--plan", "polls(1, 1)"]);
    let here = tempfile::tempdir().unwrap();
    let key = here.path().join("key.txt");
    std::fs::write(&key, format!("{}\n", mock.api_key)).unwrap();
    let call = |arguments: &[&str]| -> Ran {
        let mut command = kling(here.path());
        command
            .args(arguments)
            .args(["--provider", "kling", "--key-file", "key.txt", "--json"])
            .args(["--base-url", &mock.base_url])
            .env("KLING_POLL_INTERVAL", "0.02");
        run(&mut command)
    };
    #[cfg(unix)]
    close(&key);
    let image = picture("portrait.jpg");
    let image = image.to_str().unwrap();
    let ran = call(&[
        "submit",
        "color_mixing",
        image,
        "--external-task-id",
        "mine",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let id = ran.json()["task_id"].as_str().unwrap().to_owned();
    assert!(here.path().join("color_mixing-mine.kling.json").exists());

    let ran = call(&["get", "--external", "mine"]);
    assert_eq!(ran.json()["task"]["task_id"], json!(id), "{}", ran.stderr);
    let ran = call(&["wait", &id]);
    assert_eq!(ran.json()["task"]["task_status"], json!("succeed"));
    let ran = call(&["list", "--limit", "5"]);
    assert_eq!(ran.events().len(), 1, "{}", ran.stderr);
    assert_eq!(ran.json()["task"]["task_id"], json!(id));
    let ran = call(&["download", &id, "-o", "v.mp4"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(here.path().join("v.mp4").exists());
    let ran = call(&["get", "1"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("Task not found"), "{}", ran.stderr);
}

#[test]
fn scenes_are_found_shown_and_compared() {
    assert_eq!(ok(&["scenes", "list"]).lines().count(), 219);
    assert_eq!(ok(&["scenes", "list", "--two"]).lines().count(), 15);
    assert_eq!(ok(&["scenes", "list", "--all"]).lines().count(), 333);
    assert!(ok(&["scenes", "search", "hug"]).contains("hug_pro\ttwo pictures"));
    let shown: Value = serde_json::from_str(&ok(&["scenes", "show", "hug_pro", "--json"])).unwrap();
    assert_eq!(shown["images"], json!(2));
    events::check(&shown);
    for slip in ["hug_pr", "HUG_PRO", "Hug-Pro"] {
        let ran = run(kling(Path::new(".")).args(["scenes", "show", slip]));
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.stderr.contains("the nearest name is hug_pro"),
            "{}",
            ran.stderr
        );
    }
}

/// What `scenes diff` says of two lists.
#[track_caller]
fn check_diff(before: &str, after: &str, expected: &str) -> Vec<Value> {
    let here = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = here.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (a, b) = (file("a", before), file("b", after));
    assert_eq!(ok(&["scenes", "diff", &a, &b]), expected);
    let lines = ok(&["scenes", "diff", &a, &b, "--json"]);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let told: Vec<Value> = lines.collect();
    told.iter().for_each(events::check);
    told
}

#[test]
fn two_catalogues_are_compared_to_the_last_place() {
    check_diff(
        r#"[{"scene":"x","n":1},{"scene":"y"}]"#,
        r#"[{"scene":"x","n":2},{"scene":"z"}]"#,
        "~ x\t/n: 1 -> 2\n- y\n+ z\n",
    );
    let told = check_diff(
        r#"[{"scene":"x","a":{"b/c":[1,{"d~":null}],"same":[1]}}]"#,
        r#"[{"scene":"x","a":{"b/c":[1,{"e":0},7],"same":[1]}}]"#,
        "~ x\t/a/b~1c/1/d~0: null -> nothing\n\
         ~ x\t/a/b~1c/1/e: nothing -> 0\n\
         ~ x\t/a/b~1c/2: nothing -> 7\n",
    );
    let changes = json!([
        {"pointer": "/a/b~1c/1/d~0", "before": null},
        {"pointer": "/a/b~1c/1/e", "after": 0},
        {"pointer": "/a/b~1c/2", "after": 7},
    ]);
    assert_eq!(
        told,
        [json!({"event": "changed", "scene": "x", "changes": changes})]
    );
    // The order of scenes and members is none.
    check_diff(
        r#"[{"scene":"x","n":1},{"scene":"y"}]"#,
        r#"[{"scene":"y"},{"n":1,"scene":"x"}]"#,
        "",
    );
    let here = tempfile::tempdir().unwrap();
    for (text, why) in [
        ("{}", "it is a list of objects"),
        ("[1]", "it is a list of objects"),
        (
            r#"[{"scene":"x"},{"scene":"x"}]"#,
            "the scene x is in it twice",
        ),
    ] {
        std::fs::write(here.path().join("a"), text).unwrap();
        let ran = run(kling(here.path()).args(["scenes", "diff", "a", "a"]));
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

#[test]
fn a_check_tells_of_every_violation_with_its_place() {
    let body = r#"{"effect_scene":"hug_pro","input":{"images":["https://example.com/a.jpg"]},"callback_url":"x"}"#;
    let ran = run_with(
        kling(Path::new(".")).args(["check", "--request", "-", "--json"]),
        body,
    );
    assert_eq!(ran.code, Some(2));
    let pointers: Vec<Value> = ran
        .events()
        .iter()
        .map(|event| event["violation"]["pointer"].clone())
        .filter(|pointer| !pointer.is_null())
        .collect();
    assert_eq!(pointers, ["/input/images", "/callback_url"]);

    let small = picture("too-small-338x191.png");
    let ran = run(kling(Path::new(".")).arg("check").arg(small));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stdout.contains("338 x 191 pixels"), "{}", ran.stdout);
    ok(&["check", picture("portrait.jpg").to_str().unwrap()]);
}

/// Whoever gave pictures knows them by their names, and a scene by its right one.
#[test]
fn a_check_for_a_scene_names_the_picture() {
    let small = picture("too-small-338x191.png");
    let check = || {
        let mut command = kling(Path::new("."));
        command
            .args(["check", "--scene", "Hug_Pro"])
            .arg(picture("portrait.jpg"))
            .arg(&small);
        command
    };
    let ran = run(&mut check());
    let expected = format!(
        "warning: /effect_scene: \"Hug_Pro\" is not in the catalogue: check its spelling if it is \
         not new [scene.unknown]; did you mean hug_pro?\n\
         error: {}: /input/images/1: has 338 x 191 pixels: use a picture of at least 300 on each \
         side [image.pixels]\n",
        small.display()
    );
    assert_eq!((ran.code, ran.stdout), (Some(2), expected));
    let inputs: Vec<Value> = run(check().arg("--json"))
        .events()
        .iter()
        .filter(|event| event["event"] == "violation")
        .map(|event| event["input"].clone())
        .collect();
    assert_eq!(inputs, [Value::Null, json!(small.to_str().unwrap())]);
}

/// One that can't be read must not hide what is wrong with those after it.
#[test]
fn a_check_of_several_pictures_goes_on_after_one_that_can_t_be_read() {
    let here = tempfile::tempdir().unwrap();
    std::fs::create_dir(here.path().join("folder")).unwrap();
    let pictures = [
        picture("portrait.jpg"),
        "none.png".into(),
        "folder".into(),
        picture("too-small-338x191.png"),
    ];
    let ran = run(kling(here.path())
        .arg("check")
        .args(&pictures)
        .arg("--json"));
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let told: Vec<(Value, Value)> = ran
        .events()
        .iter()
        .map(|event| (event["event"].clone(), event["input"].clone()))
        .collect();
    let small = pictures[3].to_str().unwrap();
    let expected = [
        (json!("unreadable"), json!("none.png")),
        (json!("unreadable"), json!("folder")),
        (json!("violation"), json!(small)),
        (json!("checked"), Value::Null),
        (json!("error"), Value::Null),
    ];
    assert_eq!(told, expected);
    assert_eq!(ran.events()[3]["errors"], json!(3));

    let ran = run(kling(here.path()).arg("check").args(&pictures));
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(
        lines[0].starts_with("error: none.png can't be read: "),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "error: folder is a directory: give a picture in it"
    );
    assert_eq!(
        (lines.len(), ran.stderr.as_str()),
        (3, "error: found 3 errors\n")
    );
}

/// A flag that changes nothing would look like a check that was made.
#[test]
fn a_picture_by_itself_has_no_duration_to_require() {
    let mut check = kling(Path::new("."));
    check
        .args(["check", "--duration-required"])
        .arg(picture("cat.png"));
    let ran = run(&mut check);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("add --scene, or give --request"),
        "{}",
        ran.stderr
    );
    assert_eq!(run(check.args(["--scene", "color_mixing"])).code, Some(2));
}

/// Elsewhere it is stdout: a file of that name is not what was meant.
#[test]
fn a_dash_that_is_not_stdout_is_refused() {
    let here = tempfile::tempdir().unwrap();
    let image = picture("cat.png");
    for (command, option) in [
        ("submit", "--output"),
        ("submit", "--state"),
        ("effect", "--state"),
        ("effect", "--report"),
    ] {
        let mut program = kling(here.path());
        program
            .env("COMETAPI_KEY", "sk-c")
            .args([command, "color_mixing"]);
        let ran = run(program.arg(&image).args([option, "-"]));
        assert_eq!(ran.code, Some(2), "{command} {option}");
        let sentence = format!("error: {option} - is not stdout here: give a file's name\n");
        assert_eq!(ran.stderr, sentence);
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
}

/// Only what is a job's record may be called one.
#[test]
fn a_file_in_a_state_file_s_place_is_called_what_it_is() {
    let mock = RunningMock::start(&["--plan", "stuck"]);
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("notes.txt"), "hi").unwrap();
    let submit = |state: &str| {
        let mut submit = kling(here.path());
        submit
            .env("COMETAPI_KEY", &mock.api_key)
            .args(["submit", "color_mixing", "--base-url", &mock.base_url])
            .args(["--state", state]);
        run(submit.arg(picture("cat.png")))
    };
    assert_eq!(
        submit("notes.txt").stderr,
        "error: notes.txt already exists and is not a state file: move it; or choose another \
         file with --state\n"
    );
    assert_eq!(submit("job.json").code, Some(0));
    let ran = submit("job.json");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("kling resume job.json; or choose another"),
        "{}",
        ran.stderr
    );
}

/// As editors of Windows write text.
#[test]
fn a_byte_order_mark_is_no_part_of_a_request_or_of_settings() {
    let here = tempfile::tempdir().unwrap();
    let body = "\u{feff}{\"effect_scene\":\"color_mixing\",\
                \"input\":{\"image\":\"https://example.com/a.jpg\"}}";
    std::fs::write(here.path().join("bom.json"), body).unwrap();
    let ran = run(kling(here.path()).args(["check", "--request", "bom.json"]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = run_with(kling(here.path()).args(["check", "--request", "-"]), body);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    std::fs::write(here.path().join("bom.toml"), "\u{feff}timeout = -1").unwrap();
    let mut get = kling(here.path());
    get.env("COMETAPI_KEY", "sk-c");
    let ran = run(get.args(["get", "7", "--config", "bom.toml"]));
    assert!(
        ran.stderr
            .contains("timeout in the settings is \"-1\": give a time from"),
        "{}",
        ran.stderr
    );
}

/// Runs what the help says in a shell, where it is installed.
#[track_caller]
fn check_loads(shell: &str, load: &str) {
    let home = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_kling"));
    let path = std::env::var("PATH").unwrap_or_default();
    let own = program.parent().unwrap().to_str().unwrap();
    let ran = std::process::Command::new(shell)
        .env("HOME", home.path())
        .env("PATH", format!("{own}:{path}"))
        .args(["-c", load])
        .output();
    if let Ok(ran) = ran {
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{shell}: {said}");
    }
}

#[test]
fn schemas_completions_and_manual_pages_are_printed() {
    let schema: Value = serde_json::from_str(&ok(&["schema", "EffectRequest"])).unwrap();
    assert_eq!(schema["title"], json!("EffectRequest"));
    let all: Value = serde_json::from_str(&ok(&["schema"])).unwrap();
    assert!(all["$defs"]["EffectRequest"].is_object());
    assert!(ok(&["completions", "bash"]).contains("resume"));
    for (shell, load) in [
        (
            "bash",
            "source <(kling completions bash) && complete -p kling",
        ),
        (
            "zsh",
            "autoload -U compinit && compinit -D && source <(kling completions zsh) && \
             test \"${_comps[kling]}\" = _kling",
        ),
        (
            "fish",
            "kling completions fish | source; complete -C 'kling eff' | string match 'effect*'",
        ),
    ] {
        check_loads(shell, load);
    }
    assert!(ok(&["man"]).contains(".TH"));
    let here = tempfile::tempdir().unwrap();
    ok(&["man", "--directory", here.path().to_str().unwrap()]);
    assert!(here.path().join("kling-webhook-listen.1").exists());
}
