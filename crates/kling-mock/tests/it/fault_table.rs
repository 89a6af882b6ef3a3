//! Every action of the fault grammar: what its phase does to the service's
//! state, and what of it is on the wire. `faults` looks closer at some.

use std::time::Duration;

use kling_mock::{Mock, Plan, Profile};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clock::ManualClock;
use crate::door::{Answer, Door};
use crate::single;

fn mock_with(fault: &str) -> Mock {
    Mock::builder()
        .profile(Profile::kling())
        .clock(ManualClock::new())
        .plan(Plan::polls(1, 1))
        .fault(fault.parse().expect(fault))
        .build()
}

/// Actions that fit a create, by the phases they may have, and what the bytes
/// of the answer begin with and have in them; nothing if none come.
const CREATES: &[(&str, &[&str], &str, &str)] = &[
    ("503", BOTH, "HTTP/1.1 503 ", "\"code\":5001"),
    ("429/1302", BOTH, "HTTP/1.1 429 ", "\"code\":1302"),
    (
        "429/1303+retry_after=2s",
        BOTH,
        "HTTP/1.1 429 ",
        "retry-after: 2\r\n",
    ),
    (
        "raw(418, text/plain, \"tea\")",
        BOTH,
        "HTTP/1.1 418 ",
        "\r\n\r\ntea",
    ),
    ("html301", BOTH, "HTTP/1.1 301 ", "location: /\r\n"),
    ("html502", BOTH, "HTTP/1.1 502 ", "<title>502 Bad Gateway"),
    (
        "nested_error",
        BOTH,
        "HTTP/1.1 400 ",
        "\"message\":\"{\\\"code\\\":1201",
    ),
    ("code400", BOTH, "HTTP/1.1 429 ", "\"code\":400"),
    ("saturated", BOTH, "HTTP/1.1 429 ", "当前分组上游负载已饱和"),
    (
        "quota_not_enough",
        BOTH,
        "HTTP/1.1 403 ",
        "\"quota_not_enough\"",
    ),
    (
        "model_not_found",
        BOTH,
        "HTTP/1.1 503 ",
        "\"model_not_found\"",
    ),
    (
        "invalid_request",
        BOTH,
        "HTTP/1.1 500 ",
        "\"invalid_request\"",
    ),
    ("reset", BOTH, "", ""),
    ("close", BOTH, "", ""),
    ("hang", BOTH, "", ""),
    ("empty", BOTH, "HTTP/1.1 200 ", "content-length: 0\r\n"),
    ("delay=1ms", BOTH, "HTTP/1.1 200 ", "\"code\":0"),
    (
        "delay=uniform(1ms,2ms)",
        BOTH,
        "HTTP/1.1 200 ",
        "\"code\":0",
    ),
    (
        "delay=lognormal(1ms,0.5,2ms)",
        BOTH,
        "HTTP/1.1 200 ",
        "\"code\":0",
    ),
    ("truncate=6", MID, "HTTP/1.1 200 ", "\r\n\r\n{\"code"),
    ("slow=1000000", MID, "HTTP/1.1 200 ", "\"code\":0"),
    ("chunk=100,gap=1ms", MID, "HTTP/1.1 200 ", "\"code\":0"),
    ("json=cut", MID, "HTTP/1.1 200 ", "\"code\":0"),
    (
        "json=missing_field(/data/task_id)",
        MID,
        "HTTP/1.1 200 ",
        "\"data\":{\"created_at\"",
    ),
    (
        "json=wrong_type(/data/task_id)",
        MID,
        "HTTP/1.1 200 ",
        "\"task_id\":",
    ),
    ("json=null(/data)", MID, "HTTP/1.1 200 ", "\"data\":null"),
    ("json=dup_key", MID, "HTTP/1.1 200 ", "\"code\":0}"),
    ("json=bom", MID, "HTTP/1.1 200 ", "\r\n\r\n\u{feff}{"),
    (
        "json=unknown_status(paused)",
        MID,
        "HTTP/1.1 200 ",
        "\"task_status\":\"paused\"",
    ),
];

const BOTH: &[&str] = &["", "@after"];
const MID: &[&str] = &["", "@mid"];

