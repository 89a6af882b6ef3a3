//! What is sent, and for how long.

use super::*;

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

/// Peer trap: a validation that exists and is not called for effects.
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
    let _ = client.effects().create(request).await.expect("a task");
    assert!(begun.elapsed() > Duration::from_secs(200));
}

/// A create that would be cut short may have arrived all the same.
#[tokio::test(start_paused = true)]
async fn a_create_is_not_started_without_time_for_a_whole_attempt() {
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
