//! A task as data, from one process to another.

use std::time::Duration;

use kling_http::{Client, ErrorKind, Provider, SavedTask, TaskHandle};
use serde_json::{Value, json};

use crate::host::{Host, KEY, done, ok, shows};
use crate::request;

async fn created(host: &Host, provider: Provider) -> (Client, TaskHandle) {
    let client = host.client(provider);
    let task = client.effects().create(request()).await.expect("a task");
    (client, task)
}

/// Kill the process here, go on there: nothing but the text is kept.
#[tokio::test(start_paused = true)]
async fn a_saved_task_goes_on_in_another_process() {
    let (_, task) = created(&Host::new([shows("submitted")]), Provider::comet()).await;
    let text = serde_json::to_string(&task.saved()).expect("JSON");
    assert!(!text.contains(KEY));

    let elsewhere = Host::new([shows("processing"), done()]);
    let client = elsewhere.client(Provider::comet());
    let saved: SavedTask = serde_json::from_str(&text).expect("a saved task");
    let resumed = client.effects().resume(saved.clone()).expect("ours");
    assert_eq!(resumed.saved(), saved);
    assert_eq!(resumed.external_id(), task.external_id());
    assert_eq!(resumed.wait().await.expect("done").videos().len(), 1);
    assert_eq!(elsewhere.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn its_form_is_stable() {
    let create = ok(&json!({"code": 0, "data": {
        "task_id": "2032273960331935744", "task_status": "submitted",
        "created_at": 1_773_366_844_624_i64,
    }}));
    let (_, task) = created(&Host::new([create]), Provider::kling()).await;
    let external = task.external_id().expect("always one").as_str();
    assert_eq!(
        serde_json::to_value(task.saved()).expect("JSON"),
        json!({
            "provider": "kling",
            "collection": "/v1/videos/effects",
            "task_id": "2032273960331935744",
            "external_task_id": external,
            "created_at": 1_773_366_844_624_i64,
            "scene": "color_mixing",
        })
    );
    // What a later version adds, and what an earlier one left out.
    for text in [
        json!({"provider": "kling", "collection": "/v1/videos/effects", "task_id": "7", "new": 1}),
        json!({"provider": "kling", "collection": "/v1/videos/effects", "task_id": "7"}),
    ] {
        let saved: SavedTask = serde_json::from_value(text).expect("a saved task");
        let again: Value = serde_json::to_value(saved).expect("JSON");
        assert_eq!(
            again,
            json!({"provider": "kling", "collection": "/v1/videos/effects", "task_id": "7"})
        );
    }
}

/// To ask the wrong provider is to be told that the paid task does not exist.
#[tokio::test(start_paused = true)]
async fn another_provider_s_task_is_refused() {
    let host = Host::new([shows("submitted")]);
    let (client, task) = created(&host, Provider::comet()).await;
    let mut saved = task.saved();
    saved.provider = "kling".to_owned();
    let check = |saved: SavedTask, expected: &str| {
        let error = client.effects().resume(saved).expect_err("not ours");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.task_id(), Some(task.id()));
        assert_eq!(error.external_task_id(), task.external_id());
    };
    check(
        saved.clone(),
        "the saved task 7 is kling's, and this client talks to comet: build one for its provider",
    );
    saved = task.saved();
    saved.collection = "/v1/videos/lip-sync".to_owned();
    check(
        saved,
        "the saved task 7 was created at /v1/videos/lip-sync, and effects are at /v1/videos/effects",
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(host.asked().len(), 1, "nothing was sent");
}
