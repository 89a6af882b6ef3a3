//! The small commands, each once as a user would.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{Ran, RunningMock, kling, picture, run};

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
    {
        use std::os::unix::fs::PermissionsExt;
        let set = |mode| std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
        set(0o644);
        let ran = call(&["get", "7"]);
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.stderr.contains("can be read by others"),
            "{}",
            ran.stderr
        );
        set(0o600);
    }
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
    let ran = run(kling(Path::new(".")).args(["scenes", "show", "hug_pr"]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("the nearest name is hug_pro"),
        "{}",
        ran.stderr
    );

    let here = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = here.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let a = file("a", r#"[{"scene":"x","n":1},{"scene":"y"}]"#);
    let b = file("b", r#"[{"scene":"x","n":2},{"scene":"z"}]"#);
    assert_eq!(ok(&["scenes", "diff", &a, &b]), "~ x\tn\n- y\n+ z\n");
}

#[test]
fn a_check_tells_of_every_violation_with_its_place() {
    let mut child = kling(Path::new("."))
        .args(["check", "--request", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let body = r#"{"effect_scene":"hug_pro","input":{"images":["https://example.com/a.jpg"]},"callback_url":"x"}"#;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(body.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    let pointers: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["violation"]["pointer"].clone())
        .filter(|pointer| !pointer.is_null())
        .collect();
    assert_eq!(pointers, ["/input/images", "/callback_url"]);

    let small = picture("too-small-338x191.png");
    let ran = run(kling(Path::new(".")).arg("check").arg(small));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stdout.contains("338 x 191 pixels"), "{}", ran.stdout);
    ok(&["check", picture("portrait.jpg").to_str().unwrap()]);
}

#[test]
fn a_callback_is_received_and_shown_and_a_forged_one_is_not() {
    let secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
    for (secret, status, lines) in [(None, "200", 1), (Some(secret), "401", 0)] {
        let mut command = kling(Path::new("."));
        command.args(["webhook", "listen"]);
        if let Some(secret) = secret {
            command
                .env("SECRET", secret)
                .args(["--secret-env", "SECRET"]);
        }
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = ready["url"].as_str().unwrap().replace("http://", "");
        let body = r#"{"task_id":"7","task_status":"processing"}"#;
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST /any HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{answer}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest.lines().count(), lines, "{rest}");
        assert!(lines == 0 || rest.contains(r#""task_id":"7""#));
    }
}

#[test]
fn schemas_completions_and_manual_pages_are_printed() {
    let schema: Value = serde_json::from_str(&ok(&["schema", "EffectRequest"])).unwrap();
    assert_eq!(schema["title"], json!("EffectRequest"));
    let all: Value = serde_json::from_str(&ok(&["schema"])).unwrap();
    assert!(all["$defs"]["EffectRequest"].is_object());
    assert!(ok(&["completions", "bash"]).contains("resume"));
    assert!(ok(&["man"]).contains(".TH"));
    let here = tempfile::tempdir().unwrap();
    ok(&["man", "--directory", here.path().to_str().unwrap()]);
    assert!(here.path().join("kling-webhook-listen.1").exists());
}

/// The video goes to stdout, and nothing else does.
#[test]
fn a_video_goes_through_a_pipe() {
    let mut command = kling(Path::new("."));
    command.args(["effect", "color_mixing", "--mock", "-o", "-"]);
    let output = command.arg(picture("cat.png")).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(&output.stdout[4..8], b"ftyp");
}
