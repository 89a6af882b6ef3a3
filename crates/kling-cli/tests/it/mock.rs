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
fn it_can_be_kling_itself() {
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

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_asked_to() {
    for signal in ["TERM", "INT"] {
        assert_eq!(
            RunningMock::start(&[]).stop_with(signal),
            Some(0),
            "{signal}"
        );
    }
}

#[test]
fn other_machines_are_kept_out_unless_asked_in() {
    let ran = run(kling(std::path::Path::new(".")).args(["mock", "--listen", "0.0.0.0:0"]));
    assert_eq!(ran.code, Some(2));
    assert_eq!(
        ran.stderr,
        "error: 0.0.0.0:0 can be reached from other machines: listen on 127.0.0.1, or add --expose\n"
    );
}
