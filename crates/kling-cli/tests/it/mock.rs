//! `kling mock`, as a program in any language uses it.

use serde_json::{Value, json};

use crate::run::{RunningMock, kling, run};

/// The body of the call on `CometAPI`'s page.
const DOCUMENTED: &str =
    include_str!("../../../../fixtures/samples/req.cometapi.effects.hug.new.json");

fn post(mock: &RunningMock, key: &str, body: &str) -> (u16, Value) {
    let head = format!(
        "POST /kling/v1/videos/effects HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json"
    );
    let (status, body) = mock.request(&head, body);
    (status, serde_json::from_str(&body).unwrap())
}

fn get(mock: &RunningMock, id: &str) -> Value {
    let head = format!(
        "GET /kling/v1/videos/effects/{id} HTTP/1.1\r\nAuthorization: Bearer {}",
        mock.api_key
    );
    let (status, body) = mock.request(&head, "");
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_documented_call_works_as_it_stands() {
    let mock = RunningMock::start(&["--listen", "127.0.0.1:0"]);
    let (status, mut answer) = post(&mock, &mock.api_key, DOCUMENTED);
    assert_eq!(status, 200);
    let id = answer["data"]["task_id"].as_str().unwrap().to_owned();
    let at = answer["data"]["created_at"].clone();
    assert!(
        id.len() == 19 && id.bytes().all(|b| b.is_ascii_digit()),
        "{id}"
    );
    // The time in the id is the time of the task, as in the live answer.
    let id_time = (id.parse::<u64>().unwrap() >> 22) + 1_288_834_974_657;
    assert_eq!(json!(id_time), at);
    answer["data"]["task_id"] = "ID".into();
    assert_eq!(
        answer,
        json!({
            "code": 0,
            "message": "success",
            "data": {
                "task_id": "ID",
                "task_status": "submitted",
                "task_info": {},
                "created_at": at,
                "updated_at": at,
            },
        })
    );

    // The default plan shows each state to one query at the least.
    let seen: Vec<Value> = (0..3)
        .map(|_| get(&mock, &id)["data"]["task_status"].clone())
        .collect();
    assert_eq!(seen, ["submitted", "processing", "succeed"]);
    let done = get(&mock, &id);
    let url = done["data"]["task_result"]["videos"][0]["url"]
        .as_str()
        .unwrap();
    let path = url
        .strip_prefix(&mock.base_url)
        .expect("a URL on the mock itself");
    let (status, body) = mock.request(&format!("GET {path} HTTP/1.1\r\nRange: bytes=4-7"), "");
    assert_eq!((status, body.as_str()), (206, "ftyp"));
}

#[test]
fn a_wrong_key_is_refused_in_the_gateways_words() {
    let mock = RunningMock::start(&[]);
    let (status, answer) = post(&mock, "sk-wrong", DOCUMENTED);
    assert_eq!(status, 401);
    assert_eq!(answer["error"]["type"], json!("comet_api_error"));
}

#[test]
fn provider_kling() {
    let mock = RunningMock::start(&["--provider", "kling"]);
    let head = format!(
        "GET /v1/videos/effects/unknown HTTP/1.1\r\nAuthorization: Bearer {}",
        mock.api_key
    );
    let (status, body) = mock.request(&head, "");
    assert_eq!(status, 400);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["code"], json!(1201));
}

