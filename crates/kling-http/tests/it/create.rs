//! A create pays once, whatever becomes of its answer.

use std::time::{Duration, UNIX_EPOCH};

use http::Method;
use kling_http::{
    Error, ErrorKind, ExternalTaskId, Provider, RetryPolicy, Retryability, TaskHandle, Timeouts,
    TokioClock, TransportErrorKind,
};
use serde_json::json;

use crate::host::{Host, Reply, lost, ok, refusal, shows};
use crate::{request, sample, task_id};

const EXTERNAL_ID: &str = "order-1/β";

async fn create(host: &Host, provider: Provider) -> Result<TaskHandle, Error> {
    let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
    let client = host.client(provider);
    client
        .effects()
        .create(request().with_external_task_id(id))
        .await
}

/// What a look-up shows of the task that was sent.
fn ours(status: &str) -> Reply {
    found(&json!({"task_id": "7", "task_status": status,
        "task_info": {"external_task_id": EXTERNAL_ID}}))
}

fn found(task: &serde_json::Value) -> Reply {
    ok(&json!({"code": 0, "message": "SUCCEED", "data": task}))
}

fn not_found() -> Reply {
    refusal(400, 1201, "Task not found by id/external id: order-1/β")
}

fn duplicate() -> Reply {
    refusal(400, 1201, "External_task_id order-1/β already exists")
}

