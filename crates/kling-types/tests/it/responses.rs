//! Answers: how much is forgiven, and that nothing is lost.

use kling_types::{Task, TaskEnvelope, TaskId, TaskListEnvelope, TaskState};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{object, respaced_and_reversed};

pub(crate) const KEYS: &[&str] = &[
    "code",
    "message",
    "request_id",
    "data",
    "task_id",
    "task_status",
    "task_status_msg",
    "task_info",
    "external_task_id",
    "parent_video",
    "task_result",
    "videos",
    "images",
    "id",
    "url",
    "watermark_url",
    "duration",
    "index",
    "watermark_info",
    "enabled",
    "final_unit_deduction",
    "final_balance_deduction",
    "quota",
    "list_price",
    "created_at",
    "updated_at",
    "status",
    "create_time",
    "update_time",
    "external_id",
    "outputs",
    "billing",
    "error",
    "progress",
];

/// A task around which anything may stand.
fn task_body() -> impl Strategy<Value = Value> {
    (object(KEYS), "[a-z0-9]{1,20}").prop_map(|(mut members, id)| {
        members.insert("task_id".to_owned(), Value::from(id));
        Value::Object(members)
    })
}

proptest! {
    #[test]
    fn any_envelope_survives(members in object(KEYS), data in prop::option::of(task_body())) {
        let mut members = members;
        members.extend(data.map(|data| ("data".to_owned(), data)));
        let body = Value::Object(members);
        let envelope: TaskEnvelope = serde_json::from_value(body.clone()).expect("an object");
        prop_assert_eq!(json!(envelope), body);
    }

    #[test]
    fn any_list_survives(
        mut members in object(KEYS),
        data in prop::collection::vec(task_body(), 0..4),
    ) {
        members.insert("data".to_owned(), Value::Array(data));
        let body = Value::Object(members);
        let list: TaskListEnvelope = serde_json::from_value(body.clone()).expect("an object");
        prop_assert_eq!(json!(list), body);
    }

    #[test]
    fn any_task_survives(body in task_body()) {
        let task: Task = serde_json::from_value(body.clone()).expect("it has an id");
        prop_assert_eq!(json!(task), body);
    }

    #[test]
    fn order_and_white_space_do_not_count(body in task_body()) {
        let text = respaced_and_reversed(&body);
        let other: Task = serde_json::from_str(&text).expect("it has an id");
        prop_assert_eq!(other, serde_json::from_value::<Task>(body).expect("it has an id"));
    }

    /// What is changed after reading is what is written.
    #[test]
    fn a_changed_field_is_written(body in task_body(), message in "[a-z]{1,9}") {
        let mut task: Task = serde_json::from_value(body).expect("it has an id");
        task.status_msg = Some(message.clone());
        task.status = "failed".into();
        let written = json!(task);
        prop_assert_eq!(&written["task_status_msg"], &Value::from(message));
        prop_assert_eq!(&written["task_status"], "failed");
    }
}

#[track_caller]
fn task(data: Value) -> Task {
    let body = json!({"code": 0, "data": data});
    let envelope: TaskEnvelope = serde_json::from_value(body.clone()).expect("an object");
    assert_eq!(json!(envelope), body, "it changed");
    envelope.data.expect("a task")
}

#[test]
fn null_missing_and_odd_members_are_unset() {
    let odd = [json!(null), json!({}), json!([]), json!(true), json!(1.5)];
    for odd in odd {
        let task = task(json!({
            "task_id": "1", "task_status": odd, "task_status_msg": odd, "task_info": odd,
            "task_result": odd, "watermark_info": odd, "final_unit_deduction": [odd],
            "final_balance_deduction": odd, "created_at": odd, "updated_at": odd,
        }));
        assert_eq!(task.state(), TaskState::Unknown);
        assert_eq!(task.external_id(), None);
        assert!(task.videos().is_empty());
        assert_eq!((task.created_at, task.unit_deduction), (None, None));
    }
}

#[test]
fn numbers_may_be_text_and_text_numbers() {
    let task = task(json!({
        "task_id": 878_106_242_831_892_487_u64,
        "task_status": "SUCCEED",
        "task_info": {"external_task_id": 7},
        "task_result": {"images": null, "videos": [
            {"id": 930_831, "url": "https://example.com/v.mp4", "duration": 5.1},
            null,
            {"duration": "5"},
        ]},
        "final_unit_deduction": 2.4,
        "final_balance_deduction": {"quota": 1, "list_price": "2.50"},
        "created_at": "1722769557708",
    }));
    assert_eq!(task.id.as_str(), "878106242831892487");
    assert_eq!(task.state(), TaskState::Succeed);
    assert_eq!(task.external_id().map(AsRef::as_ref), Some("7"));
    let [first, second] = task.videos() else {
        panic!("{task:?}")
    };
    assert_eq!(first.id.as_ref().map(TaskId::as_str), Some("930831"));
    assert_eq!(
        first.duration.map(|d| d.to_string()).as_deref(),
        Some("5.1")
    );
    assert_eq!(second.duration.map(|d| d.to_string()).as_deref(), Some("5"));
    assert_eq!(
        task.unit_deduction.map(|a| a.to_string()).as_deref(),
        Some("2.4")
    );
    let money = task.balance_deduction.expect("money");
    assert_eq!(
        money.list_price.map(|a| a.to_string()).as_deref(),
        Some("2.50")
    );
}

