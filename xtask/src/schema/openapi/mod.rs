//! The OpenAPI 3.1 document of the effects API. Its schemas are generated from the types;
//! the rest is written here as data.

use std::collections::BTreeSet;

use kling_types::schema::{Profile, bundle};
use serde_json::{Map, Value, json};

use super::samples::{Sample, Samples};

mod operations;
mod refusals;

pub(super) fn document(samples: &Samples) -> Result<Value, String> {
    let mut document = json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Kling video effects",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Turns one or two photographs into a short video clip.",
            "description": INFO,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [
            {"url": "https://api.cometapi.com/kling", "description": "CometAPI, a gateway to Kling. It does not document the list of tasks."},
            {"url": "https://api-singapore.klingai.com", "description": "Kling itself."},
        ],
        "tags": [{"name": "effects", "description": "Tasks that generate a video with an effect."}],
        "security": [{"CometApiKey": []}, {"KlingApiKey": []}, {"KlingToken": []}],
        "paths": operations::paths(samples)?,
        "webhooks": {"taskChanged": reference(operations::TASK_CHANGED)},
        "components": {
            "securitySchemes": security_schemes(),
            "responses": refusals::responses(samples),
            "pathItems": {"taskChanged": operations::webhook(samples)},
        },
    });
    let mut schemas = bundle(Profile::OpenApi)["components"]["schemas"].take();
    keep_used(&document, &mut schemas);
    document["components"]["schemas"] = schemas;
    Ok(document)
}

const INFO: &str = "\
Create a task, poll it until its status is terminal, and download its video.

- Evaluate the body before the HTTP status: Kling sends four permanent errors with 429, and \
gateways may send any status. A success has `code` 0 and a task.
- The response for a failed task has HTTP status 200 and `code` 0: `task_status` is `failed`, and \
`task_status_msg` is the reason.
- If a create gets no response, the task may exist nevertheless and may have been charged. Give \
each create an `external_task_id`: on Kling, the task can be queried by it, and a second create \
with the same id is refused.
- Additional members are allowed everywhere, in requests and in responses.
- For other paths, CometAPI may respond with a redirect or an HTML page.";

fn security_schemes() -> Value {
    let bearer =
        |description: &str| json!({"type": "http", "scheme": "bearer", "description": description});
    let mut token = bearer(
        "Kling's older method: a JSON Web Token that the caller signs with HS256, with the bytes \
         of the account's secret key. Header `{\"alg\":\"HS256\",\"typ\":\"JWT\"}`; claims `iss` (the \
         access key), `exp` (now + 1800 s) and `nbf` (now - 5 s), in seconds since \
         1970-01-01T00:00:00Z.",
    );
    token["bearerFormat"] = json!("JWT");
    json!({
        "CometApiKey": bearer("CometAPI's API key, such as `sk-…`."),
        "KlingApiKey": bearer("Kling's API key, available since 2026-06-17."),
        "KlingToken": token,
    })
}

/// Samples as named examples.
fn examples<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Map<String, Value> {
    let mut examples = Map::new();
    for sample in samples {
        let name = sample.file.split_once('.').map_or("", |(_, rest)| rest);
        let name = name.strip_suffix(".json").unwrap_or(name);
        let summary = sentence(&sample.confidence);
        examples.insert(
            name.to_owned(),
            json!({"summary": summary, "value": sample.body}),
        );
    }
    examples
}

/// `seen live` becomes `Seen live.`
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// Removes the definitions that the document does not refer to.
fn keep_used(document: &Value, schemas: &mut Value) {
    let mut used = BTreeSet::new();
    let mut to_read = vec![document.clone()];
    while let Some(value) = to_read.pop() {
        let mut found = Vec::new();
        references(&value, &mut found);
        for name in found {
            to_read.push(schemas[&name].clone());
            // It was visited before.
            if !used.insert(name) {
                to_read.pop();
            }
        }
    }
    if let Value::Object(schemas) = schemas {
        schemas.retain(|name, _| used.contains(name));
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let target = members.get("$ref").and_then(Value::as_str);
            let name = target.and_then(|it| it.strip_prefix("#/components/schemas/"));
            found.extend(name.map(str::to_owned));
            members
                .values()
                .for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn reference(to: &str) -> Value {
    json!({"$ref": format!("#/components/{to}")})
}

/// A JSON body, by the name of its schema.
fn json_body(schema: &str, examples: &Map<String, Value>) -> Value {
    json!({"application/json": {
        "schema": reference(&format!("schemas/{schema}")),
        "examples": examples,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_definitions_are_removed() {
        let document = json!({"body": {"$ref": "#/components/schemas/A"}});
        let to = |name| json!({"items": reference(&format!("schemas/{name}"))});
        let mut schemas = json!({"A": to("B"), "B": to("A"), "C": to("A")});
        keep_used(&document, &mut schemas);
        assert_eq!(schemas, json!({"A": to("B"), "B": to("A")}));
    }
}
