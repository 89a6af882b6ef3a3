//! A task's life in answers, held to the service's own words.

use kling_mock::{Mock, MockBuilder, Plan, Profile};
use serde_json::{Value, json};

use crate::clock::{ManualClock, START};
use crate::door::Door;
use crate::{sample, single};

pub(crate) const COMET: &str = "/kling";
pub(crate) const KLING: &str = "";

pub(crate) fn comet() -> MockBuilder {
    Mock::builder().clock(ManualClock::new())
}

pub(crate) fn kling() -> MockBuilder {
    comet().profile(Profile::kling())
}

/// What kinds of values stand where.
pub(crate) fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        other => other.clone(),
    }
}

/// The single picture's request with something else in its place.
pub(crate) fn changed(pointer: &str, value: Value) -> Value {
    let mut body = single();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).expect("a parent")[key] = value;
    body
}

#[tokio::test]
async fn task_lifecycle_at_cometapi() {
    let mock = comet().plan(Plan::polls(1, 1)).build();
    let door = Door::of(&mock);
    let created = door
        .create(COMET, &sample("req.cometapi.effects.hug.new"))
        .await;
    assert_eq!(created.status, 200);
    assert_eq!(created.header("content-type"), "application/json");
    let body = created.json();
    assert_eq!(shape(&body), shape(&sample("resp.cometapi.effects.create")));
    assert_eq!(body["message"], "success");
    assert_eq!(body["data"]["task_status"], "submitted");
    assert_eq!(body["data"]["created_at"], START);
    assert_eq!(body["data"]["updated_at"], START);

    let id = created.task_id();
    let running = shape(&sample("resp.cometapi.query.processing"));
    for status in ["submitted", "processing"] {
        let body = door.query(COMET, &id).await.json();
        assert_eq!(shape(&body), running);
        assert_eq!(
            (&body["message"], &body["data"]["task_status"]),
            (&json!("SUCCEED"), &json!(status))
        );
    }
    let task = door.query(COMET, &id).await.task();
    assert_eq!(task["task_status"], "succeed");
    let video = &task["task_result"]["videos"][0];
    assert_eq!(video["duration"], "5");
    let url = video["url"].as_str().expect("an address");
    assert!(
        url.starts_with(&format!(
            "http://mock.test/assets/default/{id}-0.mp4?Expires="
        )),
        "{url}"
    );
    assert_eq!(mock.charges().len(), 1);
}

#[tokio::test]
async fn task_lifecycle_at_kling() {
    let mock = kling().plan(Plan::polls(0, 1)).build();
    let door = Door::of(&mock);
    let mut request = sample("req.kling.effects.dual.2026-09");
    request["external_task_id"] = json!("my-task-1");
    let created = door.create(KLING, &request).await;
    let body = created.json();
    assert_eq!(
        shape(&body),
        shape(&sample("resp.kling.effects.create.docshape"))
    );
    assert_eq!(body["message"], "SUCCEED");
    assert_eq!(
        body["data"]["task_info"],
        json!({"external_task_id": "my-task-1"})
    );

    let id = created.task_id();
    assert_eq!(
        door.query(KLING, &id).await.task()["task_status"],
        "processing"
    );
    let done = door.query(KLING, &id).await.json();
    let documented = shape(&sample("resp.kling.effects.query.succeed.docshape"));
    // No watermark was asked for: what the sample has of it is empty.
    assert_eq!(shape(&done), documented);
    assert_eq!(done["data"]["final_unit_deduction"], "1");
    assert_eq!(done["data"]["task_status_msg"], "");
    assert_eq!(
        done["data"]["task_info"],
        json!({"external_task_id": "my-task-1"})
    );
}

#[tokio::test]
async fn a_failed_task() {
    let mock = kling()
        .plan(Plan::instant().failing("Image pixel is invalid"))
        .build();
    let door = Door::of(&mock);
    let id = door.create(KLING, &single()).await.task_id();
    let failed = door.query(KLING, &id).await;
    assert_eq!(failed.status, 200);
    let (body, documented) = (
        failed.json(),
        sample("resp.kling.effects.query.failed.docshape"),
    );
    assert_eq!(shape(&body), shape(&documented));
    assert_eq!(
        body["data"]["task_status_msg"],
        documented["data"]["task_status_msg"]
    );
    assert_eq!(body["data"]["task_result"], json!({}));
}

/// The same moment asked twice gives the same task.
#[tokio::test]
async fn queries_do_not_change_a_task() {
    let clock = ManualClock::new();
    let seconds = std::time::Duration::from_secs;
    let mock = Mock::builder()
        .clock(clock.clone())
        .plan(Plan::after(seconds(10), seconds(300)))
        .build();
    let door = Door::of(&mock);
    let id = door.create(COMET, &single()).await.task_id();
    for millis in [0, 9_999, 1, 299_999, 1, 1_000_000] {
        clock.advance(millis);
        let first = door.query(COMET, &id).await.task();
        for _ in 0..5 {
            assert_eq!(door.query(COMET, &id).await.task(), first);
        }
    }
    let task = door.query(COMET, &id).await.task();
    assert_eq!(
        (&task["created_at"], &task["updated_at"]),
        (&json!(START), &json!(START + 310_000))
    );
}

#[tokio::test]
async fn external_ids_find_tasks_at_kling_only() {
    let request = changed("/external_task_id", json!("my order/1"));
    let kling = Door::of(&kling().build());
    let id = kling.create(KLING, &request).await.task_id();
    let found = kling.query(KLING, "my%20order%2F1").await;
    assert_eq!(found.task_id(), id);

    let comet = Door::of(&comet().build());
    comet.create(COMET, &request).await;
    let answer = comet.query(COMET, "my%20order%2F1").await;
    let said = answer.json();
    assert_eq!((answer.status, said["code"].as_i64()), (400, Some(1201)));
    assert_eq!(
        said["message"],
        "Task not found by id/external id: my order/1"
    );
}

#[tokio::test]
async fn charges_tell_what_was_paid() {
    let mock = kling().build();
    let door = Door::of(&mock);
    let request = changed("/external_task_id", json!("order-1"));
    let id = door.create(KLING, &request).await.task_id();
    door.create(KLING, &request).await;
    door.create(KLING, &json!({})).await;
    door.query(KLING, &id).await;
    let charges = mock.charges();
    let [charge] = &charges[..] else {
        panic!("{charges:?}")
    };
    assert_eq!(charge.task_id.as_str(), id);
    assert_eq!(
        charge
            .external_task_id
            .as_ref()
            .map(kling_http::ExternalTaskId::as_str),
        Some("order-1")
    );
    assert_eq!(charge.scene, "color_mixing");
    assert_eq!(charge.at, kling_types::UnixMillis::new(START.cast_signed()));
}

/// Keys are the seed's, so that a stray request to another test's service shows.
#[tokio::test]
async fn seeds_decide_over_keys_and_answers() {
    let build = |seed| comet().seed(seed).build();
    assert_eq!(build(1).api_key(), build(1).api_key());
    assert_ne!(build(1).api_key(), build(2).api_key());
    assert!(build(1).api_key().starts_with("sk-mock-"));
    let stray = Door::of(&build(1));
    let answer = stray
        .ask(
            "GET",
            "/kling/v1/videos/effects/1",
            &[("authorization", &format!("Bearer {}", build(2).api_key()))],
            b"",
        )
        .await;
    assert_eq!(answer.status, 401);
}
