//! The mock's own interface, held to its own document: every route is in it,
//! answers as it says, and has its twin in process.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jsonschema::Validator;
use kling_http::{Body, TransportError, transport_fn};
use kling_mock::{Account, ManualClock, Mock, Plan};
use serde_json::{Value, json};

use crate::door::Door;
use crate::single;

/// A mock in which there is one of everything.
async fn lived_in() -> Mock {
    let sink =
        transport_fn(|_| async { Ok::<_, TransportError>(http::Response::new(Body::empty())) });
    let mock = Mock::builder()
        .clock(ManualClock::new())
        .plan(Plan::after(Duration::from_secs(1), Duration::from_secs(1)))
        .account(Account::new("first"))
        .and_then(|builder| builder.account(Account::new("other").slots(3).rate(9)))
        .expect("accounts")
        .fault("get:503 optional".parse().expect("a fault"))
        .callbacks_through(sink)
        .build();
    let mut body = single();
    body["callback_url"] = "http://127.0.0.1:9/hook".into();
    body["external_task_id"] = "order-1".into();
    let door = Door::of(&mock);
    let id = door.create("/kling", &body).await.task_id();
    assert_eq!(door.query("/kling", &id).await.status, 503);
    mock.advance(Duration::from_millis(1_500))
        .await
        .expect("moved");
    mock
}

fn schema(document: &Value, reference: &Value) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": reference["$ref"],
        "components": document["components"],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .expect("a schema")
}

#[track_caller]
fn check_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

async fn document() -> Value {
    let mock = Mock::new();
    let answer = Door::of(&mock)
        .ask("GET", "/__mock/openapi.json", &[], b"")
        .await;
    answer.json()
}

