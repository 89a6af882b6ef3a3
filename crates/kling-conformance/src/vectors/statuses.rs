//! Vectors of task statuses.

use kling_types::{TaskState, TaskStatus};
use serde_json::{Value, json};

use super::task;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let word = test["word"].as_str().ok_or("`word` is not a string")?;
    let status = TaskStatus::from(word);
    if status.as_str() != word {
        return Err(format!("the status becomes {:?}", status.as_str()));
    }
    Ok(json!({
        "result": task::verdict(status.state() != TaskState::Unknown),
        "state": task::state(status.state()),
        "terminal": status.is_terminal(),
    }))
}
