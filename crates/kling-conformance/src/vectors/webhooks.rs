//! Vectors of callback signatures, verified by the client's receiver.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use kling_http::webhook::{Receiver, Secret, WebhookError};
use serde_json::{Value, json};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let now = test["now"].as_u64().ok_or("`now` is not a number")?;
    let body = test["body"].as_str().ok_or("`body` is not a string")?;
    let secrets = test["secrets"]
        .as_array()
        .ok_or("`secrets` is not a list")?;
    let secrets: Result<Vec<Secret>, _> = (secrets.iter())
        .map(|secret| Secret::parse(secret.as_str().unwrap_or_default()))
        .collect();
    let secrets = secrets.map_err(|error| error.to_string())?;
    let now = UNIX_EPOCH + Duration::from_secs(now);
    let received =
        Receiver::new(secrets).receive(&headers(&test["headers"])?, body.as_bytes(), now);
    let reason = match received {
        // The suite `callbacks` tests the body.
        Ok(_) | Err(WebhookError::Body(_)) => return Ok(json!({"result": "valid"})),
        Err(WebhookError::Header(_)) => "headers",
        Err(WebhookError::Timestamp | WebhookError::Expired { .. }) => "timestamp",
        Err(WebhookError::Signature) => "signature",
        Err(error) => return Err(error.to_string()),
    };
    Ok(json!({"result": "invalid", "reason": reason}))
}

fn headers(given: &Value) -> Result<HeaderMap, String> {
    let given = given.as_object().into_iter().flatten();
    let headers = given.map(|(name, value)| {
        let name: HeaderName = name
            .parse()
            .map_err(|_| format!("{name:?} is not a header"))?;
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        Ok((name, value.map_err(|error| error.to_string())?))
    });
    headers.collect()
}
