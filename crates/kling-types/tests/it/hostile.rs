//! Input that wants to crash, hang or fill the memory.

use kling_types::callback::TaskCallback;
use kling_types::{EffectRequest, ServiceError, Task, TaskEnvelope, TaskListEnvelope, read_json};
use serde_json::{Value, json};

fn read_by_all(text: &str) -> [bool; 5] {
    [
        serde_json::from_str::<EffectRequest>(text).is_ok(),
        serde_json::from_str::<TaskEnvelope>(text).is_ok(),
        serde_json::from_str::<TaskListEnvelope>(text).is_ok(),
        serde_json::from_str::<Task>(text).is_ok(),
        TaskCallback::from_slice(text.as_bytes()).is_ok(),
    ]
}

/// The reader stops at 128 levels: an error, not an overflow of the stack.
#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("[", "]"), ("{\"data\":", "}"), ("{\"input\":[", "]}")] {
        for depth in [128, 200, 100_000] {
            let body = |depth| {
                format!(
                    "{{\"task_id\":\"1\",\"x\":{}1{}}}",
                    open.repeat(depth),
                    close.repeat(depth)
                )
            };
            assert_eq!(
                read_by_all(&body(depth)),
                [false; 5],
                "{depth} times {open}"
            );
            assert_eq!(read_by_all(&open.repeat(depth)), [false; 5]);
        }
        let shallow = format!(
            "{{\"task_id\":\"1\",\"x\":{}1{}}}",
            open.repeat(50),
            close.repeat(50)
        );
        assert_eq!(read_by_all(&shallow), [true; 5]);
    }
}

#[test]
fn endless_numbers_are_an_error_or_kept() {
    let digits = "9".repeat(1_000_000);
    let fraction = format!("0.{digits}");
    for (number, fits) in [
        (digits.as_str(), false),
        (fraction.as_str(), true),
        ("1e400", false),
        ("1e-400", true),
    ] {
        let body = format!("{{\"task_id\":\"1\",\"created_at\":{number}}}");
        assert_eq!(read_by_all(&body), [fits; 5], "{number:.10}…");
    }
    // As text they are no times and no amounts, but stay as they are.
    let body = json!({"task_id": "1", "created_at": digits, "final_unit_deduction": digits});
    let task: Task = serde_json::from_value(body.clone()).expect("it has an id");
    assert_eq!((task.created_at, task.unit_deduction), (None, None));
    assert_eq!(json!(task), body);
}

/// The last one counts, as for most readers.
#[test]
fn of_a_key_twice_the_last_counts() {
    let task: Task =
        serde_json::from_str(r#"{"task_id":"1","task_id":"2","x":1,"x":2}"#).expect("a task");
    assert_eq!((task.id.as_str(), &task.extra["x"]), ("2", &json!(2)));
    let request: EffectRequest =
        serde_json::from_str(r#"{"effect_scene":"hug","input":5,"input":{"image":"a","image":"b"},"effect_scene":"hug_pro"}"#)
            .expect("an object");
    assert_eq!(
        json!(request),
        json!({"effect_scene": "hug_pro", "input": {"image": "b"}})
    );
}

#[test]
fn text_that_is_no_text_is_an_error() {
    for bytes in [
        &b"{\"task_id\":\"\xff\"}"[..],
        b"{\"task_id\":\"\\ud800\"}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\x01\"}",
    ] {
        assert!(serde_json::from_slice::<TaskEnvelope>(bytes).is_err());
        assert!(serde_json::from_slice::<EffectRequest>(bytes).is_err());
    }
}

/// What a service sends is not lost for a broken character; all else stays an error.
#[test]
fn an_answer_outlives_a_broken_character() {
    let check = |bytes: &[u8], expected: Option<&str>| {
        let read = read_json(bytes).ok();
        let message = read.as_ref().and_then(|answer| answer["m"].as_str());
        assert_eq!(message, expected, "{}", bytes.escape_ascii());
    };
    for (bytes, message) in [
        (&b"{\"m\":\"plain\"}"[..], "plain"),
        (b"\xef\xbb\xbf{\"m\":\"after a mark\"}", "after a mark"),
        (b"{\"m\":\"a\xffb\xe2\x82\"}", "a\u{fffd}b\u{fffd}"),
        (b"{\"m\":\"\\ud83d\"}", "\u{fffd}"),
        (b"{\"m\":\"\\uDE00\\ud83d\"}", "\u{fffd}\u{fffd}"),
        (b"{\"m\":\"\\ud83d\\ude00\\ud83d!\"}", "\u{1f600}\u{fffd}!"),
        (b"{\"m\":\"\\\\ud83d \\\" \\ud83d\"}", "\\ud83d \" \u{fffd}"),
        (b"{\"m\":\"\\ud83d\\\\ude00\"}", "\u{fffd}\\ude00"),
    ] {
        check(bytes, Some(message));
    }
    for bytes in [
        &b""[..],
        b"\xef\xbb\xbf",
        b"<h1>\xff</h1>",
        b"{\"m\":\"cut \\ud83d",
        b"{\"m\":\"\\ud8\"}",
        b"{\"m\":\"\\ud83d\\u\"}",
        b"{\"m\":\"\xff\x01\"}",
        b"\\",
        b"\xff\\",
    ] {
        check(bytes, None);
    }
    let callback =
        b"{\"task_id\":\"7\",\"task_status\":\"failed\",\"task_status_msg\":\"\\ud83d\"}";
    let callback = TaskCallback::from_slice(callback).expect("a callback");
    assert_eq!(callback.task().failure_reason(), Some("\u{fffd}"));
}

#[test]
fn floats_survive_to_the_last_bit() {
    for text in [
        "0.30000000000000004",
        "1.7976931348623157e308",
        "5e-324",
        "-0.0",
        "2.2250738585072011e-308",
    ] {
        let body = format!("{{\"effect_scene\":\"x\",\"input\":{{}},\"f\":{text}}}");
        let request: EffectRequest = serde_json::from_str(&body).expect("an object");
        let written: Value =
            serde_json::from_slice(&request.to_json().expect("it encodes")).expect("JSON");
        let expected: f64 = text.parse().expect("a float");
        assert_eq!(
            written["f"].as_f64().map(f64::to_bits),
            Some(expected.to_bits()),
            "{text}"
        );
    }
}

/// A million images or members take their time once, not their square.
#[test]
fn wide_bodies_are_read() {
    let images = json!({"effect_scene": "hug_pro", "input": {"images": vec!["https://example.com/a.jpg"; 200_000]}});
    let request: EffectRequest = serde_json::from_value(images).expect("an object");
    assert_eq!(request.validate().len(), 1);
    let outputs = vec![json!({"type": "video", "url": "u"}); 100_000];
    let callback = json!({"id": "1", "status": "succeeded", "outputs": outputs});
    let callback: TaskCallback = serde_json::from_value(callback).expect("a callback");
    assert_eq!(callback.task().videos().len(), 100_000);
    let message = "(request id: ".repeat(100_000);
    let error =
        ServiceError::parse(400, &json!({"error": {"message": message}})).expect("an error");
    assert_eq!(error.request_id, None);
}
