//! The suite against the fake service, through both doors; and against faulty
//! services, to show that it can fail.

use bytes::Bytes;
use http::StatusCode;
use kling_conformance::{Host, Target, all, run};
use kling_http::{Body, ReqwestTransport, SharedTransport, Transport, transport_fn};
use kling_mock::{Mock, Profile};
use serde_json::Value;

fn mock_of(host: Host) -> Mock {
    let profile = if host == Host::Kling {
        Profile::kling()
    } else {
        Profile::comet()
    };
    Mock::builder().profile(profile).build()
}

async fn failures(target: &Target) -> Vec<String> {
    let results = run(target).await;
    assert_eq!(results.len(), all().len());
    results
        .iter()
        .filter(|result| result.failure.is_some())
        .map(ToString::to_string)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_fake_service_passes_without_a_socket() {
    for host in [Host::Comet, Host::Kling] {
        let mock = mock_of(host);
        let target = Target::new(host, "https://mock.test", mock.api_key(), mock.transport());
        assert_eq!(failures(&target).await, Vec::<String>::new(), "{host:?}");
    }
}

#[tokio::test]
async fn the_fake_service_passes_on_a_socket() {
    for host in [Host::Comet, Host::Kling] {
        let mock = mock_of(host);
        let server = mock.serve(([127, 0, 0, 1], 0)).await.unwrap();
        let transport = ReqwestTransport::new().unwrap();
        let target = Target::new(host, server.base_url(), mock.api_key(), transport);
        assert_eq!(failures(&target).await, Vec::<String>::new(), "{host:?}");
        drop(target);
        server.shutdown().await;
    }
}

/// Checks that a service whose answers are spoilt in one way fails exactly
/// these checks.
async fn check_caught(spoil: fn(&mut StatusCode, &mut Value), wanted: &[&str]) {
    let mock = Mock::new();
    let inner = SharedTransport::new(mock.transport());
    let faulty = transport_fn(move |request| {
        let inner = inner.clone();
        async move {
            let (mut head, body) = inner.send(request).await?.into_parts();
            let mut body = body.collect(usize::MAX).await?;
            if let Ok(mut json) = serde_json::from_slice(&body) {
                spoil(&mut head.status, &mut json);
                body = Bytes::from(json.to_string());
            }
            Ok(http::Response::from_parts(head, Body::from(body)))
        }
    });
    let target = Target::new(Host::Comet, "https://mock.test", mock.api_key(), faulty);
    let failed: Vec<_> = run(&target)
        .await
        .into_iter()
        .filter(|r| r.failure.is_some())
        .collect();
    assert_eq!(
        failed.iter().map(|result| result.check).collect::<Vec<_>>(),
        wanted
    );
}

#[tokio::test(start_paused = true)]
async fn every_check_can_fail() {
    // Seconds for milliseconds.
    check_caught(
        |_, body| {
            if let Some(at) = body.pointer("/data/created_at").and_then(Value::as_i64) {
                body["data"]["created_at"] = (at / 1000).into();
                body["data"]["updated_at"] = (at / 1000).into();
            }
        },
        &["create.accepted", "lifecycle.forward"],
    )
    .await;
    // An id that a reader may take for a number, and so corrupt.
    check_caught(
        |_, body| {
            if let Some(id) = body.pointer("/data/task_id").and_then(Value::as_str) {
                body["data"]["task_id"] = id.parse::<i64>().unwrap().into();
            }
        },
        &[
            "create.single",
            "create.id_is_text",
            "lifecycle.forward",
            "lifecycle.result",
            "lifecycle.pixels",
        ],
    )
    .await;
    // A result that comes before the success.
    check_caught(
        |_, body| {
            if body.pointer("/data/task_status") == Some(&"processing".into()) {
                body["data"]["task_result"] = serde_json::json!({"videos": []});
            }
        },
        &["lifecycle.forward"],
    )
    .await;
    // A reason that is not told, and no video.
    check_caught(
        |_, body| {
            if let Some(task) = body.get_mut("data").and_then(Value::as_object_mut) {
                task.remove("task_status_msg");
                task.remove("task_result");
            }
        },
        &["lifecycle.forward", "lifecycle.result", "lifecycle.pixels"],
    )
    .await;
    // HTTP 200 for everything.
    check_caught(
        |status, _| *status = StatusCode::OK,
        &[
            "refusal.no_key",
            "refusal.wrong_key",
            "refusal.unknown_scene",
            "refusal.three_images",
            "refusal.one_of_two",
            "refusal.malformed",
            "refusal.data_prefix",
            "refusal.unknown_task",
        ],
    )
    .await;
}
