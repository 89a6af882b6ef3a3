//! Compares an implementation's result with the one that a vector expects.

use serde_json::Value;

/// The differences between the two. Objects may have additional members; lists must be
/// equal.
pub(super) fn differences(
    expected: &Value,
    actual: &Value,
    members: &[&str],
    sets: &[&str],
) -> Vec<String> {
    let mut found = Vec::new();
    for member in members {
        let is_set = sets.contains(member);
        let wanted = match expected.get(*member) {
            Some(wanted) if is_set => sorted(wanted),
            Some(wanted) => wanted.clone(),
            None if is_set => Value::Array(Vec::new()),
            None => continue,
        };
        let is = actual.get(*member);
        let is = if is_set {
            Some(sorted(is.unwrap_or(&Value::Null)))
        } else {
            is.cloned()
        };
        compare(member, &wanted, is.as_ref(), &mut found);
    }
    found
}

fn compare(at: &str, wanted: &Value, is: Option<&Value>, found: &mut Vec<String>) {
    match (wanted, is) {
        (Value::Object(wanted), Some(Value::Object(is))) => {
            for (key, wanted) in wanted {
                compare(&format!("{at}.{key}"), wanted, is.get(key), found);
            }
        }
        (Value::Array(wanted), Some(Value::Array(is))) if wanted.len() == is.len() => {
            for (index, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                compare(&format!("{at}[{index}]"), wanted, Some(is), found);
            }
        }
        (wanted, Some(is)) if wanted == is => {}
        (wanted, Some(is)) => found.push(format!("{at} is {is} instead of {wanted}")),
        (wanted, None) => found.push(format!("{at} is missing instead of {wanted}")),
    }
}

fn sorted(list: &Value) -> Value {
    let mut items = list.as_array().cloned().unwrap_or_default();
    items.sort_by_key(Value::to_string);
    Value::Array(items)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: &Value, actual: &Value, differences: &[&str]) {
        let found = super::differences(expected, actual, &["a", "s"], &["s"]);
        assert_eq!(found, differences);
    }

    #[test]
    fn objects_may_have_additional_members_but_lists_must_be_equal() {
        check(&json!({}), &json!({"a": 1}), &[]);
        check(
            &json!({"a": {"x": 1}}),
            &json!({"a": {"x": 1, "y": 2}}),
            &[],
        );
        check(
            &json!({"a": {"x": null}}),
            &json!({"a": {"x": 1}}),
            &["a.x is 1 instead of null"],
        );
        check(
            &json!({"a": {"z": 1}}),
            &json!({"a": {}}),
            &["a.z is missing instead of 1"],
        );
        check(
            &json!({"a": [1]}),
            &json!({"a": [1, 2]}),
            &["a is [1,2] instead of [1]"],
        );
    }

    #[test]
    fn sets_are_unordered_and_empty_if_absent() {
        check(&json!({"s": [1, 2]}), &json!({"s": [2, 1]}), &[]);
        check(&json!({}), &json!({"s": []}), &[]);
        check(&json!({}), &json!({"s": [1]}), &["s is [1] instead of []"]);
    }
}
