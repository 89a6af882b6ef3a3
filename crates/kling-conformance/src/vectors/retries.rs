//! Vectors of retries: whether and when a call is retried, as a scripted server
//! observes it.

use std::time::Duration;

use kling_http::{RetryPolicy, TaskId, Timeouts};
use kling_types::{EffectRequest, ImageSource, Scene};
use serde_json::{Value, json};

use super::block_on_paused_clock;
use super::script::{Host, millis, provider};
use super::task::verdict;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let attempt = test["attempt"]
        .as_u64()
        .ok_or("`attempt` is not a number")?;
    let attempt = usize::try_from(attempt).map_err(|error| error.to_string())?;
    let (answer, success) = (&test["answer"], json!({"task": "submitted"}));
    let script = std::iter::repeat_n(answer, attempt).chain([&success]);
    let host = Host::new(script)?;
    let client = host
        .builder(provider("comet"))
        .retry(policy(&test["policy"])?)
        .timeouts(Timeouts {
            attempt: Duration::from_secs(60),
            deadline: Duration::from_secs(24 * 60 * 60),
        })
        .build()
        .map_err(|error| error.to_string())?;
    block_on_paused_clock(async {
        if test["operation"] == "create" {
            let image = ImageSource::url("https://example.com/me.jpg");
            let request = EffectRequest::single(Scene::COLOR_MIXING, image);
            client.effects().create(request).await.is_ok()
        } else {
            let id = TaskId::new("7");
            match id.map(|id| client.effects().task(id)) {
                Some(task) => task.fetch().await.is_ok(),
                None => false,
            }
        }
    })?;

    let received = host.received();
    let wait = match received.get(attempt.saturating_sub(1)..) {
        Some([last, next, ..]) => Some(next.at.saturating_duration_since(last.at)),
        _ => None,
    };
    let millis = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    Ok(json!({
        "result": verdict(millis.is_some()),
        "wait_ms": within(&test["wait_ms"], millis),
    }))
}

/// The bounds if the wait is within them, otherwise the wait.
pub(super) fn within(bounds: &Value, wait: Option<u64>) -> Value {
    let fits = match (bounds[0].as_u64(), bounds[1].as_u64(), wait) {
        (Some(least), Some(most), Some(wait)) => (least..=most).contains(&wait),
        _ => false,
    };
    if fits { bounds.clone() } else { json!(wait) }
}

fn policy(of: &Value) -> Result<RetryPolicy, String> {
    let tries = of["max_attempts"].as_u64().unwrap_or_default();
    Ok(RetryPolicy {
        max_attempts: u32::try_from(tries).map_err(|error| error.to_string())?,
        initial: millis(of, "initial_ms")?,
        max: millis(of, "max_ms")?,
        capacity: millis(of, "capacity_ms")?,
    })
}