/// All that comes over the wire for one create, until the end or for a moment.
async fn wire(mock: &Mock, hangs: bool) -> Vec<u8> {
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let mut stream = TcpStream::connect(server.address()).await.expect("a door");
    let body = single().to_string();
    let request = format!(
        "POST /v1/videos/effects HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        mock.api_key(),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut received = Vec::new();
    if hangs {
        while mock.journal().is_empty() {
            tokio::task::yield_now().await;
        }
        let read = timeout(Duration::from_millis(10), stream.read_to_end(&mut received));
        assert!(read.await.is_err(), "an end");
    } else {
        // A reset is an error, and has no bytes.
        let _ = stream.read_to_end(&mut received).await;
    }
    received
}

/// Before, nothing is done and billed; after and on the way, all is. Either way
/// the bytes on the wire are the fault's.
#[tokio::test]
async fn creates() {
    for (action, phases, begins, has) in CREATES {
        for phase in *phases {
            let fault = format!("create{phase}:{action}");
            let mock = mock_with(&fault);
            let received = wire(&mock, *action == "hang").await;
            let received = String::from_utf8_lossy(&received);
            assert!(
                received.starts_with(begins) && received.contains(has),
                "{fault}: {received}"
            );
            assert_eq!(
                received.is_empty(),
                begins.is_empty(),
                "{fault}: {received}"
            );

            // A delay or an empty answer is no answer of its own: the request
            // is carried out.
            let refuses = phase.is_empty() && phases == &BOTH;
            let is_billed = !refuses || action.starts_with("delay");
            let journal = mock.journal();
            assert_eq!(mock.charges().len(), usize::from(is_billed), "{fault}");
            assert_eq!(journal[0].intended().is_some(), is_billed, "{fault}");
            assert!(
                journal[0].fault().is_some() && mock.faults()[0].hits == 1,
                "{fault}"
            );
        }
    }
}

/// A finished task's last query and its file, over the wire, under a fault.
async fn life(fault: &str) -> (Vec<Answer>, Answer) {
    let mock = mock_with(fault);
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let door = Door::through(&mock, &server);
    let id = door.create("", &single()).await.task_id();
    let mut queries = Vec::new();
    for _ in 0..5 {
        queries.push(door.query("", &id).await);
    }
    let done = queries.last().expect("a query").json();
    let url = done["data"]["task_result"]["videos"][0]["url"].as_str();
    let url = url.expect("an address").to_owned();
    let file = door.ask("GET", &url, &[("range", "bytes=0-9")], b"").await;
    assert!(mock.faults()[0].hits > 0, "{fault}");
    (queries, file)
}

#[tokio::test]
async fn queries() {
    let missing = "?";
    for (fault, wanted) in [
        (
            "get:lag=2",
            [missing, missing, "succeed", "succeed", "succeed"],
        ),
        (
            "get:stale=1",
            ["submitted", "submitted", "processing", "succeed", "succeed"],
        ),
        (
            "get#3:regress",
            [
                "submitted",
                "processing",
                "processing",
                "succeed",
                "succeed",
            ],
        ),
        (
            "get#2:404/1203",
            ["submitted", missing, "processing", "succeed", "succeed"],
        ),
    ] {
        let (queries, _) = life(fault).await;
        let status = |answer: &Answer| {
            let status = answer.json()["data"]["task_status"]
                .as_str()
                .map(str::to_owned);
            status.unwrap_or_else(|| missing.to_owned())
        };
        let got: Vec<_> = queries.iter().map(status).collect();
        assert_eq!(got, wanted, "{fault}");
    }
}

/// A list over the wire, after a create and so many queries, under a fault that
/// does nothing to the task itself.
#[tokio::test]
async fn lists() {
    for (fault, queries, status, has) in [
        ("list:503", 0, 503, "\"code\":5001"),
        ("list:429/1302", 0, 429, "\"code\":1302"),
        ("list:json=null(/data)", 0, 200, "\"data\":null"),
        (
            "list:json=unknown_status(paused)",
            1,
            200,
            "\"task_status\":\"paused\"",
        ),
        ("list:lag=2", 0, 200, "\"data\":[]"),
        ("list:lag=2", 1, 200, "\"task_status\":\"processing\""),
        ("list:stale=2", 2, 200, "\"task_status\":\"submitted\""),
        ("list:regress", 2, 200, "\"task_status\":\"processing\""),
        ("list#2:503", 2, 200, "\"task_status\":\"succeed\""),
    ] {
        let mock = mock_with(fault);
        let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
        let door = Door::through(&mock, &server);
        let id = door.create("", &single()).await.task_id();
        for _ in 0..queries {
            door.query("", &id).await;
        }
        let list = door.call("GET", "/v1/videos/effects", b"").await;
        let body = String::from_utf8_lossy(&list.body);
        assert_eq!(list.status, status, "{fault}: {body}");
        assert!(body.contains(has), "{fault}: {body}");
        let done = if queries == 2 { "succeed" } else { "submitted" };
        let really = mock.task(&id).expect("a task").status;
        let expected = if queries == 1 { "processing" } else { done };
        assert_eq!(really.as_str(), expected, "{fault}");
    }
}

/// As long as what `GET` would send, all of it or not.
#[tokio::test]
async fn a_head_tells_the_length_of_a_file_that_would_be_cut_short() {
    let mock = mock_with("asset:truncate=3");
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let door = Door::through(&mock, &server);
    let id = door.create("", &single()).await.task_id();
    mock.finish(&id, None).expect("ended");
    let task = door.query("", &id).await.task();
    let url = task["task_result"]["videos"][0]["url"].as_str();
    let url = url.expect("an address");
    let got = door.ask("GET", url, &[], b"").await;
    let head = door.ask("HEAD", url, &[], b"").await;
    assert_eq!((head.status, got.body.len(), head.body.len()), (200, 3, 0));
    let length = "content-length";
    assert_eq!(head.header(length), got.header(length));
}

#[tokio::test]
async fn downloads() {
    for (fault, status, content_type, least) in [
        ("asset:403", 403, "text/plain", 1),
        ("asset:404", 404, "text/plain", 1),
        ("asset:expired", 403, "text/plain", 1),
        ("asset:wrong_type", 206, "text/html", 10),
        ("asset:range_ignored", 200, "video/mp4", 6_000),
        ("asset:slow=1000000", 206, "video/mp4", 10),
        ("asset:truncate=3", 206, "video/mp4", 3),
        ("asset:html502", 502, "text/html", 10),
    ] {
        let (_, file) = life(fault).await;
        assert_eq!(file.status, status, "{fault}");
        assert_eq!(file.header("content-type"), content_type, "{fault}");
        assert!(file.body.len() >= least, "{fault}: {}", file.body.len());
        assert_eq!(file.body.len() == 3, fault == "asset:truncate=3", "{fault}");
    }
}
