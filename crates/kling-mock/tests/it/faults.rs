//! Faults: their answers, and their effect on the service's state.

use std::time::Duration;

use kling_http::{Transport as _, TransportErrorKind};
use kling_mock::{Expectation, Fault, Mock, Plan, PlanRule, Profile};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::clock::ManualClock;
use crate::door::Door;
use crate::single;

pub(crate) const KLING: &str = "/v1/videos/effects";

pub(crate) fn mock_with(faults: &[&str]) -> Mock {
    let mut builder = Mock::builder()
        .profile(Profile::kling())
        .clock(ManualClock::new())
        .plan(Plan::polls(1, 1));
    for text in faults {
        builder = builder.fault(text.parse::<Fault>().expect(text));
    }
    builder.build()
}

/// The status and the body of an answer, or the transport error.
pub(crate) type Got = Result<(u16, Value), TransportErrorKind>;

async fn send(mock: &Mock, method: &str, path: &str, body: &str) -> Got {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("https://mock.test{path}"))
        .header("authorization", format!("Bearer {}", mock.api_key()))
        .body(body.to_owned().into())
        .expect("a request");
    let (head, body) = mock
        .transport()
        .send(request)
        .await
        .map_err(|error| error.kind())?
        .into_parts();
    let body = body
        .collect(usize::MAX)
        .await
        .map_err(|error| error.kind())?;
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
    Ok((head.status.as_u16(), body))
}

pub(crate) async fn create(mock: &Mock) -> Got {
    let mut body = single();
    body["external_task_id"] = "mine".into();
    send(mock, "POST", KLING, &body.to_string()).await
}

pub(crate) async fn status_of(mock: &Mock, id: &str) -> String {
    let (_, body) = send(mock, "GET", &format!("{KLING}/{id}"), "")
        .await
        .expect("an answer");
    body["data"]["task_status"]
        .as_str()
        .or(body["message"].as_str())
        .unwrap_or("?")
        .to_owned()
}

/// The create is carried out and billed, but its answer is lost.
#[tokio::test]
async fn a_lost_create_is_billed_once() {
    let mock = mock_with(&["create#1@after:reset"]);
    assert_eq!(create(&mock).await, Err(TransportErrorKind::Broken));
    let (status, again) = create(&mock).await.expect("an answer");
    assert_eq!(
        (status, &again["message"]),
        (400, &json!("External_task_id mine already exists"))
    );
    assert_eq!(status_of(&mock, "mine").await, "submitted");
    mock.ledger().assert_charged_once("mine");
    let expected = Expectation::new().create().times(2).charges(1);
    mock.verify(&expected).expect("all of it");
}

#[tokio::test]
async fn an_armed_fault_that_never_acts_fails_verification() {
    let mock = mock_with(&["create#9:503", "list:503 optional"]);
    create(&mock).await.expect("an answer");
    let error = mock.verify(&Expectation::new()).expect_err("a failure");
    let text = error.to_string();
    assert!(
        text.contains("create#9:503") && !text.contains("list:503"),
        "{text}"
    );
    let expected = Expectation::new().create().times(1).allow_unfired_faults();
    mock.verify(&expected).expect("all else");
}

/// Checks what a create answers under a fault, and whether it was carried out.
async fn check_create(
    fault: &str,
    wanted: Result<(u16, Value), TransportErrorKind>,
    billed: usize,
) {
    let mock = mock_with(&[fault]);
    let got = create(&mock).await.map(|(status, body)| {
        // The code identifies the answer; other tests check its other members.
        (
            status,
            body.get("code")
                .or(body.pointer("/error/code"))
                .cloned()
                .unwrap_or(body),
        )
    });
    assert_eq!(got, wanted, "{fault}");
    assert_eq!(mock.charges().len(), billed, "{fault}");
    let entry = mock.journal().pop().expect("an entry");
    assert_eq!(entry.fault().as_deref(), Some(fault));
    assert_eq!(entry.intended().is_some(), billed == 1, "{fault}");
}

