//! Answers and callbacks: the service's own, and what nobody could use.

use super::*;

/// What a sample is, and whether it is a right one.
fn kind_of_sample(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        // Of other routes, and of the newer standard.
        "req.cometapi.advanced-lip-sync.json" => ("EffectRequest", false),
        "resp.kling.identify-face.docshape.json" => ("TaskEnvelope", false),
        "resp.kling.tasks-unified.docshape.json" => ("TaskListEnvelope", false),
        // Not a body.
        "webhook.test-vector.json" => return None,
        "resp.kling.effects.list.docshape.json" => ("TaskListEnvelope", true),
        _ => match name.split('.').next()? {
            "req" => ("EffectRequest", true),
            "resp" => ("TaskEnvelope", true),
            "callback" => ("TaskCallback", true),
            "err" => ("ErrorBody", true),
            _ => panic!("what is {name}?"),
        },
    })
}

#[test]
fn every_sample_fits_its_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/samples");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("samples") {
        let entry = entry.expect("a file");
        let name = entry.file_name().into_string().expect("UTF-8");
        if entry.path().extension() != Some("json".as_ref()) {
            continue;
        }
        let Some((kind, right)) = kind_of_sample(&name) else {
            continue;
        };
        seen += 1;
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let body: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(accepts(kind, &body), right, "{name} as {kind}");
        // The schema of refusals and the reader of refusals draw the same line.
        let refusal = ServiceError::parse(400, &body).is_some();
        assert_eq!(accepts("ErrorBody", &body), refusal, "{name} as a refusal");
        // A refusal in the envelope is an envelope, too.
        if kind == "ErrorBody" && body.get("code").is_some() {
            assert!(accepts("TaskEnvelope", &body), "{name} as an envelope");
        }
    }
    assert!(seen > 40, "only {seen} samples");
}

/// Whatever the schema takes for a callback, the reader takes for one.
#[test]
fn callbacks_of_the_schema_are_callbacks_of_the_reader() {
    let flat = json!({"id": "1", "status": "succeeded"});
    let bare = json!({"task_id": "1", "task_status": "failed", "task_status_msg": "no"});
    for (body, right) in [
        (flat.clone(), true),
        (bare.clone(), true),
        (json!({"code": 0, "message": "SUCCEED", "data": bare}), true),
        (json!({"id": "1"}), false),
        (json!({"status": "succeeded"}), false),
        (json!({"code": 0, "data": 1}), false),
    ] {
        assert_eq!(accepts("TaskCallback", &body), right, "{body}");
        let read = kling_types::callback::TaskCallback::from_slice(body.to_string().as_bytes());
        assert_eq!(read.is_ok(), right, "{body}");
    }
    let billing = json!([{"charge_type": "unit", "amount": 2.4}]);
    let mut wrong = flat;
    wrong["billing"] = billing;
    assert!(!accepts("TaskCallback", &wrong), "an amount is text");
}

#[test]
fn answers_may_have_nulls_where_members_are_optional() {
    let nulls = json!({"code": 0, "message": null, "request_id": null, "data": {
        "task_id": "1", "task_status": null, "task_status_msg": null,
        "task_info": {"external_task_id": null, "parent_video": null},
        "task_result": {"images": null, "videos": [{"id": null, "url": null, "watermark_url": null, "duration": null}]},
        "watermark_info": null, "final_unit_deduction": null,
        "final_balance_deduction": {"quota": null, "list_price": null},
        "created_at": null, "updated_at": null,
    }});
    assert!(accepts("TaskEnvelope", &nulls));
    assert!(accepts(
        "TaskEnvelope",
        &json!({"code": "success", "data": null})
    ));
    assert!(accepts(
        "TaskListEnvelope",
        &json!({"code": 0, "data": null})
    ));
}

#[test]
fn answers_are_refused_where_nobody_could_use_them() {
    let task = |member: &str, value: Value| {
        let mut task = json!({"task_id": "1", "task_status": "succeed"});
        task[member] = value;
        task
    };
    assert!(accepts("Task", &task("unknown", json!([]))));
    for wrong in [
        // A reader that takes an id for a number corrupts it.
        task("task_id", json!(2_032_273_960_331_935_744_i64)),
        task("task_id", json!("")),
        task("task_id", json!(null)),
        task("task_status", json!(2)),
        task("created_at", json!("2026-01-01")),
        task("final_unit_deduction", json!("two")),
        task("task_result", json!({"videos": [5]})),
        json!({"task_status": "succeed"}),
    ] {
        assert!(!accepts("Task", &wrong), "{wrong}");
        assert!(
            !accepts("TaskEnvelope", &json!({"code": 0, "data": wrong})),
            "{wrong}"
        );
        assert!(
            !accepts("TaskListEnvelope", &json!({"code": 0, "data": [wrong]})),
            "{wrong}"
        );
    }
    assert!(!accepts("TaskEnvelope", &json!({"message": "no code"})));
    assert!(!accepts("ErrorBody", &json!({"code": "success"})));
    // Both forms at once are still one refusal.
    assert!(accepts(
        "ErrorBody",
        &json!({"code": 1201, "error": {"message": "no"}})
    ));
    assert!(!accepts(
        "ErrorBody",
        &json!({"code": 0, "message": "SUCCEED"})
    ));
}

// ---- What Rust writes.
