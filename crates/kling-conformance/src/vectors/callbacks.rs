//! Vectors of callback bodies, run through `kling-types`.

use kling_types::callback::{CallbackShape, TaskCallback};
use serde_json::{Value, json};

use super::task::{facts, must_survive, text};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let body = text(test);
    let Ok(callback) = TaskCallback::from_slice(body.as_bytes()) else {
        return Ok(json!({"result": "invalid"}));
    };
    let came: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    must_survive(&callback, &came)?;
    let shape = match callback.shape() {
        CallbackShape::Legacy => "legacy",
        CallbackShape::Flat => "flat",
        CallbackShape::Enveloped => "enveloped",
        _ => "unknown",
    };
    Ok(json!({"result": "valid", "shape": shape, "task": facts(callback.task())}))
}
