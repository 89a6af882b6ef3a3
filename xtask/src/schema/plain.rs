//! Simplifies a bundle for code generators.

use serde_json::{Map, Value, json};

/// Keywords that do not affect a type, but for which generators invent a named type for
/// every constrained string.
const CONSTRAINTS: [&str; 5] = ["examples", "maxLength", "minLength", "not", "pattern"];

/// The bundle with an object type that refers to every type, so that all are generated.
pub(super) fn for_generators(bundle: &Value) -> Value {
    let mut bundle = plain(bundle);
    let names: Vec<String> = match &bundle["$defs"] {
        Value::Object(definitions) => definitions.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let by_name = |name: &String| {
        let target = json!([{"$ref": format!("#/$defs/{name}")}]);
        (name.clone(), json!({ "allOf": target }))
    };
    bundle["description"] = json!("All types, by name.");
    bundle["type"] = json!("object");
    bundle["properties"] = names.iter().map(by_name).collect();
    bundle["required"] = json!(names);
    bundle
}

/// Removes the constraints. A reference with a description is moved into an `allOf`, since
/// generators would otherwise generate a second type (`Task1`) for it.
fn plain(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut kept: Map<_, _> = members
                .iter()
                .filter(|(key, _)| !CONSTRAINTS.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), inner(key, value)))
                .collect();
            if kept.len() > 1
                && let Some(target) = kept.remove("$ref")
            {
                kept.insert("allOf".to_owned(), json!([{"$ref": target}]));
            }
            // Generators have no place for the description of an item.
            if let Some(Value::Object(item)) = kept.get_mut("items") {
                item.remove("description");
            }
            kept.into()
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// In these members, the keys are names rather than keywords.
fn inner(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("properties" | "$defs", Value::Object(members)) => members
            .iter()
            .map(|(name, member)| (name.clone(), plain(member)))
            .collect(),
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_removed_and_names_kept() {
        let schema = json!({
            "not": {"required": ["image"]},
            "properties": {
                "pattern": {"type": "string", "pattern": "^a", "examples": ["a"], "description": "It."},
                "both": {"$ref": "#/$defs/T", "description": "One."},
                "many": {"type": "array", "items": {"type": "string", "minLength": 1, "description": "Each."}},
                "only": {"oneOf": [{"$ref": "#/$defs/T"}]},
            },
        });
        let expected = json!({
            "properties": {
                "pattern": {"type": "string", "description": "It."},
                "both": {"allOf": [{"$ref": "#/$defs/T"}], "description": "One."},
                "many": {"type": "array", "items": {"type": "string"}},
                "only": {"oneOf": [{"$ref": "#/$defs/T"}]},
            },
        });
        assert_eq!(plain(&schema), expected);
    }
}
