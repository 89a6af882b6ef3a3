//! Vectors of callback bodies, run through `kling-types`.

use kling_types::callback::{CallbackShape, TaskCallback};
use serde_json::{Value, json};

use super::task::{ensure_round_trip, task_members, text};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let body = text(test);
    let Ok(callback) = TaskCallback::from_slice(body.as_bytes()) else {
        return Ok(json!({"result": "invalid"}));
    };
    let input: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    ensure_round_trip(&callback, &input)?;
    let shape = match callback.shape() {
        CallbackShape::Legacy => "legacy",
        CallbackShape::Flat => "flat",
        CallbackShape::Enveloped => "enveloped",
        _ => "unknown",
    };
    Ok(json!({"result": "valid", "shape": shape, "task": task_members(callback.task())}))
}
