//! Answers to a create that nobody lost.

use super::*;

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
async fn creates_that_were_not_carried_out_are_retried() {
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

/// An id without a status does not turn a plain no into a yes, and hides no reason.
#[tokio::test(start_paused = true)]
async fn a_refusal_that_has_an_id_is_a_refusal() {
    let with_id = |code: serde_json::Value| {
        ok(&json!({"code": code, "message": "no", "data": {"task_id": "7"}}))
    };
    for (code, kind) in [
        (json!(1102), ErrorKind::Account),
        (json!("1301"), ErrorKind::ContentRejected),
        (json!("quota_not_enough"), ErrorKind::Account),
    ] {
        let script = vec![with_id(code)];
        check(Provider::comet(), script, Err((kind, false)), (1, 0)).await;
    }
    // Where nobody knows what was done, it may be a paid task's.
    check(
        Provider::comet(),
        vec![with_id(json!(5000))],
        Ok("7"),
        (1, 0),
    )
    .await;
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

/// What the service said may be the only trace of a task that is paid for.
#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_understands_is_quoted() {
    let picture = "iVBORw0KGgo".repeat(50);
    let key = crate::host::KEY;
    for (answer, quoted) in [
        (
            json!({"code": 0, "data": {"id": "2032273960331935744"}}).to_string(),
            "2032273960331935744",
        ),
        (
            json!({"code": "success", "data": "2032273960331935744"}).to_string(),
            "2032273960331935744",
        ),
        (
            "{\"code\":0,\"data\":{\"task_id\":\"20322".to_owned(),
            "20322",
        ),
        (
            json!({"code": 0, "echo": picture, "key": key, "at": "https://a.example/b?sig=secret"})
                .to_string(),
            "https://a.example/b",
        ),
    ] {
        let host = Host::new([Reply::Answer(200, answer.clone())]);
        let error = create(&host, Provider::comet()).await.expect_err("no task");
        let text = format!("{error} {error:?}");
        assert!(error.maybe_sent() && text.contains(quoted), "{text}");
        for hidden in [&picture[..100], key, "sig=secret"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}

/// The key is hidden in the service's words, and the words are understood all the
/// same, however short the key is.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_part_of_a_sentence_changes_no_decision() {
    for key in ["k", "id", "task"] {
        let host = Host::new([refusal(503, 5001, "maintenance"), duplicate(), not_found()]);
        let builder = Client::builder(Provider::kling(), Credentials::api_key(key));
        let client = builder
            .transport(host.transport())
            .build()
            .expect("a client");
        let id = ExternalTaskId::new(EXTERNAL_ID).expect("an id");
        let request = request().with_external_task_id(id);
        let error = client.effects().create(request).await.expect_err("no task");
        assert!(error.maybe_sent(), "{key}: {error}");
        assert_eq!(host.count(&Method::GET), 6, "{key}: {error}");
    }
}

/// A connection that breaks off behind the last byte that matters: the task is there,
/// and where nothing can be looked up, this answer is all there is of it.
#[tokio::test(start_paused = true)]
async fn a_whole_answer_counts_however_its_connection_ends() {
    let said = json!({"code": 0, "data": {"task_id": "7", "task_status": "submitted"}});
    for broken in [Reply::BreaksOff, Reply::StandsStill] {
        let script = vec![broken(said.to_string())];
        check(Provider::comet(), script, Ok("7"), (1, 0)).await;
    }
    // A refusal is one too, and a query is not made again.
    let refused = json!({"code": 1102, "message": "Account balance not enough"});
    let script = vec![Reply::BreaksOff(refused.to_string())];
    let refused = Err((ErrorKind::Account, false));
    check(Provider::comet(), script, refused, (1, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn the_received_part_of_a_broken_answer_is_quoted() {
    let said = r#"{"code":0,"data":{"task_id":"2032273960331935744","task_st"#;
    for (broken, kind) in [
        (Reply::BreaksOff(said.to_owned()), ErrorKind::Transport),
        (Reply::StandsStill(said.to_owned()), ErrorKind::Timeout),
    ] {
        let host = Host::new([broken.clone()]);
        let error = create(&host, Provider::comet()).await.expect_err("cut");
        assert_eq!((error.kind(), error.maybe_sent()), (kind, true), "{error}");
        assert!(error.to_string().contains("2032273960331935744"), "{error}");
        assert_eq!(host.asked().len(), 1);
        let script = vec![broken, ours("submitted")];
        check(Provider::kling(), script, Ok("7"), (1, 1)).await;
    }
}