/// Every way in which a create's answer can be lost.
fn losses() -> Vec<(&'static str, Reply)> {
    vec![
        ("reset", lost()),
        ("time out", Reply::Lost(TransportErrorKind::Timeout)),
        ("silence", Reply::Silence),
        ("5000", refusal(500, 5000, "internal error")),
        ("5002", refusal(504, 5002, "timeout")),
        ("bare 500", Reply::Answer(500, String::new())),
        ("bare 503", Reply::Answer(503, String::new())),
        ("gateway's 503", refusal(503, 503, "unavailable")),
        (
            "gateway's page",
            Reply::Answer(502, "<html>Bad Gateway</html>".to_owned()),
        ),
        ("bare 408", Reply::Answer(408, "timed out".to_owned())),
        (
            "408 page",
            Reply::Answer(408, "<html>Request Timeout</html>".to_owned()),
        ),
        (
            "page that says well done",
            Reply::Answer(200, "<br /><b>Fatal error</b>".to_owned()),
        ),
        (
            "empty page",
            Reply::With(200, "content-type", "text/html", String::new()),
        ),
        ("empty 200", Reply::Answer(200, String::new())),
        (
            "cut JSON",
            Reply::Answer(200, r#"{"code":0,"data":{"task"#.to_owned()),
        ),
        (
            "success without a task",
            ok(&json!({"code": 0, "message": "SUCCEED"})),
        ),
        ("unknown code", refusal(200, 7777, "new")),
        (
            "failed in the gateway's words",
            ok(&json!({"status": "failed", "error": "why"})),
        ),
    ]
}

/// What a caller gets: a task, or an error and whether it may have been paid.
type Outcome = Result<&'static str, (ErrorKind, bool)>;

/// Runs the script; expects this outcome, this many creates and look-ups, and
/// one and the same body in all creates.
async fn check(provider: Provider, script: Vec<Reply>, outcome: Outcome, sent: (usize, usize)) {
    let told = format!("{} {script:?}", provider.name());
    let host = Host::new(script);
    let result = create(&host, provider).await;
    let counts = (host.count(&Method::POST), host.count(&Method::GET));
    assert_eq!(counts, sent, "creates and look-ups: {told}");
    let asked = host.asked();
    let bodies: Vec<_> = asked
        .iter()
        .filter(|it| it.method == Method::POST)
        .collect();
    assert!(
        bodies.windows(2).all(|two| two[0].body == two[1].body),
        "{told}"
    );

    match (result, outcome) {
        (Ok(task), Ok(id)) => {
            assert_eq!(task.id().as_str(), id, "{told}");
            let external = task.external_id().map(ExternalTaskId::as_str);
            assert_eq!(external, Some(EXTERNAL_ID), "{told}");
        }
        (Err(error), Err((kind, maybe_sent))) => {
            assert_eq!(
                (error.kind(), error.maybe_sent()),
                (kind, maybe_sent),
                "{told}"
            );
            let external = error.external_task_id().map(ExternalTaskId::as_str);
            assert_eq!(external, Some(EXTERNAL_ID), "{told}");
            let text = error.to_string();
            let says_so =
                text.contains("may have arrived and been charged (external task id order-1/β)");
            assert_eq!(says_so, maybe_sent, "{text}");
        }
        (result, outcome) => panic!("{result:?} is not {outcome:?}: {told}"),
    }
}

/// Peers send a key for idempotence that the provider ignores, and repeat the
/// create all the same. Where nothing is known of the first, ours looks it up.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_up_and_the_task_adopted() {
    for (_, loss) in losses() {
        check(
            Provider::kling(),
            vec![loss, ours("processing")],
            Ok("7"),
            (1, 1),
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_looked_up_nothing_is_sent_again() {
    for (name, loss) in losses() {
        let host = Host::new([loss]);
        let error = create(&host, Provider::comet()).await.expect_err(name);
        assert!(error.maybe_sent(), "{name}: {error}");
        let id = error.external_task_id().map(ExternalTaskId::as_str);
        assert_eq!(id, Some(EXTERNAL_ID), "{name}");
        assert_eq!(host.asked().len(), 1, "{name}");
        assert_eq!(
            error.attempts(),
            u32::from(!name.contains("without a task")),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_never_arrived_is_sent_once_more_after_three_look_ups() {
    for (_, loss) in losses() {
        let missed = [not_found(), not_found(), not_found()];
        let script = [vec![loss], missed.to_vec(), vec![shows("submitted")]].concat();
        check(Provider::kling(), script, Ok("7"), (2, 3)).await;
    }
}

/// 1 s and 2 s lie between the look-ups: a task may take a moment to show up.
#[tokio::test(start_paused = true)]
async fn a_look_up_that_lags_finds_the_task_without_a_second_create() {
    for lag in [1, 2] {
        let script = [
            vec![lost()],
            vec![not_found(); lag],
            vec![ours("submitted")],
        ]
        .concat();
        check(Provider::kling(), script, Ok("7"), (1, lag + 1)).await;
    }
    let host = Host::new([lost(), not_found(), not_found(), ours("submitted")]);
    create(&host, Provider::kling()).await.expect("a task");
    let times: Vec<_> = host.asked().iter().map(|it| it.at.as_secs()).collect();
    assert_eq!(times, [0, 0, 1, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_showed_up_late_is_adopted_when_the_second_create_runs_into_it() {
    // After "already exists" the look-ups may lag too.
    for lag in 0..6 {
        let script = [
            vec![lost()],
            vec![not_found(); 3],
            vec![duplicate()],
            vec![not_found(); lag],
            vec![ours("submitted")],
        ];
        check(
            Provider::kling(),
            script.concat(),
            Ok("7"),
            (2, 3 + lag + 1),
        )
        .await;
    }
    let script = [
        vec![lost()],
        vec![not_found(); 3],
        vec![duplicate(), not_found()],
    ];
    let open = Err((ErrorKind::Transport, true));
    check(Provider::kling(), script.concat(), open, (2, 9)).await;
}

/// What a look-up shows is adopted only if it is what was sent.
#[tokio::test(start_paused = true)]
async fn somebody_else_s_task_is_not_adopted() {
    let begun = 1_790_000_000_000;
    let check = async |task: serde_json::Value, adopted: bool| {
        let told = task.to_string();
        let host = Host::new([lost(), found(&task)]);
        let clock = TokioClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_790_000_000));
        let client = host.builder(Provider::kling()).clock(clock).build();
        let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
        let request = request().with_external_task_id(id);
        let result = client.expect("a client").effects().create(request).await;
        assert_eq!(host.count(&Method::POST), 1, "{told}");
        match result {
            Ok(task) => assert!(adopted, "{task:?} {told}"),
            Err(error) => {
                assert!(!adopted, "{error} {told}");
                assert!(error.maybe_sent(), "{told}");
                assert!(
                    error.to_string().contains("is task 7, another one"),
                    "{error}"
                );
                // Nobody shall wait for that one by mistake.
                assert_eq!(error.task_id(), None, "{told}");
                let external = error.external_task_id().map(ExternalTaskId::as_str);
                assert_eq!(external, Some(EXTERNAL_ID), "{told}");
            }
        }
    };
    let with = |id: &str, at: i64| {
        json!({"task_id": "7", "task_status": "submitted", "created_at": at,
            "task_info": {"external_task_id": id}})
    };
    check(with(EXTERNAL_ID, begun), true).await;
    // An id that was used before is the caller's own task of then.
    check(with(EXTERNAL_ID, begun - 86_400_000), true).await;
    check(with("another", begun), false).await;
    // An empty one says nothing: then the time counts.
    check(with("", begun), true).await;
    check(with("", begun - 86_400_000), false).await;

    let at = |at: serde_json::Value| json!({"task_id": "7", "task_status": "submitted", "created_at": at, "task_info": {}});
    check(at(json!(begun)), true).await;
    check(at(json!(begun + 3_600_000)), true).await;
    // The service's clock may be five minutes behind.
    check(at(json!(begun - 300_000)), true).await;
    check(at(json!(begun - 300_001)), false).await;
    check(at(json!(null)), false).await;
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_somebody_else_s_is_refused() {
    let refused = Err((ErrorKind::Refused, false));
    check(Provider::kling(), vec![duplicate()], refused, (1, 0)).await;
    check(Provider::comet(), vec![duplicate()], refused, (1, 0)).await;
    // Nothing arrived before it, so it is not ours.
    let unconnected = Reply::Lost(TransportErrorKind::Connect);
    // Nor was anything done where the account was full, or had asked too often.
    let full = refusal(429, 1303, "parallel task over resource pack limit");
    let too_many = refusal(429, 1302, "too many requests");
    for before in [unconnected, full, too_many] {
        let script = vec![before, duplicate()];
        check(Provider::kling(), script, refused, (2, 0)).await;
    }
}

/// Code 5001 promises that nothing was done, and may be wrong.
#[tokio::test(start_paused = true)]
async fn a_duplicate_after_maintenance_may_be_our_own() {
    let script = |answer| vec![refusal(503, 5001, "maintenance"), duplicate(), answer];
    let at = |at: i64| {
        found(
            &json!({"task_id": "7", "task_status": "submitted", "created_at": at,
            "task_info": {"external_task_id": EXTERNAL_ID}}),
        )
    };
    let open = Err((ErrorKind::Refused, true));
    check(Provider::kling(), script(at(i64::MAX)), Ok("7"), (2, 1)).await;
    // Older by this machine's clock, which may be ahead.
    check(Provider::kling(), script(at(1)), open, (2, 1)).await;
    check(Provider::comet(), script(at(1)), open, (2, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_fails_leaves_it_open() {
    let open = |kind| Err((kind, true));
    // Five tries of the look-up, then it is given up.
    let script = vec![lost(), refusal(500, 5000, "internal error")];
    check(
        Provider::kling(),
        script,
        open(ErrorKind::Transport),
        (1, 5),
    )
    .await;
    let script = vec![refusal(500, 5000, "broken"), refusal(401, 1002, "no key")];
    check(Provider::kling(), script, open(ErrorKind::Service), (1, 1)).await;
    let script = vec![lost(), Reply::Answer(200, "{}".to_owned())];
    check(
        Provider::kling(),
        script,
        open(ErrorKind::Transport),
        (1, 1),
    )
    .await;
}

/// What stands in front of the service knows nothing of tasks: its 404 is no
/// reason to create again.
#[tokio::test(start_paused = true)]
async fn only_the_service_can_say_that_it_knows_no_such_task() {
    let open = Err((ErrorKind::Transport, true));
    let gateway = json!({"error": {"code": "model_not_found", "message": "no channel"}});
    for somebody in [
        Reply::Answer(404, "default backend".to_owned()),
        Reply::Answer(404, "<html>no such page</html>".to_owned()),
        Reply::Answer(503, gateway.to_string()),
    ] {
        check(Provider::kling(), vec![lost(), somebody], open, (1, 1)).await;
    }
    let script = [
        vec![lost()],
        vec![refusal(404, 1203, ""); 3],
        vec![shows("submitted")],
    ];
    check(Provider::kling(), script.concat(), Ok("7"), (2, 3)).await;
}

#[tokio::test(start_paused = true)]
async fn no_third_create() {
    let nowhere = vec![not_found(); 3];
    let script = [vec![lost()], nowhere.clone(), vec![lost()], nowhere].concat();
    let open = Err((ErrorKind::Transport, true));
    check(Provider::kling(), script, open, (2, 6)).await;
}

/// The refusal says nothing of the first create, which a look-up may have missed.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_loss_leaves_it_open() {
    let refused = refusal(429, 1102, "Account balance not enough");
    let script = [vec![lost()], vec![not_found(); 3], vec![refused]].concat();
    let open = Err((ErrorKind::Account, true));
    check(Provider::kling(), script, open, (2, 3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_plain_refusal_is_final_and_certain() {
    for (script, kind) in [
        (
            refusal(429, 1102, "Account balance not enough"),
            ErrorKind::Account,
        ),
        (
            refusal(429, 1304, "not on the whitelist"),
            ErrorKind::Account,
        ),
        (refusal(401, 1002, "no"), ErrorKind::Auth),
        (refusal(400, 1301, "no"), ErrorKind::ContentRejected),
        (Reply::Answer(301, String::new()), ErrorKind::Config),
        (Reply::Answer(404, "<html>".to_owned()), ErrorKind::Config),
        (Reply::Lost(TransportErrorKind::Request), ErrorKind::Config),
    ] {
        check(
            Provider::kling(),
            vec![script.clone()],
            Err((kind, false)),
            (1, 0),
        )
        .await;
        check(Provider::comet(), vec![script], Err((kind, false)), (1, 0)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_certainly_not_acted_on_is_sent_again() {
    for reply in [
        Reply::Lost(TransportErrorKind::Connect),
        refusal(429, 1302, "too many requests"),
        refusal(429, 1303, "parallel task over resource pack limit"),
        refusal(503, 5001, "maintenance"),
        Reply::Answer(429, String::new()),
    ] {
        for provider in [Provider::kling(), Provider::comet()] {
            let script = vec![reply.clone(), reply.clone(), shows("submitted")];
            check(provider, script, Ok("7"), (3, 0)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let host = Host::new([refusal(429, 1303, "parallel task over resource pack limit")]);
    let error = create(&host, Provider::comet()).await.expect_err("no slot");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retryability(), Retryability::Exhausted);
    assert_eq!((error.attempts(), host.asked().len()), (5, 5));
    assert!(!error.maybe_sent());
    // 20, 40, 60, 60 s, each drawn from its upper half.
    let waits: Vec<f64> = host.times().windows(2).map(|two| two[1] - two[0]).collect();
    for (wait, longest) in waits.iter().zip([20.0, 40.0, 60.0, 60.0]) {
        assert!(
            (longest / 2.0 - 0.01..=longest + 0.01).contains(wait),
            "{waits:?}"
        );
    }
}

/// A paid task's id is worth more than a status.
#[tokio::test(start_paused = true)]
async fn a_task_under_a_bad_status_is_a_task() {
    let body = json!({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}});
    let script = vec![Reply::Answer(500, body.to_string())];
    check(Provider::comet(), script, Ok("7"), (1, 0)).await;
    let body = json!({"code": 5002, "data": {"task_id": "7", "task_status": "submitted"}});
    let script = vec![Reply::Answer(504, body.to_string())];
    check(Provider::comet(), script, Ok("7"), (1, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_success_without_a_task_tells_what_the_service_says() {
    let said = json!({"code": 0, "message": "image rejected upstream", "request_id": "rq-1", "data": null});
    let host = Host::new([ok(&said)]);
    let error = create(&host, Provider::comet()).await.expect_err("no task");
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (ErrorKind::Decode, true)
    );
    assert!(
        error
            .to_string()
            .contains("it says \"image rejected upstream\" (request id rq-1)"),
        "{error}"
    );
}

/// The outer id is the one by which the host that answers will find it again.
#[tokio::test(start_paused = true)]
async fn a_wrapped_answer_is_unwrapped() {
    let wrapped = ok(
        &json!({"code": "success", "data": {"task_id": "outer", "data": {
            "code": 0, "data": {"task_id": "inner", "task_status": "submitted"},
        }}}),
    );
    check(Provider::comet(), vec![wrapped], Ok("outer"), (1, 0)).await;
    let live = Reply::Answer(200, sample("resp.cometapi.effects.create"));
    check(
        Provider::comet(),
        vec![live],
        Ok("2032273960331935744"),
        (1, 0),
    )
    .await;
    let doc = Reply::Answer(200, sample("resp.kling.effects.create.docshape"));
    check(
        Provider::kling(),
        vec![doc],
        Ok("930831534075682845"),
        (1, 0),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_look_up_asks_for_the_external_id_in_one_segment() {
    let host = Host::new([lost(), ours("submitted")]);
    let task = create(&host, Provider::kling()).await.expect("a task");
    let looked_up = &host.asked()[1];
    let url = "https://api-singapore.klingai.com/v1/videos/effects/order-1%2F%CE%B2";
    assert_eq!(looked_up.url, url);
    assert_eq!(looked_up.operation.name, "effects.get");
    assert_eq!(
        task.snapshot().map(|task| task.status.as_str()),
        Some("submitted")
    );
}

/// A URL's reader takes such a segment out of the path, and asks for the list.
#[tokio::test(start_paused = true)]
async fn an_id_of_dots_is_not_asked_for() {
    let host = Host::new([shows("submitted")]);
    let client = host.client(Provider::kling());
    for id in [".", ".."] {
        let error = client.effects().get(&task_id(id)).await.expect_err("no id");
        assert_eq!(error.kind(), ErrorKind::Validation, "{error}");
        let id = ExternalTaskId::new(id).expect("an id");
        let error = client.effects().get_by_external_id(&id).await;
        assert_eq!(error.expect_err("no id").kind(), ErrorKind::Validation);
    }
    assert_eq!(host.asked().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_create_has_an_external_id_of_its_own() {
    let host = Host::new([shows("submitted")]);
    let client = host.client(Provider::comet());
    for _ in 0..2 {
        let task = client.effects().create(request()).await.expect("a task");
        let sent = host.asked().last().expect("a create").json();
        let id = task.external_id().expect("an id").as_str();
        assert_eq!(sent["external_task_id"], id);
        assert_eq!(id.len(), 36);
    }
    let ids: Vec<_> = host
        .asked()
        .iter()
        .map(|it| it.json()["external_task_id"].clone())
        .collect();
    assert_ne!(ids[0], ids[1]);
}

/// Peers have a check that is not called where it counts.
#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_rules_is_not_sent() {
    use kling_http::{EffectRequest, ImageSource, Scene};
    let host = Host::new([]);
    let client = host.client(Provider::comet());
    let broken = EffectRequest::single(Scene::HUG_PRO, ImageSource::bytes(&b"GIF89a"[..]));
    let error = client
        .effects()
        .create(broken.clone())
        .await
        .expect_err("two pictures");
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.violations().len() >= 2, "{:?}", error.violations());
    assert!(
        error
            .violations()
            .iter()
            .all(kling_http::types::Violation::is_error)
    );
    assert!(error.external_task_id().is_some());
    assert!(!error.maybe_sent());

    // Pictures can be left unlooked at, but two are two.
    let client = host
        .builder(Provider::comet())
        .check_pictures(false)
        .build()
        .expect("a client");
    let error = client
        .effects()
        .create(broken)
        .await
        .expect_err("two pictures");
    let rules: Vec<_> = error.violations().iter().map(|it| it.rule.id()).collect();
    assert_eq!(rules, ["scene.arity"]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_or_retired_scene_is_the_service_s_to_judge() {
    use kling_http::{EffectRequest, ImageSource, Scene};
    for scene in [Scene::new("of_tomorrow"), Scene::new("squish")] {
        let host = Host::new([shows("submitted")]);
        let image = ImageSource::url("https://example.com/me.jpg");
        let task = host
            .client(Provider::comet())
            .effects()
            .create(EffectRequest::single(scene, image))
            .await;
        assert_eq!(task.expect("a task").id().as_str(), "7");
    }
}

/// The service's silence is bounded, and its price is known.
#[tokio::test(start_paused = true)]
async fn silence_is_bounded_by_the_attempt() {
    let host = Host::new([Reply::Silence]);
    let begun = tokio::time::Instant::now();
    let error = create(&host, Provider::comet()).await.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.maybe_sent());
    assert_eq!(
        begun.elapsed().as_secs(),
        Timeouts::default().attempt.as_secs()
    );
}

/// Two pictures of 10 MB at 1 Mbit/s are no reason to give a paid task up.
#[tokio::test(start_paused = true)]
async fn a_large_upload_has_the_time_it_needs() {
    use kling_http::{Client, Credentials, EffectRequest, ImageSource, Scene, transport_fn};
    const BYTES_A_SECOND: usize = 130_000;
    let slow = transport_fn(|request: http::Request<bytes::Bytes>| async move {
        let seconds = request.body().len() / BYTES_A_SECOND;
        tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
        let body = r#"{"code":0,"data":{"task_id":"7","task_status":"submitted"}}"#;
        Ok(http::Response::new(
            bytes::Bytes::from_static(body.as_bytes()).into(),
        ))
    });
    let client = Client::builder(Provider::comet(), Credentials::api_key(crate::host::KEY))
        .transport(slow)
        .check_pictures(false)
        .build()
        .expect("a client");
    let picture = || ImageSource::bytes(vec![7_u8; 10_000_000]);
    let begun = tokio::time::Instant::now();
    let request = EffectRequest::dual(Scene::HUG_PRO, picture(), picture());
    client.effects().create(request).await.expect("a task");
    assert!(begun.elapsed() > Duration::from_secs(200));
}

/// A create that would be cut short may have arrived all the same.
#[tokio::test(start_paused = true)]
async fn a_create_without_its_whole_time_is_not_begun() {
    let full = refusal(429, 1303, "parallel task over resource pack limit");
    let retry = RetryPolicy {
        initial: Duration::ZERO,
        capacity: Duration::from_secs(20),
        ..RetryPolicy::default()
    };
    let timeouts = |deadline| Timeouts {
        attempt: Duration::from_secs(10),
        deadline: Duration::from_secs(deadline),
    };
    // The second follows after 10 to 20 s, and needs 10 s more.
    for (deadline, sent) in [(19, 1), (31, 2)] {
        let host = Host::new([full.clone(), shows("submitted")]);
        let client = host.builder(Provider::comet()).retry(retry);
        let client = client
            .timeouts(timeouts(deadline))
            .build()
            .expect("a client");
        let result = client.effects().create(request()).await;
        assert_eq!(host.asked().len(), sent, "{deadline} s");
        match result {
            Ok(_) => assert_eq!(sent, 2),
            Err(error) => {
                assert_eq!(
                    (error.kind(), error.maybe_sent()),
                    (ErrorKind::RateLimited, false)
                );
                assert_eq!(error.retryability(), Retryability::Exhausted);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_sends_nothing_more() {
    let host = Host::new([Reply::Silence]);
    let dropped = tokio::time::timeout(Duration::from_secs(5), create(&host, Provider::kling()));
    assert!(dropped.await.is_err());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(host.asked().len(), 1);
}
