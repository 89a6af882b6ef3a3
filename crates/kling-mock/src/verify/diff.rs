//! Compares a JSON value with an expected part of it.

use serde_json::Value;

/// The differences between `actual` and `expected`, one line each, with a JSON Pointer.
/// Objects may have more members than expected; arrays must have the same length.
pub(super) fn missing(expected: &Value, actual: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, actual, &mut lines);
    lines
}

fn compare(path: &str, expected: &Value, actual: &Value, lines: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, expected) in expected {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let path = format!("{path}/{escaped}");
                match actual.get(name) {
                    Some(actual) => compare(&path, expected, actual, lines),
                    None => lines.push(format!("{path}: expected {expected}, got nothing")),
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(&format!("{path}/{index}"), expected, actual, lines);
            }
        }
        _ if expected == actual => {}
        _ => {
            let path = if path.is_empty() {
                "the whole value"
            } else {
                path
            };
            lines.push(format!("{path}: expected {expected}, got {actual}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_reported_with_its_location() {
        let rows = [
            (json!({}), json!({ "a": 1 }), ""),
            (
                json!({ "a": [1, { "b": 2 }] }),
                json!({ "a": [1, { "b": 2, "c": 3 }] }),
                "",
            ),
            (
                json!({ "a": 1 }),
                json!({ "a": "1" }),
                r#"/a: expected 1, got "1""#,
            ),
            (
                json!({ "a": null }),
                json!({}),
                "/a: expected null, got nothing",
            ),
            (
                json!({ "a/b~": { "c": 1 } }),
                json!({ "a/b~": {} }),
                "/a~1b~0/c: expected 1, got nothing",
            ),
            (
                json!({ "a": [1] }),
                json!({ "a": [1, 2] }),
                "/a: expected [1], got [1,2]",
            ),
            (
                json!({ "a": [1, 2] }),
                json!({ "a": [3, 4] }),
                "/a/0: expected 1, got 3; /a/1: expected 2, got 4",
            ),
            (json!([]), json!({}), "the whole value: expected [], got {}"),
        ];
        for (expected, actual, lines) in rows {
            assert_eq!(missing(&expected, &actual).join("; "), lines);
        }
    }
}
