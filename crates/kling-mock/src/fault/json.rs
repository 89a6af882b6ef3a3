//! Breaks a JSON body in one specific way.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Corruption;

/// The body with the corruption, or `None` if it has nothing to corrupt.
pub(super) fn corrupt(corruption: &Corruption, body: &Bytes) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?.trim_end();
    let mut value: Value = serde_json::from_str(text).ok()?;
    match corruption {
        Corruption::Cut => {
            let half = (0..=text.len() / 2).rfind(|at| text.is_char_boundary(*at))?;
            return Some(body.slice(..half));
        }
        Corruption::ByteOrderMark => return Some(format!("\u{feff}{text}").into()),
        Corruption::DuplicateKey => {
            let (key, member) = value.as_object()?.iter().next()?;
            let open = text.strip_suffix('}')?;
            return Some(format!("{open},{}:{member}}}", json!(key)).into());
        }
        Corruption::MissingField(pointer) => remove(&mut value, pointer)?,
        Corruption::WrongType(pointer) => {
            let place = value.pointer_mut(pointer)?;
            *place = another_type(place);
        }
        Corruption::Null(pointer) => {
            let place = value
                .pointer_mut(pointer)
                .filter(|place| !place.is_null())?;
            *place = Value::Null;
        }
        Corruption::UnknownStatus(word) => {
            if !set_statuses(&mut value, word) {
                return None;
            }
        }
    }
    Some(value.to_string().into())
}

fn remove(value: &mut Value, pointer: &str) -> Option<()> {
    let (parent, last) = pointer.rsplit_once('/')?;
    match value.pointer_mut(parent)? {
        Value::Object(members) => {
            let key = last.replace("~1", "/").replace("~0", "~");
            members.remove(&key).map(drop)
        }
        Value::Array(items) => {
            let index = last.parse().ok().filter(|index| *index < items.len())?;
            items.remove(index);
            Some(())
        }
        _ => None,
    }
}

/// A value of another type that a careless service might send instead.
fn another_type(value: &Value) -> Value {
    match value {
        Value::Null => json!(0),
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::String(text) => text.parse::<u64>().unwrap_or(0).into(),
        Value::Array(_) => Map::new().into(),
        Value::Object(_) => Vec::<Value>::new().into(),
    }
}

/// Replaces each `task_status`, and returns whether there was one.
fn set_statuses(value: &mut Value, word: &str) -> bool {
    let mut found = false;
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                if key == "task_status" {
                    *member = word.into();
                    found = true;
                } else {
                    found |= set_statuses(member, word);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                found |= set_statuses(item, word);
            }
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Action, Fault};

    const TASK: &str =
        r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":[1,true]}"#;

    fn corrupted(how: &str, body: &str) -> Option<Bytes> {
        let fault: Fault = format!("get:json={how}").parse().unwrap();
        let Action::Json(corruption) = fault.action else {
            panic!("{how}");
        };
        corrupt(&corruption, &Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn each_corruption_is_what_its_name_says() {
        for (how, expected) in [
            ("cut", r#"{"code":0,"data":{"n":null,"task_id":"878""#),
            (
                "missing_field(/data/task_id)",
                r#"{"code":0,"data":{"n":null,"task_status":"processing"},"v":[1,true]}"#,
            ),
            (
                "missing_field(/v/0)",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":[true]}"#,
            ),
            (
                "wrong_type(/code)",
                r#"{"code":"0","data":{"n":null,"task_id":"878","task_status":"processing"},"v":[1,true]}"#,
            ),
            (
                "wrong_type(/data/task_id)",
                r#"{"code":0,"data":{"n":null,"task_id":878,"task_status":"processing"},"v":[1,true]}"#,
            ),
            (
                "wrong_type(/data/task_status)",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":0},"v":[1,true]}"#,
            ),
            (
                "wrong_type(/data/n)",
                r#"{"code":0,"data":{"n":0,"task_id":"878","task_status":"processing"},"v":[1,true]}"#,
            ),
            ("wrong_type(/data)", r#"{"code":0,"data":[],"v":[1,true]}"#),
            (
                "wrong_type(/v)",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":{}}"#,
            ),
            (
                "wrong_type(/v/1)",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":[1,"true"]}"#,
            ),
            ("null(/data)", r#"{"code":0,"data":null,"v":[1,true]}"#),
            (
                "dup_key",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":[1,true],"code":0}"#,
            ),
            (
                "bom",
                concat!(
                    "\u{feff}",
                    r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"processing"},"v":[1,true]}"#
                ),
            ),
            (
                "unknown_status(paused)",
                r#"{"code":0,"data":{"n":null,"task_id":"878","task_status":"paused"},"v":[1,true]}"#,
            ),
        ] {
            let body = corrupted(how, TASK).unwrap();
            assert_eq!(std::str::from_utf8(&body), Ok(expected), "{how}");
        }
    }

    #[test]
    fn every_task_of_a_list_gets_the_unknown_status() {
        let list = r#"{"data":[{"task_status":"failed"},{"task_status":null}]}"#;
        let body = corrupted("unknown_status(paused)", list).unwrap();
        assert_eq!(
            body,
            r#"{"data":[{"task_status":"paused"},{"task_status":"paused"}]}"#
        );
    }

    #[test]
    fn what_is_not_there_is_not_corrupted() {
        for (how, body) in [
            ("cut", "<html>"),
            ("cut", ""),
            ("bom", "no"),
            ("dup_key", "{}"),
            ("dup_key", "[1]"),
            ("missing_field(/data/task)", TASK),
            ("missing_field(/v/2)", TASK),
            ("missing_field(/code/a)", TASK),
            ("wrong_type(/v/2)", TASK),
            ("null(/data/n)", TASK),
            ("null(/nothing)", TASK),
            ("unknown_status(paused)", r#"{"code":1201}"#),
        ] {
            assert_eq!(corrupted(how, body), None, "{how} of {body}");
        }
    }

    #[test]
    fn a_pointer_is_unescaped() {
        let body = corrupted("missing_field(/a~1~0b)", r#"{"a/~b":1,"c":2}"#).unwrap();
        assert_eq!(body, r#"{"c":2}"#);
    }

    #[test]
    fn characters_stay_whole() {
        assert_eq!(corrupted("cut", r#""ééé""#).unwrap(), "\"é");
    }
}
