//! Vectors of polling: the times of the queries, and how the wait ends.

use kling_http::{Backoff, PollPolicy, PollSchedule, RetryPolicy, TaskId};
use kling_types::{EffectRequest, ImageSource, Scene};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::block_on_paused_clock;
use super::script::{Host, millis, provider};
use super::task::verdict;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let is_new = test["watch"] == "created";
    let created = json!({"task": "submitted"});
    let answers = test["answers"]
        .as_array()
        .ok_or("`answers` is not a list")?;
    let host = Host::new(is_new.then_some(&created).into_iter().chain(answers))?;
    let client = host
        .builder(provider("comet"))
        .retry(RetryPolicy::never())
        .poll(policy(&test["policy"])?)
        .build()
        .map_err(|error| error.to_string())?;
    let watched = async {
        let task = if is_new {
            let image = ImageSource::url("https://example.com/me.jpg");
            let request = EffectRequest::single(Scene::COLOR_MIXING, image);
            let created = client.effects().create(request).await;
            created.map_err(|error| error.to_string())?
        } else {
            client.effects().task(TaskId::new("7").ok_or("an id")?)
        };
        let began = Instant::now();
        Ok::<_, String>((began, task.wait().await))
    };
    let (began, end) = block_on_paused_clock(watched)??;

    let queries = host.received().into_iter().skip(usize::from(is_new));
    let times: Vec<u64> = queries
        .map(|it| it.at.saturating_duration_since(began).as_millis())
        .map(|millis| u64::try_from(millis).unwrap_or(u64::MAX))
        .collect();
    let error = end.as_ref().err();
    let reason = error.and_then(|error| error.task()?.failure_reason());
    Ok(json!({
        "result": verdict(error.is_none()),
        "queries_at_ms": times,
        "ends": error.map_or("done", |error| error.kind().name()),
        "reason": reason,
    }))
}

fn policy(of: &Value) -> Result<PollPolicy, String> {
    let failures = of["max_failures"].as_u64().unwrap_or_default();
    Ok(PollPolicy {
        schedule: PollSchedule::Backoff(Backoff {
            initial: millis(of, "initial_ms")?,
            factor: of["factor"].as_f64().ok_or("`factor` is not a number")?,
            max_interval: millis(of, "max_interval_ms")?,
            jitter: 0.0,
        }),
        max_wait: millis(of, "max_wait_ms")?,
        max_failures: u32::try_from(failures).map_err(|error| error.to_string())?,
    })
}
