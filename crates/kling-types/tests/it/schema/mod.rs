//! The schemas: what they accept and refuse, and that they agree with the types
//! and with the validator.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use kling_types::schema::{Document, Profile, bundle, documents, documents_in};
use kling_types::validate::{Rule, validate_json};
use kling_types::{
    BalanceDeduction, EffectRequest, ExternalTaskId, Image, ImageSource, Mode, ModelName, Scene,
    ServiceError, Task, TaskEnvelope, TaskId, TaskInfo, TaskListEnvelope, TaskResult, TaskState,
    TaskStatus, UnixMillis, Video, WatermarkInfo,
};
use proptest::option;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

mod answers;
mod requests;
mod rules;
mod words;
mod written;

const PROFILES: [Profile; 2] = [Profile::JsonSchema, Profile::OpenApi];

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::new(schema).expect("a usable schema")
}

fn document(name: &str) -> Document {
    documents()
        .into_iter()
        .find(|document| document.name == name)
        .unwrap_or_else(|| panic!("no document {name}"))
}

/// Whether the document of this name accepts a value, by the first profile.
/// Both must give the same verdict.
fn accepts(name: &str, value: &Value) -> bool {
    static VALIDATORS: LazyLock<BTreeMap<&str, [Validator; 2]>> = LazyLock::new(|| {
        let [first, second] = PROFILES.map(documents_in);
        first
            .into_iter()
            .zip(second)
            .map(|(a, b)| (a.name, [validator(&a.schema), validator(&b.schema)]))
            .collect()
    });
    let [first, second] = VALIDATORS[name].each_ref().map(|v| v.is_valid(value));
    assert_eq!(first, second, "the profiles disagree on {name}: {value}");
    first
}

/// A definition of the bundle, as a schema of its own.
fn definition(profile: Profile, name: &str) -> Validator {
    let mut schema = bundle(profile);
    let path = match profile {
        Profile::JsonSchema => "#/$defs",
        _ => "#/components/schemas",
    };
    schema["$ref"] = json!(format!("{path}/{name}"));
    validator(&schema)
}

fn definitions(profile: Profile) -> Map<String, Value> {
    let mut bundle = bundle(profile);
    let found = match profile {
        Profile::JsonSchema => bundle["$defs"].take(),
        _ => bundle["components"]["schemas"].take(),
    };
    found.as_object().expect("definitions").clone()
}

/// Every schema there is, with a name for messages.
fn all_schemas() -> Vec<(String, Value)> {
    PROFILES
        .into_iter()
        .flat_map(|profile| {
            let documents = documents_in(profile)
                .into_iter()
                .map(move |d| (format!("{} {profile:?}", d.name), d.schema));
            documents.chain([(format!("bundle {profile:?}"), bundle(profile))])
        })
        .collect()
}

const ODD_TEXTS: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    ". ",
    "a b",
    " ",
    "\u{7}",
    "a\n",
    "\u{85}",
    "\u{feff}",
    "\u{3000}",
    "5",
    "5.",
    ".5",
    "5.5.5",
    "٣",
    "5s",
    "-1",
    "=",
    "data:,",
    "http://",
    "http:///a",
    "HTTP://h",
    "https://[::1]",
    "ftp://h",
    "//h",
    "http://a b",
    "http://?q",
    "é",
];

/// A member's value: mostly one of `good`, else of a kind or text that it
/// should not have.
fn member(good: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => prop::sample::select(good).prop_map(Value::from),
        2 => prop::sample::select(ODD_TEXTS).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => "[ -~]{250,260}".prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!(5), json!(0.5), json!(true), json!([]), json!({}), json!(["a"])]),
    ]
}

/// Calls `visit` on every object in a value, with its JSON Pointer.
fn walk(value: &Value, at: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(at, members);
            for (key, member) in members {
                walk(member, &format!("{at}/{key}"), visit);
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

// ---- The form of the schemas.

#[test]
fn every_schema_is_one_by_its_meta_schema() {
    for profile in PROFILES {
        let schemas = documents_in(profile).into_iter().map(|d| d.schema);
        for schema in schemas.chain(definitions(profile).into_iter().map(|(_, schema)| schema)) {
            if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
                panic!("{error}\n{schema:#}");
            }
        }
    }
}

#[test]
fn every_document_stands_alone_under_its_name() {
    let names: Vec<_> = documents().iter().map(|document| document.name).collect();
    assert_eq!(
        names,
        [
            "EffectRequest",
            "EffectInput",
            "TaskEnvelope",
            "TaskListEnvelope",
            "Task",
            "TaskInfo",
            "TaskResult",
            "Video",
            "Image",
            "WatermarkInfo",
            "BalanceDeduction",
            "TaskCallback",
            "ErrorBody",
            "Violation"
        ]
    );
    for Document { name, schema, .. } in PROFILES.into_iter().flat_map(documents_in) {
        assert_eq!(schema["title"], name);
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
    for (name, schema) in all_schemas() {
        walk(&schema, "", &mut |at, node| {
            // Generators of code take an `$id` for a type's name.
            assert!(!node.contains_key("$id"), "{name}{at} has an $id");
            if let Some(target) = node.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').expect("a reference inside");
                assert!(
                    schema.pointer(pointer).is_some(),
                    "{name}{at}: {target} leads nowhere"
                );
            }
        });
    }
}

#[test]
fn every_object_is_open_and_every_property_described() {
    for (name, schema) in all_schemas() {
        let mut properties = 0;
        walk(&schema, "", &mut |at, node| {
            assert_ne!(
                node.get("additionalProperties"),
                Some(&json!(false)),
                "{name}{at}"
            );
            // A property may be called so, too: then it has no type "object".
            if node.get("type") != Some(&json!("object")) {
                return;
            }
            assert_eq!(
                node.get("additionalProperties"),
                Some(&json!(true)),
                "{name}{at}"
            );
            for (key, property) in node["properties"].as_object().expect("properties") {
                properties += 1;
                let text = property["description"].as_str().unwrap_or_default();
                assert!(
                    text.ends_with('.') && !text.contains('\n'),
                    "{name}{at}/{key}: {text:?}"
                );
            }
        });
        assert!(properties > 0, "{name} has no property");
    }
}

#[test]
fn every_definition_is_described_and_named_once() {
    for profile in PROFILES {
        for (name, schema) in definitions(profile) {
            // schemars numbers the second type of a name.
            assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}");
            assert!(schema["description"].is_string(), "{name}");
        }
    }
}

#[test]
fn every_example_is_valid() {
    let mut examples = 0;
    for Document { name, schema, .. } in documents() {
        walk(&schema, "", &mut |at, node| {
            let Some(Value::Array(values)) = node.get("examples") else {
                return;
            };
            let mut alone = node.clone();
            if let Some(definitions) = schema.get("$defs") {
                alone.insert("$defs".to_owned(), definitions.clone());
            }
            let validator = validator(&alone.into());
            for value in values {
                examples += 1;
                assert!(validator.is_valid(value), "{name}{at}: {value}");
            }
        });
    }
    assert!(examples > 20, "only {examples} examples");
}

/// Keys are sorted and the text is the one of the snapshot, also with
/// `--features schema,serde_json/preserve_order`, which any crate can switch on.
#[test]
fn the_text_does_not_depend_on_features_of_serde_json() {
    for (name, schema) in all_schemas() {
        walk(&schema, "", &mut |at, node| {
            assert!(node.keys().is_sorted(), "{name}{at} is not sorted");
        });
    }
    let request = document("EffectRequest").schema;
    insta::assert_snapshot!(serde_json::to_string_pretty(&request).expect("JSON"));
}

// ---- Requests.
