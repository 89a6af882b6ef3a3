//! The task that many checks share: created once per run, and polled until it ends.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{dual_request, ensure, fresh_external_id, id_of, task_of};
use crate::exchange::Exchange;
use crate::target::{Reply, Stop, Target};

/// The longest time that a check waits for a task.
const MAX_WAIT: Duration = Duration::from_secs(30 * 60);

/// The time between two queries, which doubles up to the maximum.
const INITIAL_INTERVAL: Duration = Duration::from_millis(50);
const MAX_INTERVAL: Duration = Duration::from_secs(5);

/// A task with two images that has ended.
pub(crate) struct SharedTask {
    pub(super) external_id: String,
    pub(super) created: Reply,
    /// The answer to each query, up to the terminal status.
    pub(super) answers: Vec<Value>,
}

/// The shared task or why there is none, with the requests that were sent for it.
#[derive(Clone)]
pub(crate) struct SharedTaskResult {
    task: Result<Arc<SharedTask>, Stop>,
    exchanges: Vec<Exchange>,
}

impl SharedTask {
    /// Returns the run's shared task. It is created on first use, and charged only
    /// once even if it cannot be polled to its end.
    pub(super) async fn get(target: &Target) -> Result<Arc<SharedTask>, Stop> {
        let known = target.state().shared_task.clone();
        if let Some(SharedTaskResult { task, exchanges }) = known {
            // They belong in the report of every check that uses the task.
            target.state().exchanges.extend(exchanges);
            return task;
        }
        let task = SharedTask::create(target).await.map(Arc::new);
        let mut state = target.state();
        let exchanges = state.exchanges.clone();
        state.shared_task = Some(SharedTaskResult {
            task: task.clone(),
            exchanges,
        });
        task
    }

    async fn create(target: &Target) -> Result<SharedTask, Stop> {
        let external_id = fresh_external_id();
        let mut request = dual_request();
        request["external_task_id"] = json!(external_id);
        if let Some(inbox) = &target.inbox {
            request["callback_url"] = json!(inbox.url());
        }
        let created = target.create(&request).await?;
        let id = id_of(&task_of(&created)?)?;
        let answers = poll_until_terminal(target, target.api_key(), &id).await?;
        Ok(SharedTask {
            external_id,
            created,
            answers,
        })
    }

    /// The task in each answer to a query.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = &Value> {
        self.answers.iter().map(|answer| &answer["data"])
    }

    /// The task in the answer to the create.
    pub(super) fn created_task(&self) -> Result<Value, String> {
        task_of(&self.created)
    }

    /// The task in the last answer.
    pub(super) fn final_task(&self) -> Result<&Value, String> {
        self.snapshots()
            .last()
            .ok_or_else(|| "no answer".to_owned())
    }

    pub(super) fn id(&self) -> Result<String, String> {
        id_of(&self.created_task()?)
    }

    /// The URL of its video.
    pub(super) fn video_url(&self) -> Result<&str, String> {
        let url = self.final_task()?["task_result"]["videos"][0]["url"].as_str();
        url.filter(|url| !url.is_empty())
            .ok_or_else(|| "the task ended without the URL of a video".to_owned())
    }
}

/// Queries a task until its status is terminal, and returns every answer.
pub(super) async fn poll_until_terminal(
    target: &Target,
    key: &str,
    id: &str,
) -> Result<Vec<Value>, Stop> {
    let began = Instant::now();
    let mut interval = INITIAL_INTERVAL;
    let mut seen = Vec::new();
    loop {
        let reply = target.query_as(key, id).await?;
        let status = task_of(&reply)?["task_status"].clone();
        seen.push(reply.json()?);
        // An unknown status ends the polling too; `lifecycle.words` reports it.
        if status != "submitted" && status != "processing" {
            return Ok(seen);
        }
        ensure(began.elapsed() < MAX_WAIT, || {
            format!("the task is still {status} after {} s", MAX_WAIT.as_secs())
        })?;
        sleep(interval).await;
        interval = (interval * 2).min(MAX_INTERVAL);
    }
}
