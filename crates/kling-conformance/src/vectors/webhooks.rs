//! Signatures of callbacks, by the crate `standardwebhooks`. What it leaves to
//! the system's clock is here: the window around the time that the vector says.

use serde_json::{Value, json};
use standardwebhooks::Webhook;

/// How far a timestamp may be from now, in seconds (*documented*).
const TOLERANCE: u64 = 300;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let now = test["now"].as_i64().ok_or("`now` is no number")?;
    let body = test["body"].as_str().ok_or("`body` is no text")?;
    let secrets = test["secrets"].as_array().ok_or("`secrets` is no list")?;
    let secrets: Result<Vec<Webhook>, _> = (secrets.iter())
        .map(|secret| Webhook::new(secret.as_str().unwrap_or_default()))
        .collect();
    let secrets = secrets.map_err(|error| error.to_string())?;
    Ok(
        match check(&test["headers"], body.as_bytes(), now, &secrets) {
            Ok(()) => json!({"result": "valid"}),
            Err(reason) => json!({"result": "invalid", "reason": reason}),
        },
    )
}

/// What stands against it first.
fn check(headers: &Value, body: &[u8], now: i64, secrets: &[Webhook]) -> Result<(), &'static str> {
    let header = |wanted: &str| {
        let mut headers = headers.as_object().into_iter().flatten();
        let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).ok_or("headers")
    };
    let id = header("webhook-id")?;
    let timestamp = header("webhook-timestamp")?;
    let given = header("webhook-signature")?;
    let timestamp: i64 = timestamp.parse().map_err(|_| "timestamp")?;
    if now.abs_diff(timestamp) > TOLERANCE {
        return Err("timestamp");
    }
    let is_right = secrets.iter().any(|secret| {
        let right = secret.sign(id, timestamp, body);
        right.is_ok_and(|right| given.split(' ').any(|given| given == right))
    });
    if is_right { Ok(()) } else { Err("signature") }
}
