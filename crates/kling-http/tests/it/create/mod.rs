//! A create pays once, whatever becomes of its answer.

mod answers;
mod found;
mod notices;
mod sent;

use std::time::{Duration, UNIX_EPOCH};

use http::Method;
use kling_http::{
    Client, Credentials, Error, ErrorKind, ExternalTaskId, Provider, RetryPolicy, Retryability,
    TaskHandle, Timeouts, TokioClock, TransportErrorKind,
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
            // Who repeats whatever is temporary shall not repeat this.
            let is_safe = error.retryability() != Retryability::Permanent;
            assert!(!(maybe_sent && is_safe), "{error:?}");
            let says_so =
                text.contains("may have arrived and been charged (external task id order-1/β)");
            assert_eq!(says_so, maybe_sent, "{text}");
        }
        (result, outcome) => panic!("{result:?} is not {outcome:?}: {told}"),
    }
}

/// Peer trap: a create that is retried under an idempotency key which nobody sends or
/// which the provider ignores. Here a create whose outcome is unknown is looked up.
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

/// Peer trap: a POST that is sent six times at once after a network error.
#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_looked_up_nothing_is_sent_again() {
    for (name, loss) in losses() {
        let host = Host::new([loss]);
        let error = create(&host, Provider::comet()).await.expect_err(name);
        assert!(error.maybe_sent(), "{name}: {error}");
        assert_eq!(error.retryability(), Retryability::Permanent, "{name}");
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
async fn a_create_that_never_arrived_is_resent_after_three_lookups() {
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
    let _ = create(&host, Provider::kling()).await.expect("a task");
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

/// A network that broke off is seldom back within seconds, and the task may be paid for.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_away_is_waited_for() {
    let gone = Reply::Lost(TransportErrorKind::Connect);
    for away in [
        gone.clone(),
        refusal(503, 5001, "maintenance"),
        refusal(429, 1302, ""),
    ] {
        // For minutes.
        let script = [vec![lost()], vec![away; 40], vec![ours("submitted")]].concat();
        check(Provider::kling(), script, Ok("7"), (1, 41)).await;
    }
    // It is given up some time, though.
    let host = Host::new([lost(), gone]);
    let error = create(&host, Provider::kling()).await.expect_err("away");
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (ErrorKind::Transport, true)
    );
    assert!(error.to_string().contains("looking it up failed too"));
    assert_eq!(host.count(&Method::POST), 1);
    let longest = Timeouts::default().deadline.as_secs_f64();
    let last = host.times().last().copied().unwrap_or_default();
    assert!((longest..longest + 60.0).contains(&last), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_look_up_that_fails_leaves_it_open() {
    let open = |kind| Err((kind, true));
    let script = vec![refusal(500, 5000, "broken"), refusal(401, 1002, "no key")];
    check(Provider::kling(), script, open(ErrorKind::Service), (1, 1)).await;
    // A stray answer is no verdict, but three are enough.
    let script = vec![lost(), Reply::Answer(200, "{}".to_owned())];
    check(
        Provider::kling(),
        script,
        open(ErrorKind::Transport),
        (1, 3),
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
        check(Provider::kling(), vec![lost(), somebody], open, (1, 3)).await;
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

/// The refusal says nothing of the first create, which a look-up may have missed: it is
/// looked up again.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_loss_leaves_it_open() {
    let refused = refusal(429, 1102, "Account balance not enough");
    let script = [
        vec![lost()],
        vec![not_found(); 3],
        vec![refused, not_found()],
    ]
    .concat();
    let open = Err((ErrorKind::Account, true));
    check(Provider::kling(), script.clone(), open, (2, 6)).await;
    let script = [script, vec![ours("submitted")]].concat();
    check(Provider::kling(), script, Ok("7"), (2, 5)).await;
}
