//! A task followed from its create to its end, which many checks share.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{dual_request, ensure, fresh_external_id, id_of, task_of};
use crate::exchange::Exchange;
use crate::target::{Reply, Stop, Target};

/// The longest a check waits for a task.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Between two queries: as a polite client, growing.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A task for two images that ended.
pub(crate) struct Story {
    pub(super) external_id: String,
    pub(super) created: Reply,
    /// Every answer to a query, to the end.
    pub(super) answers: Vec<Value>,
}

/// How the story came out, with all that was said for it.
#[derive(Clone)]
pub(crate) struct Told {
    story: Result<Arc<Story>, Stop>,
    exchanges: Vec<Exchange>,
}

impl Story {
    /// The run's one story; it is made when it is first asked for, and paid once,
    /// also if it can't be told to its end.
    pub(super) async fn of(target: &Target) -> Result<Arc<Story>, Stop> {
        let told = target.state().story.clone();
        if let Some(Told { story, exchanges }) = told {
            // A report shows these to whoever looks at the story.
            target.state().exchanges.extend(exchanges);
            return story;
        }
        let story = Story::tell(target).await.map(Arc::new);
        let mut state = target.state();
        let exchanges = state.exchanges.clone();
        state.story = Some(Told {
            story: story.clone(),
            exchanges,
        });
        story
    }

    async fn tell(target: &Target) -> Result<Story, Stop> {
        let external_id = fresh_external_id();
        let mut request = dual_request();
        request["external_task_id"] = json!(external_id);
        if let Some(inbox) = &target.inbox {
            request["callback_url"] = json!(inbox.url());
        }
        let created = target.create(&request).await?;
        let id = id_of(&task_of(&created)?)?;
        let answers = history(target, target.key(), &id).await?;
        Ok(Story {
            external_id,
            created,
            answers,
        })
    }

    /// The task as each query showed it.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Value> {
        self.answers.iter().map(|answer| &answer["data"])
    }

    /// The task as its create showed it.
    pub(super) fn new_task(&self) -> Result<Value, String> {
        task_of(&self.created)
    }

    /// The task as it ended.
    pub(super) fn end(&self) -> Result<&Value, String> {
        self.tasks().last().ok_or_else(|| "no answer".to_owned())
    }

    pub(super) fn id(&self) -> Result<String, String> {
        id_of(&self.new_task()?)
    }

    /// The address of its video.
    pub(super) fn video_url(&self) -> Result<&str, String> {
        let url = self.end()?["task_result"]["videos"][0]["url"].as_str();
        url.filter(|url| !url.is_empty())
            .ok_or_else(|| "the task ended without a video's url".to_owned())
    }
}

/// Every answer about a task, to its end.
pub(super) async fn history(target: &Target, key: &str, id: &str) -> Result<Vec<Value>, Stop> {
    let began = Instant::now();
    let mut wait = FIRST_WAIT;
    let mut seen = Vec::new();
    loop {
        let reply = target.query_as(key, id).await?;
        let status = task_of(&reply)?["task_status"].clone();
        seen.push(reply.json()?);
        // What is no word of the service's may be an end too: a check tells.
        if status != "submitted" && status != "processing" {
            return Ok(seen);
        }
        ensure(began.elapsed() < PATIENCE, || {
            format!("the task is still {status} after {} s", PATIENCE.as_secs())
        })?;
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
