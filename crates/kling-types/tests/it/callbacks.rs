//! Callbacks: three bodies, one set of facts.

use kling_types::callback::{CallbackShape, ReadCallbackError, TaskCallback};
use kling_types::{
    BalanceDeduction, ExternalTaskId, Extra, Image, Task, TaskEnvelope, TaskId, TaskInfo,
    TaskListEnvelope, TaskResult, TaskStatus, UnixMillis, Video,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{object, sample};

const SHAPES: [CallbackShape; 3] = [
    CallbackShape::Legacy,
    CallbackShape::Flat,
    CallbackShape::Enveloped,
];

#[track_caller]
fn check(body: Value, shape: CallbackShape, id: &str, status: &str) {
    let callback = TaskCallback::from_slice(body.to_string().as_bytes()).expect("a callback");
    assert_eq!(callback.shape(), shape, "{body}");
    assert_eq!(callback.task().id.as_str(), id, "{body}");
    assert_eq!(callback.task().status.as_str(), status, "{body}");
    assert_eq!(json!(callback), body, "it changed");
    let again: TaskCallback = serde_json::from_value(body).expect("a callback");
    assert_eq!(again, callback);
}

#[test]
fn the_body_tells_its_shape() {
    use CallbackShape::{Enveloped, Flat, Legacy};
    check(
        json!({"task_id": "1", "task_status": "processing"}),
        Legacy,
        "1",
        "processing",
    );
    check(json!({"task_id": 1}), Legacy, "1", "");
    check(
        json!({"task_id": "1", "status": "IN_PROGRESS"}),
        Legacy,
        "1",
        "IN_PROGRESS",
    );
    check(
        json!({"task_id": "1", "task_status": "failed", "id": "2", "status": "x"}),
        Legacy,
        "1",
        "failed",
    );
    check(
        json!({"id": "1", "status": "succeeded"}),
        Flat,
        "1",
        "succeeded",
    );
    check(
        json!({"id": 1, "status": "submitted", "outputs": [], "message": ""}),
        Flat,
        "1",
        "submitted",
    );
    check(
        json!({"code": 0, "data": {"task_id": "1", "task_status": "succeed"}}),
        Enveloped,
        "1",
        "succeed",
    );
    check(
        json!({"data": {"id": "1", "status": "succeeded"}}),
        Enveloped,
        "1",
        "succeeded",
    );
    check(
        json!({"task_id": "g", "status": "SUCCESS", "data": {"task_id": "1", "task_status": "succeed"}}),
        Enveloped,
        "g",
        "succeed",
    );
    check(
        json!({"code": "success", "data": {"task_id": "g", "status": "SUCCESS", "data": {"code": 0, "data": {"task_id": "1", "task_status": "succeed"}}}}),
        Enveloped,
        "g",
        "succeed",
    );
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = TaskCallback::from_slice(body.as_bytes()).expect_err("no callback");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn anything_else_is_an_error_that_says_why() {
    let no_task = "the callback has neither a usable `task_id` nor `id` and `status`, at its top or in `data`";
    check_error(
        "{\"id\":",
        "the callback is not JSON: EOF while parsing a value at line 1 column 6",
    );
    check_error("[]", "the callback is not a JSON object");
    check_error("{}", &format!("{no_task}; it is empty"));
    check_error(r#"{"id": "1"}"#, &format!("{no_task}; it has id"));
    check_error(
        r#"{"status": "succeeded", "event": "x"}"#,
        &format!("{no_task}; it has event, status"),
    );
    check_error(
        r#"{"task_id": "", "data": {"x": 1}}"#,
        &format!("{no_task}; it has data, task_id"),
    );
    check_error(
        r#"{"id": "1", "status": 5}"#,
        &format!("{no_task}; it has id, status"),
    );
    let many: Extra = (0..30).map(|i| (format!("m{i:02}"), json!(i))).collect();
    let Err(ReadCallbackError::NoTask { members }) = TaskCallback::from_members(many) else {
        panic!("a task from nothing");
    };
    assert_eq!(members.len(), 12);
}

#[test]
fn the_documented_bodies_give_the_same_facts() {
    let legacy: TaskCallback =
        serde_json::from_value(sample("callback.kling.legacy.docshape.json")).expect("a callback");
    let flat: TaskCallback =
        serde_json::from_value(sample("callback.kling.new.docshape.json")).expect("a callback");
    for callback in [&legacy, &flat] {
        let task = callback.task();
        assert_eq!(task.external_id().map(AsRef::as_ref), Some("my-task-1"));
        let [video] = task.videos() else {
            panic!("{task:?}")
        };
        assert_eq!(video.url.as_deref(), Some("https://example.com/v.mp4"));
        assert_eq!(video.duration.map(|d| d.to_string()).as_deref(), Some("5"));
    }
    assert_eq!(
        flat.task().unit_deduction.map(|a| a.to_string()).as_deref(),
        Some("2.4")
    );
    assert_eq!(
        flat.task().updated_at,
        Some(UnixMillis::new(1_781_080_794_151))
    );
    assert_eq!(
        legacy
            .task()
            .info
            .as_ref()
            .and_then(|i| i.parent_video.as_ref())
            .and_then(|v| v.url.as_deref()),
        Some("https://example.com/p.mp4")
    );
}

#[test]
fn a_flat_body_is_spelled_as_documented() {
    let legacy = sample("callback.kling.legacy.docshape.json");
    let task: Task = serde_json::from_value(legacy).expect("a task");
    assert_eq!(
        json!(TaskCallback::new(CallbackShape::Flat, task)),
        json!({
            "id": "930831534075682845",
            "status": "succeeded",
            "message": "",
            "create_time": 1_722_769_557_708_i64,
            "update_time": 1_722_769_877_708_i64,
            "external_id": "my-task-1",
            "outputs": [
                {"type": "video", "id": "string", "url": "https://example.com/v.mp4", "duration": "5"},
                {"type": "image", "index": 0, "url": "https://h1.inkwai.com/bs2/upload-ylab-stunt/xxx.png"},
            ],
            "billing": [
                {"charge_type": "unit", "amount": "2", "package_type": "video"},
                {"charge_type": "cash", "amount": "0", "list_price": "0"},
            ],
        })
    );
    let failed = Task::new(TaskId::new("1").expect("not empty"), TaskStatus::FAILED);
    assert_eq!(
        json!(TaskCallback::new(CallbackShape::Flat, failed)),
        json!({"id": "1", "status": "failed", "message": "", "outputs": []})
    );
}

#[test]
fn charges_are_summed_by_kind() {
    let body = json!({"id": "1", "status": "succeeded", "billing": [
        {"charge_type": "unit", "amount": "2.4"},
        {"charge_type": "cash", "amount": "0.10", "list_price": "0.20", "currency": "USD"},
        {"charge_type": "unit", "amount": 0.1},
        {"charge_type": "cash", "amount": "0.05"},
        {"charge_type": "gold", "amount": "9"},
        {"charge_type": "unit"},
    ]});
    let callback: TaskCallback = serde_json::from_value(body).expect("a callback");
    let task = callback.into_task();
    assert_eq!(
        task.unit_deduction.map(|a| a.to_string()).as_deref(),
        Some("2.5")
    );
    let money = task.balance_deduction.expect("money");
    assert_eq!(money.quota.map(|a| a.to_string()).as_deref(), Some("0.15"));
    assert_eq!(
        money.list_price.map(|a| a.to_string()).as_deref(),
        Some("0.20")
    );

    let too_long = json!({"id": "1", "status": "succeeded", "billing": [
        {"charge_type": "unit", "amount": "79228162514264337593543950335"},
        {"charge_type": "unit", "amount": "1"},
    ]});
    let callback: TaskCallback = serde_json::from_value(too_long).expect("a callback");
    assert_eq!(
        callback.task().unit_deduction,
        None,
        "a wrong sum is worse than none"
    );
}

#[test]
fn outputs_are_sorted_by_type() {
    let body = json!({"id": "1", "status": "succeeded", "outputs": [
        {"type": "video", "id": "a", "url": "u"}, {"type": "image", "url": "i", "index": 0},
        {"type": "audio", "url": "s"}, {"url": "v"}, "x",
    ]});
    let callback: TaskCallback = serde_json::from_value(body).expect("a callback");
    let result = callback.task().result.as_ref().expect("a result");
    assert_eq!((result.videos.len(), result.images.len()), (2, 1));
}

fn task() -> impl Strategy<Value = Task> {
    let status = prop::sample::select(vec!["submitted", "processing", "succeed", "failed"]);
    let text = || prop::option::of("[a-zA-Z ]{1,12}");
    let amount = || prop::option::of("[1-9][0-9]{0,3}\\.[0-9]{2}");
    let video = ("[0-9]{1,9}", text(), prop::option::of("[1-9]\\.[0-9]")).prop_map(
        |(id, url, duration)| {
            let mut video = Video::default();
            video.id = TaskId::new(id);
            video.url = url;
            video.duration = duration.map(|d| d.parse().expect("a decimal"));
            video
        },
    );
    let result = (
        prop::collection::vec(video, 0..3),
        prop::collection::vec(0_i64..9, 0..3),
    );
    (
        (
            "[0-9]{1,19}",
            status,
            text(),
            prop::option::of("[a-z-]{1,12}"),
        ),
        prop::option::of(result),
        (amount(), amount(), amount()),
        (
            prop::option::of(100_000_000_000_i64..9_000_000_000_000),
            prop::option::of(100_000_000_000_i64..9_000_000_000_000),
        ),
    )
        .prop_map(
            |((id, status, message, external_id), result, (units, quota, price), times)| {
                let mut task = Task::new(
                    TaskId::new(id).expect("not empty"),
                    TaskStatus::from(status),
                );
                task.status_msg = message;
                task.info = external_id.map(|id| {
                    let mut info = TaskInfo::default();
                    info.external_task_id = ExternalTaskId::new(id);
                    info
                });
                task.result = result.map(|(videos, images)| {
                    let mut result = TaskResult::default();
                    result.videos = videos;
                    result.images = images
                        .into_iter()
                        .map(|index| {
                            let mut image = Image::default();
                            image.index = Some(index);
                            image
                        })
                        .collect();
                    result
                });
                task.unit_deduction = units.map(|a| a.parse().expect("a decimal"));
                task.balance_deduction = quota.map(|quota| {
                    let mut money = BalanceDeduction::default();
                    money.quota = Some(quota.parse().expect("a decimal"));
                    money.list_price = price.map(|a| a.parse().expect("a decimal"));
                    money
                });
                task.created_at = times.0.map(UnixMillis::new);
                task.updated_at = times.1.map(UnixMillis::new);
                task
            },
        )
}

/// What a receiver learns, whatever the body.
fn facts(task: &Task) -> impl PartialEq + std::fmt::Debug {
    (
        (
            task.id.clone(),
            task.state(),
            task.failure_reason().map(str::to_owned),
        ),
        (
            task.external_id().cloned(),
            task.videos()
                .to_vec()
                .into_iter()
                .map(|v| (v.id, v.url, v.duration))
                .collect::<Vec<_>>(),
        ),
        task.result
            .as_ref()
            .map(|r| r.images.iter().map(|i| i.index).collect::<Vec<_>>())
            .unwrap_or_default(),
        (
            task.unit_deduction,
            task.balance_deduction
                .as_ref()
                .map(|m| (m.quota, m.list_price)),
        ),
        (task.created_at, task.updated_at),
    )
}

proptest! {
    /// What is sent is what is received, in each shape.
    #[test]
    fn a_callback_made_here_reads_back(task in task()) {
        for shape in SHAPES {
            let sent = TaskCallback::new(shape, task.clone());
            let bytes = serde_json::to_vec(&sent).expect("it encodes");
            let received = TaskCallback::from_slice(&bytes).expect("a callback");
            prop_assert_eq!(received.shape(), shape);
            prop_assert_eq!(facts(received.task()), facts(&task));
            prop_assert_eq!(sent.task(), &task);
        }
    }

    /// An item of the unified list is the same flat shape, and comes back to the
    /// letter.
    #[test]
    fn the_unified_list_reads_the_same(tasks in prop::collection::vec(task(), 0..4)) {
        let flat = |task: &Task| json!(TaskCallback::new(CallbackShape::Flat, task.clone()));
        let items: Vec<Value> = tasks.iter().map(flat).collect();
        let body = json!({"code": 0, "data": items});
        let list: TaskListEnvelope = serde_json::from_value(body.clone()).expect("a list");
        prop_assert_eq!(list.data.len(), tasks.len());
        for (read, task) in list.data.iter().zip(&tasks) {
            prop_assert_eq!(facts(read), facts(task));
        }
        prop_assert_eq!(json!(list), body);
    }

    #[test]
    fn unknown_members_survive(members in object(crate::responses::KEYS), id in "[0-9]{1,9}") {
        let mut members = members;
        members.insert("id".to_owned(), Value::from(id));
        members.insert("status".to_owned(), json!("succeeded"));
        let callback = TaskCallback::from_members(members.clone());
        if let Ok(callback) = callback {
            prop_assert_eq!(json!(callback), Value::Object(members));
        } else {
            // Only an id of the other shape, unusable, stands in the way.
            prop_assert!(members.contains_key("task_id"));
        }
    }
}

#[test]
fn a_flat_task_in_an_envelope_can_be_changed() {
    let body = json!({"code": 0, "data": {"id": "1", "status": "processing"}});
    let mut envelope: TaskEnvelope = serde_json::from_value(body).expect("an envelope");
    let task = envelope.data.as_mut().expect("a task");
    task.status = TaskStatus::SUCCEED;
    // From here on it is ours, and written in our shape.
    assert_eq!(
        json!(envelope),
        json!({"code": 0, "data": {"task_id": "1", "task_status": "succeed"}})
    );
}
