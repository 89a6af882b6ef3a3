//! Vectors of the answers to a create, a query and a list, parsed by `kling-types`.

use kling_types::{Task, TaskEnvelope, TaskId, TaskListEnvelope};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::task::{ensure_round_trip, task_members, text, verdict};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let Ok(body) = serde_json::from_str::<Value>(&text(test)) else {
        return Ok(json!({"result": "invalid"}));
    };
    if test["answers"] == "list" {
        return Ok(match TaskListEnvelope::deserialize(&body) {
            Err(_) => json!({"result": "invalid"}),
            Ok(list) => {
                ensure_round_trip(&list, &body)?;
                let tasks: Vec<Value> = list.data.iter().map(task_members).collect();
                json!({"result": "valid", "tasks": tasks})
            }
        });
    }
    let Ok(envelope) = TaskEnvelope::deserialize(&body) else {
        return Ok(json!({"result": "invalid"}));
    };
    ensure_round_trip(&envelope, &body)?;
    let asked = test["asked"].as_str().and_then(TaskId::new);
    let of_envelope = asked.and_then(|asked| Some(envelope.task_for(&asked)?.into_owned()));
    let task = of_envelope.or_else(|| Task::find(&body));
    Ok(json!({
        "result": verdict(task.is_some()),
        "task": task.as_ref().map(task_members),
    }))
}