/// The value is read, the spelling is kept: `task` compares the JSON.
#[test]
fn an_odd_spelling_of_a_number_is_kept() {
    for (text, amount) in [
        ("02.40", "2.40"),
        (" 2.40", "2.40"),
        ("+2.40", "2.40"),
        // Whole numbers take a shorter way.
        ("007", "7"),
        ("+7", "7"),
        ("7 ", "7"),
        ("00", "0"),
        ("-0", "0"),
    ] {
        let task = task(json!({"task_id": "1", "final_unit_deduction": text}));
        assert_eq!(task.unit_deduction, amount.parse().ok(), "{text}");
    }
}

#[test]
fn an_envelope_may_lack_anything() {
    let envelope: TaskEnvelope = serde_json::from_str("{}").expect("an object");
    assert_eq!(
        (envelope.code, envelope.message, envelope.data),
        (None, None, None)
    );
    let envelope: TaskEnvelope =
        serde_json::from_value(json!({"code": "0", "request_id": 42, "data": null}))
            .expect("an object");
    assert!(envelope.code.expect("a code").is_success());
    assert_eq!(envelope.request_id.as_deref(), Some("42"));
}

#[test]
fn a_task_is_found_in_a_gateways_record() {
    let inner = json!({"task_id": "u", "task_status": "processing"});
    let record = |status: &str, data: Value| {
        json!({"task_id": "g", "action": "X", "status": status, "progress": "10%",
            "fail_reason": "gave up", "data": data})
    };
    let envelope = json!({"code": 0, "message": "SUCCEED", "request_id": "r", "data": inner});

    // The gateway's id is the one to ask for; the word is the inner one.
    for data in [
        record("IN_PROGRESS", inner.clone()),
        record("IN_PROGRESS", envelope.clone()),
    ] {
        let task = task(data);
        assert_eq!(
            (task.id.as_str(), task.status.as_str()),
            ("g", "processing")
        );
    }
    // Nothing to wrap yet.
    for data in [json!(null), json!({}), json!("")] {
        let task = task(record("SUBMITTED", data));
        assert_eq!(
            (task.id.as_str(), task.state()),
            ("g", TaskState::Submitted)
        );
        assert_eq!(task.failure_reason(), None);
    }
    // A failure that only the gateway knows.
    let failed = task(record("FAILURE", envelope));
    assert_eq!(failed.failure_reason(), Some("gave up"));
    let failed = task(record("FAILURE", json!(null)));
    assert_eq!(failed.failure_reason(), Some("gave up"));
    // Success there is not yet a video here.
    assert_eq!(
        task(record("SUCCESS", inner)).state(),
        TaskState::Processing
    );
    // A whole task with a member called data is itself.
    let own = task(
        json!({"task_id": "a", "task_status": "failed", "data": {"task_id": "b", "task_status": "succeed"}}),
    );
    assert_eq!((own.id.as_str(), own.state()), ("a", TaskState::Failed));
}

#[test]
fn records_nest_three_deep_and_no_deeper() {
    let mut data = json!({"task_id": "t", "task_status": "succeed"});
    for depth in 1..=5 {
        let envelope: TaskEnvelope =
            serde_json::from_value(json!({"data": data})).expect("an object");
        assert_eq!(envelope.data.is_some(), depth <= 3, "{depth}");
        data = json!({"data": data});
    }
}

#[track_caller]
fn check_task_for(body: Value, expected: Option<(&str, TaskState, Option<&str>)>) {
    let envelope: TaskEnvelope = serde_json::from_value(body.clone()).expect("an object");
    assert_eq!(json!(envelope), body);
    let asked = TaskId::new("asked").expect("not empty");
    let task = envelope.task_for(&asked);
    let found = task
        .as_deref()
        .map(|t| (t.id.as_str(), t.state(), t.failure_reason()));
    assert_eq!(found, expected, "{body}");
}

