//! Hosts of which nothing is known but what the caller says.

use http::Method;
use kling_http::{ErrorKind, ExternalTaskId, Provider};
use serde_json::json;

use crate::host::{Host, lost, ok, refusal, shows};
use crate::{request, task_id};

fn gateway() -> Provider {
    Provider::custom("my-gateway", "https://gateway.example.com/")
}

fn external_id() -> ExternalTaskId {
    ExternalTaskId::new("order 1").expect("an id")
}

#[tokio::test(start_paused = true)]
async fn of_a_custom_provider_nothing_is_taken_for_granted() {
    assert_eq!(gateway().name(), "my-gateway");
    assert_eq!(gateway().base_url(), "https://gateway.example.com");
    assert!(!gateway().finds_external_ids() && !gateway().lists());
    assert_eq!(gateway().default_duration(), None);

    let host = Host::new([shows("submitted")]);
    let created = host.client(gateway()).effects().create(request()).await;
    let _ = created.expect("a task");
    let sent = &host.asked()[0];
    assert_eq!(sent.url, "https://gateway.example.com/v1/videos/effects");
    assert_eq!(
        sent.json()["input"],
        json!({"image": "https://example.com/me.jpg"})
    );

    // Nothing is looked up and nothing sent again.
    let host = Host::new([lost()]);
    let error = host.client(gateway()).effects().create(request()).await;
    assert!(error.expect_err("lost").maybe_sent());
    assert_eq!(host.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn capabilities_of_a_custom_provider_are_used() {
    let provider = gateway()
        .with_prefix("kling")
        .with_default_duration("10")
        .with_external_id_lookup(true)
        .with_list(true);
    let host = Host::new([
        lost(),
        refusal(400, 1201, "Task not found by id/external id: x"),
    ]);
    let error = host
        .client(provider.clone())
        .effects()
        .create(request())
        .await;
    error.expect_err("never found");
    assert_eq!(
        (host.count(&Method::POST), host.count(&Method::GET)),
        (2, 6)
    );
    let sent = &host.asked()[0];
    assert_eq!(
        sent.url,
        "https://gateway.example.com/kling/v1/videos/effects"
    );
    assert_eq!(sent.json()["input"]["duration"], "10");

    let host = Host::new([ok(&json!({"code": 0, "data": []}))]);
    let mut pages = host.client(provider).effects().list().pages();
    assert!(
        pages
            .next()
            .await
            .expect("a page")
            .expect("no error")
            .is_empty()
    );
}

/// Peer trap: reading the task from the wrong level of the JSON. Here a wrapped
/// envelope and a gateway's own words, from a host about which nothing is known.
#[tokio::test(start_paused = true)]
async fn wrapped_answers_are_understood_from_any_host() {
    let wrapped = json!({"code": "success", "data": {"task_id": "outer", "status": "SUCCESS",
        "data": {"code": 0, "data": {"task_id": "inner", "task_status": "succeed"}}}});
    let failed = json!({"status": "FAILURE", "error": {"message": "risk control"}});
    for (answer, status) in [(wrapped, "succeed"), (failed, "FAILURE")] {
        let host = Host::new([ok(&answer)]);
        let task = host
            .client(gateway())
            .effects()
            .get(&task_id("outer"))
            .await;
        let task = task.expect("a task");
        assert_eq!((task.id.as_str(), task.status.as_str()), ("outer", status));
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_is_found_by_its_external_id_where_the_provider_can() {
    let host = Host::new([shows("processing")]);
    let kling = host.client(Provider::kling());
    let task = kling.effects().get_by_external_id(&external_id()).await;
    assert_eq!(task.expect("a task").id.as_str(), "7");
    let url = "https://api-singapore.klingai.com/v1/videos/effects/order%201";
    assert_eq!(host.asked()[0].url, url);

    let host = Host::new([refusal(
        400,
        1201,
        "Task not found by id/external id: order 1",
    )]);
    let kling = host.client(Provider::kling());
    let error = kling.effects().get_by_external_id(&external_id()).await;
    let error = error.expect_err("not found");
    assert_eq!(error.external_task_id(), Some(&external_id()));

    // Nobody is asked.
    let host = Host::new([]);
    let comet = host.client(Provider::comet());
    let error = comet.effects().get_by_external_id(&external_id()).await;
    let error = error.expect_err("unsupported");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "comet does not find tasks by external id"
    );
    assert_eq!(error.external_task_id(), Some(&external_id()));
}
