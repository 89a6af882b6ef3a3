//! The lint rules for schemas. Each is a pure function of a document.

use serde_json::{Map, Value, json};

/// The types of requests, in which unset members are omitted rather than null.
const REQUESTS: [&str; 4] = [
    "EffectInput",
    "EffectRequest",
    "DualImageInput",
    "SingleImageInput",
];

/// The problems of a document, with their places.
pub(super) fn lint(path: &str, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let document_only = Document::of(document);
    for (name, definition) in document_only.definitions() {
        if name.ends_with(|c: char| c.is_ascii_digit()) {
            wrong.push(format!(
                "{name} is the second type with this name: rename it"
            ));
        }
        if REQUESTS.contains(&name.as_str()) {
            nulls(definition, name, &mut wrong);
        }
    }
    if let Some(title) = document["title"].as_str()
        && REQUESTS.contains(&title)
    {
        nulls(&document["properties"], title, &mut wrong);
    }
    walk(document, "", &mut |at, node| {
        undescribed(at, node, &mut wrong);
        unlike(at, node, &mut wrong);
        document_only.false_examples(at, node, &mut wrong);
    });
    wrong
        .iter()
        .map(|wrong| format!("{path}: {wrong}"))
        .collect()
}

/// A document, and the location of its definitions.
struct Document<'a> {
    whole: &'a Value,
    folder: &'static str,
}

impl<'a> Document<'a> {
    fn of(whole: &'a Value) -> Self {
        let folder = match whole["openapi"] {
            Value::Null => "/$defs",
            _ => "/components/schemas",
        };
        Document { whole, folder }
    }

    fn definitions(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        let folder = self.whole.pointer(self.folder).and_then(Value::as_object);
        folder.into_iter().flatten()
    }

    /// Validates the examples in a schema, and those of a parameter or a body.
    fn false_examples(&self, at: &str, node: &Map<String, Value>, wrong: &mut Vec<String>) {
        let (schema, values) = match (node.get("examples"), node.get("schema")) {
            (Some(Value::Array(values)), _) => {
                (Value::Object(node.clone()), values.iter().collect())
            }
            (Some(Value::Object(named)), Some(schema)) => (
                schema.clone(),
                named
                    .values()
                    .map(|one| self.value(one))
                    .collect::<Vec<_>>(),
            ),
            _ => return,
        };
        let mut alone = schema;
        // Its references are relative to the root of the document.
        for part in ["$defs", "components"] {
            if let Some(definitions) = self.whole.get(part) {
                alone[part] = definitions.clone();
            }
        }
        match jsonschema::draft202012::new(&alone) {
            Err(error) => wrong.push(format!("{at} is not a schema: {error}")),
            Ok(validator) => wrong.extend(values.into_iter().filter_map(|value| {
                let error = validator.validate(value).err()?;
                Some(format!("{at}: the example {value} is invalid: {error}"))
            })),
        }
    }

    /// The value of an OpenAPI example, which may be a reference to one.
    fn value(&self, example: &'a Value) -> &'a Value {
        let target = example["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let example = target
            .and_then(|it| self.whole.pointer(it))
            .unwrap_or(example);
        &example["value"]
    }
}

fn undescribed(at: &str, node: &Map<String, Value>, wrong: &mut Vec<String>) {
    // A property may be named `properties`: then it has no type "object".
    if node.get("type") != Some(&json!("object")) {
        return;
    }
    let properties = node.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if property["description"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{at}/properties/{name} has no description"));
        }
    }
}

/// Finds patterns that differ between regular expression engines.
fn unlike(at: &str, node: &Map<String, Value>, wrong: &mut Vec<String>) {
    let Some(Value::String(pattern)) = node.get("pattern") else {
        return;
    };
    if pattern.contains(r"\u") {
        wrong.push(format!("{at}/pattern has \\u, which Go does not support"));
    }
    if pattern.ends_with('$') && !node.contains_key("not") {
        let text =
            "ends with $, which also matches before a line break in Python and Java: add a not";
        wrong.push(format!("{at}/pattern {text}"));
    }
}

fn nulls(schema: &Value, at: &str, wrong: &mut Vec<String>) {
    walk(schema, at, &mut |at, node| {
        let may_be_null = match node.get("type") {
            Some(Value::Array(types)) => types.contains(&json!("null")),
            Some(only) => only == "null",
            None => false,
        };
        if may_be_null {
            wrong.push(format!("{at} may be null, but requests omit unset members"));
        }
    });
}

/// Calls `visit` on every object in a value, with its JSON Pointer.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(at, members);
            for (key, member) in members {
                walk(member, &format!("{at}/{}", key.replace('/', "~1")), visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), visit);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &Value, expected: &[&str]) {
        let wrong = lint("x", document);
        assert_eq!(wrong.len(), expected.len(), "{wrong:?}");
        for (wrong, expected) in wrong.iter().zip(expected) {
            assert!(wrong.starts_with(&format!("x: {expected}")), "{wrong}");
        }
    }

    #[test]
    fn type_names_are_unique() {
        let twice = json!({"Task": {}, "Task2": {}});
        let expected = ["Task2 is the second type with this name"];
        check(&json!({ "$defs": twice }), &expected);
        check(
            &json!({"openapi": "3", "components": {"schemas": twice}}),
            &expected,
        );
    }

    #[test]
    fn properties_have_descriptions() {
        let object = |description: Value| {
            let property = json!({"type": "string", "description": description});
            json!({"$defs": {"A": {"type": "object", "properties": {"p": property}}}})
        };
        check(&object(json!("What it is.")), &[]);
        let expected = ["/$defs/A/properties/p has no description"];
        check(&object(json!("")), &expected);
        check(&object(Value::Null), &expected);
    }

    #[test]
    fn examples_are_valid() {
        check(&json!({"type": "string", "examples": ["a"]}), &[]);
        check(
            &json!({"type": "string", "examples": ["a", 1]}),
            &[": the example 1 is invalid"],
        );
        let body = |value: Value| {
            json!({
                "openapi": "3",
                "body": {"schema": {"$ref": "#/components/schemas/A"}, "examples": {
                    "here": {"value": value},
                    "there": {"$ref": "#/components/examples/e"},
                }},
                "components": {"schemas": {"A": {"type": "integer"}}, "examples": {"e": {"value": value}}},
            })
        };
        check(&body(json!(1)), &[]);
        let wrong = "/body: the example \"1\" is invalid";
        check(&body(json!("1")), &[wrong, wrong]);
    }

    #[test]
    fn patterns_are_portable() {
        check(&json!({"pattern": "^a"}), &[]);
        check(&json!({"pattern": "^a$", "not": {"pattern": "[^a]"}}), &[]);
        check(&json!({"pattern": "^a$"}), &["/pattern ends with $"]);
        check(&json!({"pattern": r"\u0020"}), &["/pattern has \\u"]);
    }

    #[test]
    fn requests_have_no_null() {
        let definition = |name: &str| {
            let property = json!({"type": ["string", "null"], "description": "It."});
            json!({"$defs": {name: {"type": "object", "properties": {"p": property}}}})
        };
        check(&definition("Task"), &[]);
        check(
            &definition("EffectInput"),
            &["EffectInput/properties/p may be null"],
        );
        let alone =
            json!({"title": "EffectRequest", "properties": {"p": {"anyOf": [{"type": "null"}]}}});
        check(&alone, &["EffectRequest/p/anyOf/0 may be null"]);
    }
}