#[test]
fn an_answer_may_be_the_task_itself() {
    let failed = TaskState::Failed;
    check_task_for(
        json!({"code": 0, "data": {"task_id": "t", "task_status": "submitted"}}),
        Some(("t", TaskState::Submitted, None)),
    );
    check_task_for(
        json!({"status": "FAILURE", "error": "no luck"}),
        Some(("asked", failed, Some("no luck"))),
    );
    check_task_for(
        json!({"status": "failed", "error": {"message": "no luck"}}),
        Some(("asked", failed, Some("no luck"))),
    );
    check_task_for(
        json!({"code": 0, "data": {"status": "FAILURE", "fail_reason": "no luck"}}),
        Some(("asked", failed, Some("no luck"))),
    );
    check_task_for(
        json!({"id": "v", "status": "failed", "message": "no luck"}),
        Some(("v", failed, Some("no luck"))),
    );
    check_task_for(
        json!({"id": "v", "object": "video", "status": "in_progress", "progress": 40}),
        Some(("v", TaskState::Processing, None)),
    );
    // Kling's own shape without an envelope around it.
    check_task_for(
        json!({"task_id": "t", "task_status": "succeed"}),
        Some(("t", TaskState::Succeed, None)),
    );
    // Not tasks: an error with a code, a health check, an empty answer.
    check_task_for(json!({"code": 1201, "status": "failed"}), None);
    check_task_for(json!({"code": 1201, "task_status": "failed"}), None);
    check_task_for(json!({"status": "ok"}), None);
    // A query that failed, which must not end the watch of a paid task.
    for body in [
        json!({"status": "error", "message": "upstream timeout"}),
        json!({"status": "Error", "error": "upstream timeout"}),
        json!({"status": "fail", "message": "too many requests"}),
        json!({"code": 0, "data": {"status": "error", "message": "the database is locked"}}),
    ] {
        check_task_for(body, None);
    }
    check_task_for(json!({}), None);
}

/// The caller of a query knows which task its answer is about.
#[test]
fn an_answer_without_a_usable_id_is_about_the_task_that_was_asked_for() {
    let succeed = TaskState::Succeed;
    let task = json!({"task_status": "succeed", "task_result": {"videos": [{"url": "u"}]}});
    let with = |mut value: Value, member: &str, id: Value| {
        value[member] = id;
        value
    };
    for id in [Value::Null, json!(""), json!([])] {
        let task = with(task.clone(), "task_id", id.clone());
        check_task_for(
            json!({"code": 0, "data": task}),
            Some(("asked", succeed, None)),
        );
        let record = json!({"status": "SUCCESS", "data": task});
        let record = with(with(record, "task_id", id.clone()), "id", id);
        check_task_for(
            json!({"code": 0, "data": record}),
            Some(("asked", succeed, None)),
        );
    }
    for body in [
        json!({"code": 0, "data": task}),
        json!({"code": 0, "data": {"progress": "100%", "data": task}}),
        json!({"code": 0, "data": {"data": {"code": 0, "data": task}}}),
        with(task.clone(), "code", json!(0)),
        task.clone(),
    ] {
        check_task_for(body, Some(("asked", succeed, None)));
    }
    check_task_for(
        json!({"code": 0, "data": {"task_status": "failed", "task_status_msg": "Image pixel is invalid"}}),
        Some(("asked", TaskState::Failed, Some("Image pixel is invalid"))),
    );
    check_task_for(
        json!({"task_status": "failed", "error": {"message": "no luck"}}),
        Some(("asked", TaskState::Failed, Some("no luck"))),
    );
}

/// With the older name of the id beside the newer one too, or in its place.
#[test]
fn an_openai_like_answer_has_its_video() {
    for ids in [
        json!({"id": "v"}),
        json!({"id": "v", "task_id": "v"}),
        json!({"id": "v", "task_id": ""}),
        json!({"id": "v", "task_id": null}),
        json!({"task_id": "v"}),
    ] {
        let mut body = json!({"object": "video", "status": "completed", "metadata": {"url": "https://example.com/v.mp4"}});
        let members = body.as_object_mut().expect("an object");
        members.extend(ids.as_object().cloned().expect("an object"));
        let envelope: TaskEnvelope = serde_json::from_value(body.clone()).expect("an object");
        let task = envelope.task_for(&TaskId::new("asked").expect("not empty"));
        let task = task.unwrap_or_else(|| panic!("a task: {body}"));
        let video = task.videos().first().and_then(|video| video.address());
        assert_eq!(
            (task.id.as_str(), task.state(), video),
            ("v", TaskState::Succeed, Some("https://example.com/v.mp4")),
            "{body}"
        );
    }
}

/// What the record alone knows is the record's to say: the id, or the status.
#[test]
fn a_record_lends_its_task_what_that_lacks() {
    let videos = json!({"videos": [{"url": "https://example.com/v.mp4"}]});
    for data in [
        json!({"task_status": "succeed", "task_result": videos}),
        json!({"task_id": "u", "task_result": videos}),
        json!({"task_result": videos}),
        json!({"code": 0, "data": {"task_status": "succeed", "task_result": videos}}),
    ] {
        let task = task(json!({"task_id": "g", "status": "SUCCESS", "data": data}));
        assert_eq!(
            (task.id.as_str(), task.state(), task.videos().len()),
            ("g", TaskState::Succeed, 1),
            "{data}"
        );
    }
}