#[tokio::test]
async fn before_and_after_differ_in_what_is_carried_out() {
    for (action, wanted) in [
        ("503", Ok((503, json!(5001)))),
        ("418", Ok((418, json!(1200)))),
        ("502", Ok((502, json!(5000)))),
        ("504", Ok((504, json!(5002)))),
        ("429/1302", Ok((429, json!(1302)))),
        ("500/5000", Ok((500, json!(5000)))),
        ("html502", Ok((502, Value::Null))),
        ("nested_error", Ok((400, json!("fail_to_fetch_task")))),
        ("code400", Ok((429, json!(400)))),
        ("reset", Err(TransportErrorKind::Broken)),
        ("close", Err(TransportErrorKind::Broken)),
    ] {
        for (phase, billed) in [("", 0), ("@after", 1)] {
            let fault = format!("create{phase}:{action}");
            let mut wanted = wanted.clone();
            if action == "html502" {
                let page = send(&mock_with(&["create:html502"]), "POST", KLING, "{}").await;
                wanted = page;
            }
            check_create(&fault, wanted, billed).await;
        }
    }
    check_create("create:truncate=10", Err(TransportErrorKind::Broken), 1).await;
    check_create("create:json=null(/code)", Ok((200, Value::Null)), 1).await;
}

#[tokio::test(start_paused = true)]
async fn delays_add_up_and_a_hang_never_ends() {
    let mock = mock_with(&["create@before:delay=2s", "create@after:delay=3s"]);
    let began = Instant::now();
    create(&mock).await.expect("an answer");
    assert_eq!(began.elapsed(), Duration::from_secs(5));

    let mock = mock_with(&["create@after:hang"]);
    let waited = tokio::time::timeout(Duration::from_secs(3600), create(&mock)).await;
    assert!(waited.is_err());
    assert_eq!(mock.charges().len(), 1);

    // One pause between each two pieces.
    let mock = mock_with(&["create:chunk=30,gap=1s"]);
    let began = Instant::now();
    let (_, body) = create(&mock).await.expect("an answer");
    let pieces = body.to_string().len().div_ceil(30) as u64;
    assert_eq!(began.elapsed(), Duration::from_secs(pieces - 1));
}

#[tokio::test]
async fn downloads_fail_in_their_own_ways() {
    for (fault, status, content_type, body) in [
        ("asset:expired", 403, "text/plain", None),
        ("asset:404", 404, "text/plain", None),
        ("asset:wrong_type", 206, "text/html", Some(10)),
        ("asset:range_ignored", 200, "video/mp4", Some(6_000)),
        ("asset#2:403", 206, "video/mp4", Some(10)),
    ] {
        let mock = mock_with(&[fault]);
        let (_, made) = create(&mock).await.expect("an answer");
        let id = made["data"]["task_id"].as_str().expect("an id").to_owned();
        let mut last = Value::Null;
        for _ in 0..3 {
            last = send(&mock, "GET", &format!("{KLING}/{id}"), "")
                .await
                .expect("an answer")
                .1;
        }
        let url = last["data"]["task_result"]["videos"][0]["url"]
            .as_str()
            .expect("a URL")
            .to_owned();
        let request = http::Request::get(url)
            .header("range", "bytes=0-9")
            .body("".into());
        let answer = mock
            .transport()
            .send(request.expect("a request"))
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), status, "{fault}");
        assert_eq!(answer.headers()["content-type"], content_type, "{fault}");
        let length = answer
            .into_body()
            .collect(usize::MAX)
            .await
            .expect("a body")
            .len();
        if let Some(least) = body {
            assert!(length >= least, "{fault}: {length}");
        }
    }
}

