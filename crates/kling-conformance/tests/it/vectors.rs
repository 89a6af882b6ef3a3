//! Every vector passes, and fails if any one of its expectations is changed.

use std::collections::BTreeSet;

use kling_conformance::vectors::{self, Vector, Verdict};
use serde_json::{Value, json};

#[test]
fn every_vector_passes() {
    let vectors = vectors::all().unwrap();
    let mut failed = Vec::new();
    for vector in &vectors {
        if let Verdict::Fail(why) = vectors::run(vector) {
            failed.push(format!(
                "{}: {why}\n    catches: {}",
                vector.name(),
                vector.mistake
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(vectors.len() >= 250, "{}", vectors.len());
}

#[test]
fn names_are_unique() {
    let vectors = vectors::all().unwrap();
    let names: BTreeSet<String> = vectors.iter().map(Vector::name).collect();
    assert_eq!(names.len(), vectors.len());
}

/// A file that is not compiled into the library would never be run.
#[test]
fn the_library_has_the_files_of_the_manifest() {
    let manifest: Value = serde_json::from_str(vectors::MANIFEST).unwrap();
    let told: Vec<(&str, u64)> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| {
            let name = file["file"].as_str()?.strip_prefix("vectors/")?;
            Some((name, file["numberOfTests"].as_u64()?))
        })
        .collect();
    let has: Vec<(&str, u64)> = vectors::FILES
        .iter()
        .map(|(name, text)| (*name, vectors::parse(text).unwrap().len() as u64))
        .collect();
    assert_eq!(has, told);
}

/// Guards against a runner that ignores some of the expectations.
#[test]
fn a_changed_expectation_fails() {
    let mut tried = 0;
    let mut passed = Vec::new();
    for vector in vectors::all().unwrap() {
        // Any result is acceptable.
        if vector.test["result"] == "acceptable" {
            continue;
        }
        for (what, test) in changed(&vector.test) {
            tried += 1;
            let mut changed = vector.clone();
            changed.test = test;
            if !matches!(vectors::run(&changed), Verdict::Fail(_)) {
                passed.push(format!("{} with another {what}", vector.name()));
            }
        }
    }
    assert!(passed.is_empty(), "{}", passed.join("\n"));
    assert!(tried > 1_500, "{tried}");
}

/// The members that are expectations.
const EXPECTED: &[&str] = &[
    "result",
    "violations",
    "warnings",
    "task",
    "tasks",
    "class",
    "code",
    "word",
    "message",
    "request_id",
    "retry",
    "task_not_found",
    "duplicate",
    "state",
    "terminal",
    "shape",
    "wait_ms",
    "queries_at_ms",
    "ends",
    "reason",
    "requests",
    "outcome",
    "header",
    "claims",
    "token",
    "secrets",
    "keeps",
];

/// The test with each expectation changed, one at a time.
fn changed(test: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for member in EXPECTED {
        let Some(expected) = test.get(*member) else {
            continue;
        };
        if *member == "result" {
            let other = if expected == "valid" {
                "invalid"
            } else {
                "valid"
            };
            // The other verdict.
            all.push(((*member).to_owned(), with(test, "/result", json!(other))));
            continue;
        }
        if *member == "wait_ms" {
            let far = json!([1_000_000_000, 1_000_000_001]);
            all.push(("wait_ms".to_owned(), with(test, "/wait_ms", far)));
            continue;
        }
        // In other suites these are inputs.
        let is_input = match *member {
            "word" => test.get("class").is_none(),
            "secrets" => test.get("show").is_none(),
            _ => false,
        };
        if is_input {
            continue;
        }
        let mut leaves = Vec::new();
        collect(expected, format!("/{member}"), &mut leaves);
        for (pointer, leaf) in leaves {
            let other = match *member {
                // A word that is shown.
                "secrets" => test["keeps"][0].clone(),
                _ => other(&leaf),
            };
            all.push((pointer.clone(), with(test, &pointer, other)));
        }
    }
    all
}

fn with(test: &Value, pointer: &str, value: Value) -> Value {
    let mut test = test.clone();
    *test.pointer_mut(pointer).unwrap() = value;
    test
}

fn other(leaf: &Value) -> Value {
    match leaf {
        Value::Bool(value) => json!(!value),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::String(text) => json!(format!("{text}x")),
        Value::Null => json!("x"),
        // A list or an object that is not empty.
        Value::Array(_) => json!(["x"]),
        Value::Object(_) => json!({"x": 1}),
    }
}

fn collect(value: &Value, pointer: String, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), leaves);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(member, format!("{pointer}/{key}"), leaves);
            }
        }
        leaf => leaves.push((pointer, leaf.clone())),
    }
}