/// Each operation of the document: path, method, and the rest.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods
            .iter()
            .map(|(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    each.collect()
}

#[tokio::test]
async fn every_route_answers_as_the_document_says() {
    let document = document().await;
    let operations = operations(&document);
    assert!(operations.len() >= 30);
    for (path, method, operation) in operations {
        let what = format!("{method} {path}");
        let mock = lived_in().await;
        let id = match path.split('/').nth(2) {
            Some("faults") => "1",
            Some("accounts") => "other",
            Some("tasks") => "order-1",
            _ => "0",
        };
        let json_of = |holder: &Value| holder["content"]["application/json"].clone();
        let body = json_of(&operation["requestBody"]);
        let sent = match &body {
            Value::Null => String::new(),
            body => {
                check_valid(&schema(&document, &body["schema"]), &body["example"], &what);
                body["example"].to_string()
            }
        };
        let door = Door::of(&mock);
        let target = path.replace("{id}", id);
        let answer = door.ask(&method, &target, &[], sent.as_bytes()).await;
        let responses = operation["responses"].as_object().expect("responses");
        let documented = responses.get(&answer.status.to_string());
        let documented = documented.unwrap_or_else(|| panic!("{what}: {answer:?}"));
        match json_of(documented) {
            Value::Null => assert_eq!(answer.body, "", "{what}"),
            content => {
                assert_eq!(answer.header("content-type"), "application/json");
                check_valid(
                    &schema(&document, &content["schema"]),
                    &answer.json(),
                    &what,
                );
            }
        }

        // A body with a member too many is refused, here and by the schema.
        if let Value::Object(members) = &body["example"] {
            let mut more = members.clone();
            more.insert("surplus".to_owned(), json!(1));
            let more = Value::Object(more);
            assert!(
                !schema(&document, &body["schema"]).is_valid(&more),
                "{what}"
            );
            let answer = door
                .ask(&method, &target, &[], more.to_string().as_bytes())
                .await;
            assert_eq!(answer.status, 400, "{what}: {answer:?}");
            let error = json_of(&responses["default"]);
            check_valid(&schema(&document, &error["schema"]), &answer.json(), &what);
        }
    }
}

/// All forms of an order that the schema allows are taken.
#[tokio::test]
// A table: a row each for what may be ordered.
#[allow(clippy::too_many_lines)]
async fn bodies_that_match_the_schema_are_accepted() {
    let document = document().await;
    let rows = [
        (
            "POST",
            "/clock",
            "ClockRequest",
            json!({"advance": "1h1m1s1ms"}),
            200,
        ),
        (
            "POST",
            "/clock",
            "ClockRequest",
            json!({"set": 1_767_225_700_000_i64}),
            200,
        ),
        (
            "POST",
            "/clock",
            "ClockRequest",
            json!({"set": "2026-01-02T00:00:00Z"}),
            200,
        ),
        ("POST", "/clock", "ClockRequest", json!({"next": true}), 200),
        (
            "POST",
            "/clock",
            "ClockRequest",
            json!({"until_idle": "1h"}),
            200,
        ),
        (
            "POST",
            "/accounts",
            "AccountRequest",
            json!({"name": "x", "api_key": "k", "access_key": "a", "secret_key": "s", "slots": 1,
                   "rate": 2, "state": "in_arrears", "plan": "stuck", "webhook_secret": "whsec_AAAA"}),
            201,
        ),
        ("PATCH", "/accounts/other", "AccountChange", json!({}), 200),
        (
            "POST",
            "/tasks",
            "NewTask",
            json!({"scene": "hug_pro", "account": "other", "external_task_id": "order-1",
                   "plan": "polls(1, 2)", "seconds": 10}),
            201,
        ),
        (
            "POST",
            "/tasks",
            "NewTask",
            json!({"scene": "hug", "seconds": null}),
            201,
        ),
        (
            "PATCH",
            "/tasks/order-1",
            "SteerRequest",
            json!({"release": true}),
            200,
        ),
        (
            "PATCH",
            "/tasks/order-1",
            "SteerRequest",
            json!({"succeed": true}),
            200,
        ),
        (
            "PATCH",
            "/tasks/order-1",
            "SteerRequest",
            json!({"plan": "stuck"}),
            200,
        ),
        (
            "PATCH",
            "/accounts/other",
            "AccountChange",
            json!({"state": "active", "slots": 1, "rate": null, "plan": "polls(1, 2)"}),
            200,
        ),
        (
            "PATCH",
            "/accounts/other",
            "AccountChange",
            json!({"plan": null}),
            200,
        ),
        (
            "POST",
            "/verify",
            "Expectation",
            json!({"account": "first", "requests": [{"operation": "create", "times": 1, "status": 200,
                   "body": {"effect_scene": "color_mixing"}}, {"task": "order-1", "at_least": 1,
                   "at_most": 9}], "charges": 1, "charged_once": ["order-1"], "allow_unfired_faults": true}),
            200,
        ),
    ];
    for (method, path, name, body, status) in rows {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        check_valid(&schema(&document, &reference), &body, path);
        let mock = lived_in().await;
        let path = format!("/__mock{path}");
        let body = body.to_string();
        let answer = Door::of(&mock)
            .ask(method, &path, &[], body.as_bytes())
            .await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn the_list_and_the_document_have_the_same_routes() {
    let mock = Mock::new();
    let listed = Door::of(&mock)
        .ask("GET", "/__mock/routes", &[], b"")
        .await
        .json();
    let listed = listed["routes"].as_array().expect("routes").clone();
    let text = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
    let listed_pairs: BTreeSet<_> = listed
        .iter()
        .map(|row| (text(row, "path"), text(row, "method")))
        .collect();
    let document = document().await;
    let documented = operations(&document);
    let names: BTreeSet<_> = documented
        .iter()
        .map(|(.., it)| text(it, "operationId"))
        .collect();
    assert_eq!(names.len(), documented.len(), "each name once");
    let documented: BTreeSet<_> = documented
        .into_iter()
        .map(|(path, method, _)| (path, method))
        .collect();
    assert_eq!(listed_pairs, documented);
    assert_eq!(listed.len(), documented.len());
    for named in document["components"]["schemas"]
        .as_object()
        .expect("schemas")
        .values()
    {
        jsonschema::draft202012::meta::validate(named).expect("a schema");
    }
}

/// Methods of `Mock` that mean nothing to another process.
const IN_PROCESS_ONLY: &[&str] = &[
    "new",
    "builder",
    "api_key",
    // The ready line has the keys of accounts, and so has the answer that opens one.
    "api_key_of",
    "transport",
    "client",
    "provider",
    "serve",
    "respond",
    "run_callbacks",
];

/// A table in the code pairs calls and routes; here it is held to what there is.
#[tokio::test]
async fn every_call_has_its_route_and_every_route_its_call() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = std::fs::read_dir(source.join("mock")).expect("a directory");
    let mut calls = BTreeSet::new();
    for file in files {
        let file = file.expect("an entry").path();
        let text = std::fs::read_to_string(file).expect("a source");
        let mut within = false;
        for line in text.lines() {
            if line.starts_with("impl") {
                within = line == "impl Mock {";
            }
            let rest = line
                .strip_prefix("    pub ")
                .map(|rest| rest.trim_start_matches("async "));
            if let Some(rest) = rest
                .and_then(|rest| rest.strip_prefix("fn "))
                .filter(|_| within)
            {
                let end = rest.find(['(', '<']).expect("a parenthesis");
                calls.insert(rest[..end].to_owned());
            }
        }
    }
    assert!(calls.len() > 30, "{calls:?}");
    for name in IN_PROCESS_ONLY {
        calls.remove(*name);
    }
    let mock = Mock::new();
    let listed = Door::of(&mock)
        .ask("GET", "/__mock/routes", &[], b"")
        .await
        .json();
    let mut twins = BTreeSet::new();
    for row in listed["routes"].as_array().expect("routes") {
        let named = row["in_process"].as_str().expect("text");
        twins.extend(
            named
                .split(", ")
                .filter_map(|name| name.strip_prefix("Mock::"))
                .map(str::to_owned),
        );
    }
    assert_eq!(calls, twins);
}
