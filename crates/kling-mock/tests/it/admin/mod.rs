//! The mock's own interface: what it does, through both doors.

use std::time::Duration;

use kling_mock::{ManualClock, Mock, MockBuilder, Plan, Profile};
use serde_json::{Value, json};

use crate::door::{Answer, Door};
use crate::single;

mod accounts;
mod errors;

use errors::check_error;

fn manual() -> MockBuilder {
    Mock::builder()
        .clock(ManualClock::new())
        .profile(Profile::kling())
}

/// Asks the mock itself.
async fn ask(door: &Door, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/__mock{path}");
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    door.ask(method, &path, &[], body.as_bytes()).await
}

async fn get(door: &Door, path: &str) -> Value {
    let answer = ask(door, "GET", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// A life that is steered from outside alone, through either door.
async fn life(door: &Door) -> Vec<Value> {
    let mut seen = Vec::new();
    let armed = ask(
        door,
        "POST",
        "/faults",
        &json!({"fault": "create#1@after:503"}),
    )
    .await;
    assert_eq!(armed.status, 201);
    seen.push(armed.json());
    let mut body = single();
    body["external_task_id"] = "order-1".into();
    assert_eq!(door.create("", &body).await.status, 503);
    // The answer was lost, the task is there, and it is billed once.
    assert_eq!(
        door.query("", "order-1").await.task()["task_status"],
        "submitted"
    );
    seen.push(get(door, "/charges?task=order-1").await);
    seen.push(get(door, "/ledger").await);
    let expected = json!({"charged_once": ["order-1"], "no_unmatched": true});
    let verified = ask(door, "POST", "/verify", &expected).await;
    assert_eq!(
        (verified.status, verified.json()),
        (200, json!({"ok": true}))
    );

    let moved = ask(door, "POST", "/clock", &json!({"advance": "1m"})).await;
    seen.push(moved.json());
    assert_eq!(
        door.query("", "order-1").await.task()["task_status"],
        "succeed"
    );
    seen.push(get(door, "/clock").await);
    seen.push(get(door, "/tasks").await);
    seen.push(get(door, "/stats").await);
    seen.push(get(door, "/journal?limit=1").await);
    seen
}

#[tokio::test]
async fn a_life_steered_from_outside() {
    let build = || {
        manual()
            .plan(Plan::after(Duration::from_secs(5), Duration::from_secs(50)))
            .build()
    };
    let (quiet, loud) = (build(), build());
    let server = loud.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    let in_process = life(&Door::of(&quiet)).await;
    let on_a_socket = life(&Door::at(&loud, server.address())).await;
    assert_eq!(in_process, on_a_socket);
    let [armed, charges, ledger, moved, clock, tasks, stats, journal] = &in_process[..] else {
        panic!("{in_process:?}");
    };
    assert_eq!(armed["rule"], "create#1@after:503");
    assert_eq!(charges["charges"].as_array().map(Vec::len), Some(1));
    assert_eq!(charges["charges"][0]["amount"], ledger["total"]);
    assert_eq!(moved["now"], json!(1_767_225_660_000_i64));
    assert_eq!(
        (&clock["mode"], &clock["next"]),
        (&json!("manual"), &Value::Null)
    );
    assert_eq!(tasks["tasks"][0]["status"], "succeed");
    // Of five requests to the service; those to the mock itself are not counted.
    assert_eq!(
        stats["requests"],
        json!({"create": {"failed": 1}, "get": {"success": 2}})
    );
    assert_eq!(journal["entries"][0]["operation"], "create");
    server.shutdown().await;
}

#[tokio::test]
async fn a_path_that_only_looks_like_it_is_the_service_s() {
    let mock = Mock::new();
    let door = Door::of(&mock);
    for path in ["/__mocks", "/__mockery/health", "/kling/__mock/health"] {
        let answer = door.ask("GET", path, &[], b"").await;
        assert!(!answer.headers.contains_key("cache-control"), "{answer:?}");
    }
    assert_eq!(mock.totals().all(), 3);
}

#[tokio::test]
async fn no_fault_acts_here_and_nothing_is_written_down() {
    let mock = manual()
        .fault("any:reset".parse().expect("a fault"))
        .build();
    let server = mock.serve(([127, 0, 0, 1], 0)).await.expect("a port");
    for door in [Door::of(&mock), Door::through(&mock, &server)] {
        let faults = get(&door, "/faults").await;
        assert_eq!(faults["faults"][0]["hits"], 0);
        assert_eq!(get(&door, "/journal").await["entries"], json!([]));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_token_keeps_strangers_out() {
    let mock = manual().admin_token("let-me-in").expect("a token").build();
    let door = Door::of(&mock);
    for path in ["/health", "/ready"] {
        assert_eq!(get(&door, path).await, json!({"status": "ok"}));
    }
    for path in ["/clock", "/nothing", "/openapi.json"] {
        let answer = ask(&door, "GET", path, &Value::Null).await;
        check_error(&answer, 401, "unauthorized", "X-Mock-Token");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    for headers in [
        [("authorization", "Bearer let-me-in")],
        [("x-mock-token", "let-me-in")],
    ] {
        let answer = door.ask("GET", "/__mock/clock", &headers, b"").await;
        assert_eq!(answer.status, 200);
    }
    // The service's own key is none.
    let answer = door.call("GET", "/__mock/clock", b"").await;
    assert_eq!(answer.status, 401);
    // Where it strays into the service, it is not written down.
    let stray = [("authorization", "Bearer let-me-in")];
    door.ask(
        "POST",
        "/v1/videos/effects",
        &stray,
        br#"{"x":"let-me-in"}"#,
    )
    .await;
    let journal = serde_json::to_string(&mock.journal()).expect("JSON");
    assert!(
        journal.contains("…") && !journal.contains("let-me-in"),
        "{journal}"
    );
    assert!(Mock::builder().admin_token("two words").is_err());
    assert!(!format!("{mock:?}").contains("let-me-in"));
}

#[tokio::test]
async fn scopes_of_a_reset() {
    for (scope, tasks, charges, journal, faults) in [
        ("all", 0, 0, 0, 0),
        ("tasks", 0, 0, 1, 1),
        ("journal", 1, 1, 0, 1),
        ("faults", 1, 1, 1, 0),
    ] {
        let mock = manual().fault("get:503".parse().expect("a fault")).build();
        let door = Door::of(&mock);
        let first = door.create("", &single()).await.task_id();
        let answer = ask(
            &door,
            "POST",
            &format!("/reset?scope={scope}"),
            &Value::Null,
        )
        .await;
        assert_eq!(answer.status, 204);
        let stats = mock.stats();
        let found = (
            stats.tasks,
            stats.charges,
            stats.journal_entries,
            stats.faults,
        );
        assert_eq!(found, (tasks, charges, journal, faults), "{scope}");
        assert_eq!(mock.api_key(), manual().build().api_key());
        // As new, where all is.
        let again = door.create("", &single()).await.task_id();
        assert_eq!(again == first, scope == "all", "{scope}");
    }
}

/// Whoever waits is told at once, and never waits for ever.
#[tokio::test(start_paused = true)]
async fn the_journal_can_be_waited_for() {
    let mock = Mock::new();
    let door = Door::of(&mock);
    let begun = tokio::time::Instant::now();
    let waiting = {
        let door = door.clone();
        tokio::spawn(async move { get(&door, "/journal?wait=30s").await })
    };
    tokio::time::sleep(Duration::from_secs(3)).await;
    door.create("/kling", &single()).await;
    let page = waiting.await.expect("a page");
    assert_eq!(page["entries"][0]["operation"], "create");
    assert_eq!(begun.elapsed(), Duration::from_secs(3));

    let next = page["next"].as_u64().expect("a number");
    let begun = tokio::time::Instant::now();
    for (wait, seconds) in [("0s", 0), ("5s", 5), ("9h", 60)] {
        let path = format!("/journal?after={next}&wait={wait}");
        assert_eq!(get(&door, &path).await["entries"], json!([]));
        let passed = begun.elapsed().as_secs();
        assert!(passed >= seconds && passed <= 66, "{wait}: {passed}");
    }
}

#[tokio::test]
async fn callbacks_are_looked_at_and_sent_again() {
    let sent = kling_http::transport_fn(|_| async {
        Ok::<_, kling_http::TransportError>(http::Response::new(kling_http::Body::empty()))
    });
    let mock = manual().callbacks_through(sent).build();
    let door = Door::of(&mock);
    let url = json!({"url": "http://127.0.0.1:9/hook"});
    assert_eq!(
        ask(&door, "POST", "/callbacks/test", &url).await.status,
        202
    );
    let attempts = async || get(&door, "/callbacks").await["attempts"].clone();
    // It is out before the answer is.
    assert_eq!(attempts().await[0]["outcome"], "200");
    let again = ask(&door, "POST", "/callbacks/test", &url).await;
    check_error(&again, 409, "conflict", "six seconds");
    let again = ask(&door, "POST", "/callbacks/0/redeliver", &Value::Null).await;
    assert_eq!(again.status, 202);
    let attempts = attempts().await;
    assert_eq!(
        (&attempts[1]["callback"], &attempts[1]["attempt"]),
        (&json!(0), &json!(2))
    );

    let secret = json!({"secret": "whsec_dGVzdHNlY3JldA=="});
    let path = "/accounts/default/secret";
    assert_eq!(get(&door, path).await["secret"], Value::Null);
    assert_eq!(ask(&door, "POST", path, &secret).await.status, 204);
    assert_eq!(get(&door, path).await, secret);
}

#[tokio::test]
async fn a_replaced_fault_counts_from_zero() {
    let mock = manual().build();
    let door = Door::of(&mock);
    for fault in ["get:503", "create:429/1302"] {
        ask(&door, "POST", "/faults", &json!({ "fault": fault })).await;
    }
    assert_eq!(door.query("", "x").await.status, 503);
    let other = json!({"fault": "get:500/5000 x1"});
    let replaced = ask(&door, "PUT", "/faults/1", &other).await;
    let wanted = json!({"id": 1, "rule": "get:500/5000 x1", "hits": 0, "optional": false});
    assert_eq!((replaced.status, replaced.json()), (200, wanted));
    assert_eq!(door.query("", "x").await.status, 500);
    assert_eq!(door.query("", "x").await.status, 400);
    let rules: Vec<_> = mock.faults().into_iter().map(|fault| fault.id).collect();
    assert_eq!(rules, [1, 2]);
    let unknown = ask(&door, "PUT", "/faults/9", &other).await;
    check_error(&unknown, 404, "not_found", "no fault \"9\"");
    let wrong = ask(&door, "PUT", "/faults/1", &json!({"fault": "get:5oo"})).await;
    check_error(&wrong, 400, "bad_body", "`5oo` is not an HTTP status");
    assert_eq!(mock.faults()[0].hits, 1);
}

#[tokio::test]
async fn a_task_is_put_there_from_outside() {
    let mock = manual().plan(Plan::stuck()).build();
    let door = Door::of(&mock);
    let order = json!({"scene": "hug", "external_task_id": "old", "plan": "instant"});
    let added = ask(&door, "POST", "/tasks", &order).await;
    assert_eq!(
        (added.status, added.json()["plan"].clone()),
        (201, json!("instant"))
    );
    assert_eq!(door.query("", "old").await.task()["task_status"], "succeed");
    assert_eq!(get(&door, "/ledger").await["total"], "1");
    let again = ask(&door, "POST", "/tasks", &order).await;
    check_error(&again, 409, "conflict", "this external id already");
    let stray = json!({"scene": "hug", "account": "nobody"});
    let stray = ask(&door, "POST", "/tasks", &stray).await;
    check_error(&stray, 404, "not_found", "no account \"nobody\"");
    let plan = json!({"scene": "hug", "plan": "never"});
    let plan = ask(&door, "POST", "/tasks", &plan).await;
    check_error(&plan, 400, "bad_body", "`never` is not a plan");
}

#[tokio::test]
async fn tasks_are_steered_and_planned() {
    let mock = manual().plan(Plan::stuck()).build();
    let door = Door::of(&mock);
    let rule = json!({"plan": "instant fail(\"no luck\")", "external_task_id": "b", "times": 2});
    assert_eq!(ask(&door, "POST", "/plans", &rule).await.status, 204);
    let rules = get(&door, "/plans").await["plans"].clone();
    assert_eq!(
        (&rules[0]["times"], &rules[0]["scene"]),
        (&json!(2), &Value::Null)
    );
    for id in ["a", "b"] {
        let mut body = single();
        body["external_task_id"] = id.into();
        assert_eq!(door.create("", &body).await.status, 200);
    }
    ask(&door, "POST", "/clock", &json!({"advance": "1s"})).await;
    assert_eq!(get(&door, "/tasks/b").await["failure"], "no luck");
    let steered = ask(&door, "PATCH", "/tasks/a", &json!({"release": true})).await;
    assert_eq!(steered.status, 200, "{steered:?}");
    ask(&door, "POST", "/clock", &json!({"advance": "1s"})).await;
    assert_eq!(get(&door, "/tasks/a").await["status"], "succeed");
    let ended = ask(&door, "PATCH", "/tasks/a", &json!({"fail": "late"})).await;
    check_error(&ended, 409, "conflict", "has already ended");
    let both = json!({"release": true, "succeed": true});
    let both = ask(&door, "PATCH", "/tasks/a", &both).await;
    check_error(&both, 400, "bad_body", "give exactly one of");
    let unknown = ask(&door, "GET", "/tasks/c", &Value::Null).await;
    check_error(&unknown, 404, "not_found", "no task \"c\"");
    let listed = get(&door, "/tasks?limit=1").await["tasks"].clone();
    assert_eq!(listed[0]["external_task_id"], "b");
    assert_eq!(
        ask(&door, "DELETE", "/plans", &Value::Null).await.status,
        204
    );
    assert_eq!(get(&door, "/plans").await["plans"], json!([]));

    // One account travels alone.
    let before = get(&door, "/clock").await["now"].clone();
    ask(&door, "POST", "/accounts", &json!({"name": "c"})).await;
    let moved = ask(
        &door,
        "POST",
        "/accounts/c/clock",
        &json!({"advance": "9s"}),
    )
    .await;
    assert_eq!(moved.status, 202);
    assert_eq!(get(&door, "/clock").await["now"], before);
}

#[tokio::test]
async fn a_clock_that_runs_is_not_moved() {
    let mock = Mock::new();
    let door = Door::of(&mock);
    let clock = get(&door, "/clock").await;
    assert_eq!(
        (&clock["mode"], &clock["speed"]),
        (&json!("running"), &json!(1.0))
    );
    let answer = ask(&door, "POST", "/clock", &json!({"advance": "1s"})).await;
    check_error(&answer, 409, "clock_not_manual", "runs by itself");
}

#[tokio::test]
async fn a_probe_may_be_head() {
    let mock = Mock::new();
    let answer = ask(&Door::of(&mock), "HEAD", "/health", &Value::Null).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// Behind a proxy, the links to results lead to it.
#[tokio::test]
async fn links_begin_with_the_public_url() {
    let builder = manual()
        .plan(Plan::instant())
        .public_url("https://mock.example.com/k/");
    let mock = builder.expect("a URL").build();
    let door = Door::of(&mock);
    let id = door.create("", &single()).await.task_id();
    let task = door.query("", &id).await.task();
    let url = task["task_result"]["videos"][0]["url"]
        .as_str()
        .expect("a URL")
        .to_owned();
    assert!(
        url.starts_with("https://mock.example.com/k/assets/default/"),
        "{url}"
    );
    for url in [
        "",
        "mock.example.com",
        "ftp://h",
        "http://",
        "http://h?x=1",
        "http://u@h",
        "http://h/#x",
    ] {
        assert!(Mock::builder().public_url(url).is_err(), "{url}");
    }
}