/// A fault that does not change the answer has not fired, so verification reports it.
#[tokio::test]
async fn faults_without_an_effect_have_not_fired() {
    // After a create: queries, lists, and then the file.
    let life = async |fault: &str, plan: &str, queries: u32, file: &[(&str, &str)]| {
        let mock = mock_with(&[fault]);
        mock.add_plan_rule(PlanRule::new(plan.parse().expect(plan)));
        let door = Door::of(&mock);
        let id = door.create("", &single()).await.task_id();
        for _ in 0..queries {
            door.query("", &id).await;
        }
        door.call("GET", KLING, b"").await;
        let done = mock.finish(&id, None);
        if !file.is_empty() {
            done.expect("ended");
            let task = door.query("", &id).await.task();
            let url = task["task_result"]["videos"][0]["url"].as_str();
            let (method, headers) = (file[0].0, &file[1..]);
            door.ask(method, url.expect("a URL"), headers, b"").await;
        }
        mock.faults()[0].hits
    };
    let part = ("range", "bytes=0-9");
    for (fault, plan, queries, file, hits) in [
        // The state that is shown is the current one.
        ("get:regress", "stuck", 1, &[][..], 0),
        ("get:regress", "polls(1, 1)", 1, &[], 0),
        ("get:regress", "polls(1, 1)", 3, &[], 2),
        ("get:stale=1", "held", 2, &[], 0),
        ("get:stale=1", "polls(1, 1)", 2, &[], 1),
        ("get:lag=2", "held", 3, &[], 2),
        ("list:lag=1", "held", 0, &[], 1),
        ("list:lag=1", "held", 1, &[], 0),
        ("list:regress", "held", 1, &[], 0),
        ("list:regress", "polls(0, 1)", 1, &[], 1),
        // No range was requested, or it does not apply.
        ("asset:range_ignored", "held", 0, &[("GET", "")], 0),
        ("asset:range_ignored", "held", 0, &[("GET", ""), part], 1),
        ("asset:range_ignored", "held", 0, &[("HEAD", ""), part], 0),
        (
            "asset:range_ignored",
            "held",
            0,
            &[("GET", ""), part, ("if-range", "\"other\"")],
            0,
        ),
        ("asset:expired", "held", 0, &[("GET", "")], 1),
        ("asset:wrong_type", "held", 0, &[("HEAD", "")], 1),
        // The answer would not be a file anyway.
        ("asset:expired", "held", 0, &[("POST", "")], 0),
    ] {
        let found = life(fault, plan, queries, file).await;
        assert_eq!(found, hits, "{fault}, {plan}, {queries} queries, {file:?}");
    }
    // An unknown task is not found without a fault either.
    let mock = mock_with(&["get:lag=9"]);
    Door::of(&mock).query("", "nothing").await;
    assert_eq!(mock.faults()[0].hits, 0);
}

/// An injected error has the same message as the service's own.
#[tokio::test]
async fn injected_codes_have_the_messages_of_the_service() {
    for (fault, words) in [
        ("401/1000", "signature is invalid"),
        ("401/1001", "Authorization is empty"),
        ("401/1004", "Authorization has expired"),
        ("429/1102", "Account balance not enough"),
        ("429/1302", "API request too fast"),
        ("429/1303", "parallel task over resource pack limit"),
        ("503", "under maintenance"),
    ] {
        let mock = mock_with(&[&format!("create:{fault}")]);
        let (_, answer) = create(&mock).await.expect("an answer");
        assert_eq!(answer["message"], words, "{fault}");
    }
}

/// With the same seed, requests and times, the journal is identical.
#[tokio::test]
async fn runs_are_reproducible() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mock = mock_with(&["any p=0.5:503 optional", "get#2:json=bom optional"]);
        for _ in 0..5 {
            let _ = create(&mock).await;
            let _ = send(&mock, "GET", &format!("{KLING}/mine"), "").await;
            let _ = send(&mock, "GET", "/nowhere", "").await;
        }
        runs.push(serde_json::to_string(&mock.journal()).expect("JSON"));
        assert!(!runs[0].contains(mock.api_key()));
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].contains("any p=0.5:503"));
}
