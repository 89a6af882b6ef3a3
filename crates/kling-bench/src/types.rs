//! Decoding and validating a request.

use kling_types::EffectRequest;
use serde_json::Value;

use crate::measure::{compare, repeated, size};
use crate::report::{Goal, Report};

const REQUESTS: usize = size(20_000, 20);
const BODY: &[u8] = br#"{"effect_scene":"hug_pro","input":{"images":["https://example.com/left.jpg","https://example.com/right.jpg"],"duration":"5"},"callback_url":"https://example.com/hook","external_task_id":"order-7"}"#;

pub(crate) fn run(report: &mut Report) {
    let ours = || {
        repeated(REQUESTS, || {
            let request = serde_json::from_slice::<EffectRequest>(BODY);
            request.is_ok_and(|request| request.validate().is_empty())
        })
    };
    let schemas = kling_types::schema::documents();
    let schema = schemas.iter().find(|schema| schema.name == "EffectRequest");
    let validator = schema.and_then(|schema| jsonschema::validator_for(&schema.schema).ok());
    let bare = || {
        repeated(REQUESTS, || {
            let value = serde_json::from_slice::<Value>(BODY).unwrap_or_default();
            validator
                .as_ref()
                .is_some_and(|validator| validator.is_valid(&value))
        })
    };
    report.add(compare(
        "types: a request decoded and validated",
        "µs",
        ours,
        ("serde_json::Value and jsonschema", bare),
        Goal::None,
    ));
}
