//! The control interface as an OpenAPI 3.1 document: paths from the table of routes,
//! schemas from `schemas.json`.

use serde_json::{Map, Value, json};

use super::PREFIX;
use super::table::{ROUTES, Route};

const SCHEMAS: &str = include_str!("schemas.json");

pub(super) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(format!("{PREFIX}{}", route.path))
            .or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route);
    }
    // A test reads every schema.
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kling-mock: the mock's own interface",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Steers the fake service. No fault acts here, and nothing of it is in \
                            the journal. A token is needed only where the mock was given one.",
        },
        "security": [{}, { "bearer": [] }, { "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "token": { "type": "apiKey", "in": "header", "name": "X-Mock-Token" },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> = route
        .query
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": "query",
                "description": parameter.description,
                "schema": { "type": parameter.kind },
            })
        })
        .collect();
    if route.path.contains("{id}") {
        let id = json!({
            "name": "id", "in": "path", "required": true, "schema": { "type": "string" },
        });
        parameters.push(id);
    }
    let mut good = json!({ "description": route.summary });
    if let Some(schema) = route.answer {
        good["content"] = content(schema);
    }
    let bad = json!({ "description": "Why not", "content": content("Error") });
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "x-in-process": route.twin,
        "responses": { route.status.to_string(): good, "default": bad },
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if route.is_open {
        operation["security"] = json!([]);
    }
    if let Some(body) = route.body {
        let mut content = content(body.schema);
        content["application/json"]["example"] =
            serde_json::from_str(body.example).unwrap_or_default();
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn content(schema: &str) -> Value {
    let reference = format!("#/components/schemas/{schema}");
    json!({ "application/json": { "schema": { "$ref": reference } } })
}