#[test]
fn debug_of_a_task_shows_no_signature() {
    let task = task(json!({
        "task_id": "1", "task_status": "succeed", "note": "S3cr3t",
        "task_result": {"videos": [{"url": "https://example.com/v.mp4?sig=S3cr3t", "watermark_url": "https://example.com/w.mp4?sig=S3cr3t"}],
            "images": [{"url": "https://u:S3cr3t@example.com/i.png"}]},
    }));
    let text = format!("{task:?}");
    assert!(!text.contains("S3cr3t"), "{text}");
    assert!(text.contains("https://example.com/v.mp4?…"), "{text}");
}

#[test]
fn a_failure_has_a_reason_only_if_it_failed() {
    let failed = |status: &str, message: &str| {
        task(json!({"task_id": "1", "task_status": status, "task_status_msg": message}))
            .failure_reason()
            .map(str::to_owned)
    };
    assert_eq!(
        failed("failed", "Image pixel is invalid").as_deref(),
        Some("Image pixel is invalid")
    );
    assert_eq!(failed("failed", " "), None);
    assert_eq!(failed("succeed", "fine"), None);
}

/// Why a task failed is told in many places (*seen live*, and in the source of
/// gateways); an envelope's yes to the query is none.
#[test]
fn the_reason_of_a_failure_is_found_wherever_it_stands() {
    let check = |body: Value, expected: Option<&str>| {
        let found = Task::find(&body).or_else(|| {
            let envelope: TaskEnvelope = serde_json::from_value(body.clone()).ok()?;
            let asked = TaskId::new("x").expect("an id");
            envelope.task_for(&asked).map(std::borrow::Cow::into_owned)
        });
        let task = found.unwrap_or_else(|| panic!("no task: {body}"));
        assert_eq!(task.state(), TaskState::Failed, "{body}");
        assert_eq!(task.failure_reason(), expected, "{body}");
    };
    let why = Some("Image pixel is invalid");
    let failed = json!({"task_id": "x", "task_status": "failed", "task_status_msg": ""});
    let with = |member: &str, value: Value| {
        let mut task = failed.clone();
        task[member] = value;
        task
    };
    let text = json!("Image pixel is invalid");
    for body in [
        json!({"code": "success", "data": {"task_id": "x", "status": "FAILURE", "fail_reason": text,
            "data": {"code": 0, "data": failed}}}),
        json!({"code": 0, "message": text, "data": failed}),
        json!({"code": 1301, "message": text, "data": failed}),
        json!({"code": 0, "data": with("fail_reason", text.clone())}),
        json!({"code": 0, "data": with("error", json!({"message": text}))}),
        json!({"code": 0, "message": text, "data": {"id": "x", "status": "failed"}}),
        // A gateway's own body, with and without a code.
        json!({"code": 0, "message": "", "status": "failed", "error": text}),
        json!({"code": 0, "status": "failed", "error": {"message": text}, "data": null}),
        json!({"code": "success", "status": "FAILURE", "fail_reason": text, "data": null}),
        // Its own words count.
        json!({"code": 0, "message": "no", "data": with("task_status_msg", text.clone())}),
    ] {
        check(body, why);
    }
    for yes in ["", " ", "SUCCEED", "success", "Ok", "成功"] {
        check(json!({"code": 0, "message": yes, "data": failed}), None);
    }
    // In an envelope that was read as one, too.
    let envelope = json!({"code": 0, "message": text, "data": failed});
    let read: TaskEnvelope = serde_json::from_value(envelope.clone()).expect("an envelope");
    let asked = TaskId::new("x").expect("an id");
    let task = read.task_for(&asked).expect("a task");
    assert_eq!(task.failure_reason(), why);
    assert_eq!(json!(read), envelope, "written back as it came");
}

/// What speaks of a failure with a code of its own has failed to ask.
#[test]
fn a_failed_query_is_no_failed_task() {
    for body in [
        json!({"code": "fail", "status": "failed", "error": "upstream timed out"}),
        json!({"code": 5000, "status": "failed", "error": "upstream timed out"}),
        json!({"code": 0, "status": "failed"}),
        json!({"code": 0, "status": "error", "error": "no such task"}),
    ] {
        let envelope: TaskEnvelope = serde_json::from_value(body.clone()).expect("an envelope");
        let asked = TaskId::new("x").expect("an id");
        assert!(envelope.task_for(&asked).is_none(), "{body}");
    }
}
