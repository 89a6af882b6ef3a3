//! What must hold for any bytes at all. The tests run these over the seeds;
//! cargo-fuzz includes this file and searches on (`fuzz/`).

use kling_types::callback::TaskCallback;
use kling_types::validate::validate_json;
use kling_types::{EffectRequest, ServiceError, TaskEnvelope, TaskId, TaskListEnvelope};
use serde::Serialize;
use serde_json::Value;

/// Any JSON object is a request, is written back as it came, and breaks the same
/// rules typed and untyped.
pub(crate) fn decode_request(data: &[u8]) {
    let request = serde_json::from_slice::<EffectRequest>(data);
    let Some(body @ Value::Object(_)) = parse(data) else {
        assert!(request.is_err(), "read a request from no object");
        return;
    };
    let request = request.expect("any object is a request");
    let written = request.to_json().expect("it can be written");
    assert_eq!(parse(&written), Some(body.clone()), "a request changed");
    assert_eq!(request.validate(), validate_json(&body));
    let _ = format!("{request:?}");
}

/// Any JSON object is an envelope of either kind and is written back as it came;
/// errors are found without a panic.
pub(crate) fn decode_response(data: &[u8]) {
    let one = serde_json::from_slice::<TaskEnvelope>(data);
    let many = serde_json::from_slice::<TaskListEnvelope>(data);
    let Some(body) = parse(data) else {
        assert!(one.is_err() && many.is_err(), "read an answer from no JSON");
        return;
    };
    for status in [200, 400, 429, 503] {
        if let Some(error) = ServiceError::parse(status, &body) {
            assert!(!error.to_string().is_empty());
            let _ = error.class().is_retryable(false);
        }
    }
    if !body.is_object() {
        assert!(
            one.is_err() && many.is_err(),
            "read an answer from no object"
        );
        return;
    }
    let (one, many) = (one.expect("an envelope"), many.expect("a list"));
    assert_eq!(json(&one), body, "an envelope changed");
    assert_eq!(json(&many), body, "a list changed");
    let asked = TaskId::new("asked").expect("not empty");
    let _ = format!("{one:?} {many:?} {:?}", one.task_for(&asked));
}

/// A callback is written back as it came; anything else is an error that says
/// why.
pub(crate) fn decode_callback(data: &[u8]) {
    match TaskCallback::from_slice(data) {
        Ok(callback) => {
            let read = kling_types::read_json(data).ok();
            assert_eq!(Some(json(&callback)), read, "a callback changed");
            assert!(!callback.task().id.as_str().is_empty());
            let _ = format!("{callback:?}");
        }
        Err(error) => assert!(error.to_string().starts_with("the callback ")),
    }
}

fn parse(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it can be written")
}