/// What the facts leave open is a switch, by the text that Rust takes too.
#[test]
fn options_change_the_defaults() {
    let list = |arguments: &[&str]| {
        let mock = RunningMock::start(arguments);
        let key = &mock.api_key;
        let head = format!("GET /kling/v1/videos/effects HTTP/1.1\r\nAuthorization: Bearer {key}");
        mock.request(&head, "").0
    };
    assert_eq!(list(&[]), 404);
    assert_eq!(list(&["--provider", "comet list=on"]), 200);

    let ran = run(kling(std::path::Path::new(".")).args(["mock", "--provider", "comet list=3"]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("list"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn it_exits_on_signals() {
    for signal in ["TERM", "INT"] {
        assert_eq!(
            RunningMock::start(&[]).stop_with(signal),
            Some(0),
            "{signal}"
        );
    }
}

#[test]
fn other_machines_are_refused_unless_exposed() {
    let ran = run(kling(std::path::Path::new(".")).args(["mock", "--listen", "0.0.0.0:0"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: 0.0.0.0:0 can be reached from other machines: listen on 127.0.0.1, or add --expose\n"
    );
}

#[test]
fn faults_can_be_configured() {
    let mock = RunningMock::start(&[
        "--fault",
        "create#1@after:503",
        "--fault",
        "get:json=unknown_status(reviewing)",
        "--plan",
        "after(0ms, 0ms) fail(\"no luck\")",
        "--account",
        "mine:sk-mine",
    ]);
    assert_eq!(mock.api_key, "sk-mine");
    assert_eq!(post(&mock, "sk-mine", DOCUMENTED).0, 503);
    let (status, answer) = post(&mock, "sk-mine", DOCUMENTED);
    assert_eq!(status, 200, "{answer}");
    let id = answer["data"]["task_id"].as_str().unwrap();
    assert_eq!(get(&mock, id)["data"]["task_status"], json!("reviewing"));
}

/// Callbacks leave by themselves, to this machine.
#[test]
fn callbacks_come() {
    check_first_callback(&[], "submitted");
    check_first_callback(&["--callbacks-on", "end"], "succeed");
}

#[track_caller]
fn check_first_callback(arguments: &[&str], status: &str) {
    let inbox = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mock = RunningMock::start(&[&["--plan", "instant"], arguments].concat());
    let mut body: Value = serde_json::from_str(DOCUMENTED).unwrap();
    body["callback_url"] = format!("http://{}/hook", inbox.local_addr().unwrap()).into();
    let (accepted, answer) = post(&mock, &mock.api_key, &body.to_string());
    assert_eq!(accepted, 200);

    let (mut stream, _) = inbox.accept().unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut piece = [0; 4096];
        let length = std::io::Read::read(&mut stream, &mut piece).unwrap();
        assert_ne!(length, 0, "{}", String::from_utf8_lossy(&request));
        request.extend_from_slice(&piece[..length]);
    }
    let request = String::from_utf8(request).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let told: Value = serde_json::from_str(body).unwrap();
    assert_eq!(told["task_id"], answer["data"]["task_id"]);
    assert_eq!(told["task_status"], json!(status));
}

#[test]
fn the_ready_line_goes_into_a_file_too() {
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("ready.json");
    let mock = RunningMock::start(&["--ready-file", file.to_str().unwrap()]);
    let ready: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(ready["base_url"], json!(mock.base_url));
    assert_eq!(ready["accounts"], json!({"default": mock.api_key}));
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1);
}

#[track_caller]
fn check_refused(arguments: &[&str], sentence: &str) {
    let ran = run(kling(std::path::Path::new(".")).arg("mock").args(arguments));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains(sentence), "{}", ran.stderr);
}

#[test]
fn wrong_settings_are_refused_with_a_reason() {
    check_refused(&["--fault", "create:rset"], "did you mean `reset`?");
    check_refused(&["--fault", "get:truncate=0 x0"], "column");
    check_refused(&["--plan", "fast"], "`fast` is not a plan");
    check_refused(&["--auth", "maybe"], "use off, presence or verify");
    check_refused(
        &["--account", "a:k", "--account", "a:l"],
        "an account of this name already exists",
    );
    check_refused(
        &["--account", "a:k:many"],
        "\"many\" is not a number of slots",
    );
    check_refused(
        &["--scenes-as-of", "2026-02-30"],
        "not a date as YYYY-MM-DD",
    );
    check_refused(
        &["--callback-allow", "no/host"],
        "is not a host name, an address or a network",
    );
    check_refused(&["--ready-file", "/nowhere/ready.json"], "can't be written");
}

#[test]
fn the_ready_line_has_the_key_of_each_account() {
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("ready.json");
    let mock = RunningMock::start(&[
        "--account",
        "b",
        "--account",
        "a:sk-a",
        "--ready-file",
        file.to_str().unwrap(),
    ]);
    let ready: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(ready["accounts"], json!({"a": "sk-a", "b": mock.api_key}));
    for key in ["sk-a", &mock.api_key] {
        assert_eq!(post(&mock, key, DOCUMENTED).0, 200);
    }
}

/// A server with a seed of its own refuses what was meant for another.
#[test]
fn a_seed_of_its_own_is_a_key_of_its_own() {
    let one = RunningMock::start(&["--seed", "1"]);
    let other = RunningMock::start(&["--seed", "2"]);
    assert_eq!(post(&other, &one.api_key, DOCUMENTED).0, 401);
}

#[test]
fn videos_are_as_large_as_they_are_to_be() {
    for (environment, arguments) in [
        (&[][..], &["--video-bytes", "100000"][..]),
        (&[("KLING_MOCK_VIDEO_BYTES", "100000")], &[]),
    ] {
        let arguments = [&["--plan", "instant"], arguments].concat();
        let mock = RunningMock::start_in(environment, &arguments);
        let (_, answer) = post(&mock, &mock.api_key, DOCUMENTED);
        let done = get(&mock, answer["data"]["task_id"].as_str().unwrap());
        let url = done["data"]["task_result"]["videos"][0]["url"].as_str();
        let path = url.unwrap().strip_prefix(&mock.base_url).unwrap();
        let last = format!("GET {path} HTTP/1.1\r\nRange: bytes=99999-");
        assert_eq!(mock.request(&last, "").0, 206);
    }
    check_refused(&["--video-bytes", "2147483648"], "not in 0..=2147483647");
}
