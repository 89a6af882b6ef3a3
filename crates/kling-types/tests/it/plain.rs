//! The usual answer, read without a tree: it reads as it does with one, or not at
//! all.

use kling_types::{ServiceError, Task, read_json};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::responses::KEYS;
use crate::support::{object, read, respaced_and_reversed};

/// An answer as Kling documents it, with all that a task can have.
fn answer() -> Value {
    json!({
        "code": 0,
        "message": "SUCCEED",
        "request_id": "9ab376fc",
        "data": {
            "task_id": "878106242831892487",
            "task_status": "succeed",
            "task_status_msg": "",
            "task_info": {"external_task_id": "order-1"},
            "task_result": {"videos": [{"id": "1", "url": "https://e.com/a.mp4?s=1", "duration": "5.1"}]},
            "watermark_info": {"enabled": false},
            "final_unit_deduction": "2.40",
            "final_balance_deduction": {"quota": "0.1", "list_price": "0.2"},
            "created_at": 1_777_385_361_501_i64,
            "updated_at": 1_777_385_363_321_i64,
        },
    })
}

/// The task with a tree.
fn with_a_tree(text: &str) -> Option<Task> {
    Task::find(&read_json(text.as_bytes()).ok()?)
}

/// Both ways agree, if there are two, and no error is passed over.
fn agree(text: &str) -> Result<(), TestCaseError> {
    if let Some(task) = Task::of_plain_answer(text.as_bytes()) {
        prop_assert_eq!(Some(*task), with_a_tree(text), "{}", text);
        let tree = read_json(text.as_bytes()).expect("JSON");
        prop_assert_eq!(ServiceError::parse(500, &tree), None, "{}", text);
    }
    Ok(())
}

/// Adds these members to the answer's object at this place.
fn with(mut answer: Value, place: usize, members: Map<String, Value>) -> Value {
    const PLACES: [&str; 4] = ["", "/data", "/data/task_info", "/data/task_result/videos/0"];
    let object = answer.pointer_mut(PLACES[place % PLACES.len()]);
    object
        .and_then(Value::as_object_mut)
        .expect("an object")
        .extend(members);
    answer
}

proptest! {
    #[test]
    fn the_fast_path_and_the_json_tree_agree(
        place in 0_usize..4,
        members in object(KEYS),
        dropped in prop::sample::subsequence(KEYS, 0..4),
    ) {
        let mut answer = with(answer(), place, members);
        for key in dropped {
            answer["data"].as_object_mut().map(|data| data.remove(key));
        }
        agree(&answer.to_string())?;
        agree(&respaced_and_reversed(&answer))?;
    }

    /// Of two members of the same key the last one counts.
    #[test]
    fn a_key_that_stands_twice_counts_as_it_does_with_a_tree(key in prop::sample::select(KEYS), members in object(KEYS)) {
        let value = members.values().next().cloned().unwrap_or_default();
        let twice = format!("{{\"{key}\":{value},");
        let text = answer().to_string();
        agree(&text.replacen('{', &twice, 1))?;
        agree(&text.replacen("\"data\":{", &format!("\"data\":{twice}")[..], 1))?;
    }
}

#[track_caller]
fn check(answer: &Value, is_plain: bool) {
    let text = answer.to_string();
    assert_eq!(
        Task::of_plain_answer(text.as_bytes()).is_some(),
        is_plain,
        "{text}"
    );
    agree(&text).expect("the same task");
}

#[test]
fn an_answer_as_documented_needs_no_tree() {
    check(&answer(), true);
    for change in [
        json!({"task_result": {}, "task_status": "processing"}),
        json!({"task_status": "failed", "task_status_msg": "Image pixel is invalid"}),
        json!({"task_status": "a word of tomorrow", "progress": {"percent": [1, null]}}),
    ] {
        let change = change.as_object().expect("an object").clone();
        check(&with(answer(), 1, change), true);
    }
}

#[test]
fn whatever_else_is_read_from_a_tree() {
    for (place, change) in [
        (0, json!({"code": 1201})),
        (0, json!({"code": "0"})),
        (0, json!({"error": "so sad"})),
        (0, json!({"task_id": "another's"})),
        (0, json!({"data": []})),
        (1, json!({"task_id": 7})),
        (1, json!({"task_status": ""})),
        (1, json!({"task_status": null})),
        (1, json!({"task_status": "failed"})),
        (1, json!({"task_result": {"videos": []}})),
        (1, json!({"task_result": null})),
        (1, json!({"created_at": 1_777_385_361})),
        (1, json!({"final_unit_deduction": 2.4})),
        (2, json!({"external_task_id": null})),
        (3, json!({"duration": 5})),
    ] {
        let change = change.as_object().expect("an object").clone();
        check(&with(answer(), place, change), false);
    }
    let text = answer().to_string();
    for broken in [
        format!("\u{feff}{text}"),
        format!("{text}{text}"),
        text.replace("SUCCEED", "\\ud83d"),
        text.replacen("\"code\"", "\"code\":0,\"code\"", 1),
        "[]".repeat(2),
        String::new(),
    ] {
        assert_eq!(Task::of_plain_answer(broken.as_bytes()), None, "{broken}");
    }
}

/// The service's own answers: if these needed a tree, nothing would be won.
#[test]
fn samples_of_answers_are_plain() {
    for name in [
        "resp.cometapi.effects.create",
        "resp.cometapi.query.processing",
        "resp.cometapi.omni-query.processing",
        "resp.kling.text2video.create.live",
        "resp.kling.text2video.create.live2",
    ] {
        let body = read(&format!("fixtures/samples/{name}.json"));
        let text = str::from_utf8(&body).expect("text");
        assert!(Task::of_plain_answer(&body).is_some(), "{name}");
        agree(text).expect("the same task");
    }
}
