//! Vectors of error answers: the client's error for a single query.

use kling_http::{RetryPolicy, TaskId};
use kling_types::code::ErrorClass;
use serde_json::{Value, json};

use super::block_on_paused_clock;
use super::script::{Host, provider};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let host = Host::new([test])?;
    let client = host
        .builder(provider("comet"))
        .retry(RetryPolicy::never())
        .build()
        .map_err(|error| error.to_string())?;
    let id = TaskId::new("7").ok_or("an id")?;
    let answer = block_on_paused_clock(async { client.effects().task(id).fetch().await })?;
    let refusal = answer.err().and_then(|it| it.service_error().cloned());
    let Some(refusal) = refusal else {
        return Ok(json!({"result": "valid"}));
    };
    let class = refusal.class();
    Ok(json!({
        "result": "invalid",
        "class": name(class),
        "code": refusal.code.map(kling_types::ApiCode::get),
        "word": refusal.gateway_code,
        "message": refusal.message,
        "request_id": refusal.request_id,
        "retry": {"query": class.is_retryable(true), "create": class.is_retryable(false)},
        "task_not_found": refusal.is_task_not_found(),
        "duplicate": refusal.is_duplicate_external_id(),
    }))
}

fn name(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Auth => "auth",
        ErrorClass::TokenExpired => "token_expired",
        ErrorClass::Account => "account",
        ErrorClass::Permission => "permission",
        ErrorClass::Request => "request",
        ErrorClass::NotFound => "not_found",
        ErrorClass::Policy => "policy",
        ErrorClass::RateLimit => "rate_limit",
        ErrorClass::Capacity => "capacity",
        ErrorClass::Maintenance => "maintenance",
        ErrorClass::Server => "server",
        _ => "unknown",
    }
}
