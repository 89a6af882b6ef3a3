//! `TaskHandle`: one created task, to be queried, waited for, downloaded or saved.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use kling_types::{ExternalTaskId, Scene, Task, TaskId, UnixMillis};

use super::events::TaskEvents;
use super::saved::SavedTask;
use super::timing::Age;
use super::watch::Watch;
use crate::client::Client;
use crate::error::Result;

/// A handle to a task at the service. Awaiting it waits for the result;
/// [`events`](Self::events) reports every change on the way.
///
/// Dropping the handle, or a future made from it, ends the watching, not the task:
/// the task continues, is charged, and its result is kept for 30 days. Any process
/// can get a handle to it again: with [`saved`](Self::saved) and
/// [`Effects::resume`](crate::Effects::resume), or with its [`id`](Self::id) alone
/// and [`Effects::task`](crate::Effects::task).
#[derive(Clone)]
#[must_use = "it holds the id of a task that is paid for"]
pub struct TaskHandle {
    client: Client,
    collection: &'static str,
    id: TaskId,
    external_id: Option<ExternalTaskId>,
    scene: Option<Scene>,
    created_at: Option<UnixMillis>,
    age: Age,
    /// Whether the task certainly exists; a bare id may be wrong.
    certain: bool,
    seen: Option<Arc<Task>>,
}

impl TaskHandle {
    /// A task that was created just now.
    pub(crate) fn created(
        client: Client,
        collection: &'static str,
        scene: Scene,
        task: Task,
    ) -> Self {
        let now = UnixMillis::from(client.settings().clock.now());
        TaskHandle {
            client,
            collection,
            id: task.id.clone(),
            external_id: task.external_id().cloned(),
            scene: Some(scene),
            created_at: task.created_at.or(Some(now)),
            age: Age::newborn(),
            certain: true,
            seen: Some(Arc::new(task)),
        }
    }

    /// A task of which only the id is known.
    pub(crate) fn from_id(client: Client, collection: &'static str, id: TaskId) -> Self {
        TaskHandle {
            client,
            collection,
            id,
            external_id: None,
            scene: None,
            created_at: None,
            age: Age::since(None, UnixMillis::new(0)),
            certain: false,
            seen: None,
        }
    }

    pub(crate) fn from_saved(client: Client, collection: &'static str, saved: SavedTask) -> Self {
        let now = UnixMillis::from(client.settings().clock.now());
        TaskHandle {
            client,
            collection,
            id: saved.task_id,
            external_id: saved.external_task_id,
            scene: saved.scene,
            created_at: saved.created_at,
            age: Age::since(saved.created_at, now),
            certain: true,
            seen: None,
        }
    }

    pub(crate) fn with_external_id(mut self, id: Option<ExternalTaskId>) -> Self {
        self.external_id = id.or(self.external_id);
        self
    }

    /// The task id, which the service assigned.
    pub fn id(&self) -> &TaskId {
        &self.id
    }

    /// The external task id it was created with; unknown for a handle that was made
    /// from the task id alone.
    pub fn external_id(&self) -> Option<&ExternalTaskId> {
        self.external_id.as_ref()
    }

    /// The task as the create's answer showed it.
    pub fn snapshot(&self) -> Option<&Task> {
        self.seen.as_deref()
    }

    /// What another process needs to continue with the task, as data.
    pub fn saved(&self) -> SavedTask {
        SavedTask {
            provider: self.client.settings().provider.name().to_owned(),
            collection: self.collection.to_owned(),
            task_id: self.id.clone(),
            external_task_id: self.external_id.clone(),
            created_at: self.created_at,
            scene: self.scene.clone(),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Takes the snapshot out of the handle: only one watch needs it, once.
    pub(super) fn take_snapshot(&mut self) -> Option<Arc<Task>> {
        self.seen.take()
    }

    pub(super) fn scene(&self) -> Option<&Scene> {
        self.scene.as_ref()
    }

    pub(super) fn is_certain(&self) -> bool {
        self.certain
    }

    /// Whether the time of its creation is known.
    pub(super) fn knows_age(&self) -> bool {
        self.created_at.is_some()
    }

    pub(super) fn age(&self) -> Age {
        self.age
    }

    /// Queries the task once.
    pub async fn fetch(&self) -> Result<Task> {
        let answer = self
            .client
            .get_task(self.collection, self.id.as_str(), Some(&self.id))
            .await;
        answer.map(|task| *task).map_err(|error| {
            error
                .with_task_id(&self.id)
                .with_external_task_id(self.external_id.as_ref())
        })
    }

    /// Waits until the task succeeds. A failed task is an error with the service's
    /// reason. Reaching the longest wait is an error too; the task continues and
    /// can be waited for again. The wait ends within
    /// [`PollPolicy::max_wait`](crate::PollPolicy::max_wait) plus one
    /// [`Timeouts::attempt`](crate::Timeouts::attempt), whatever the service does.
    ///
    /// ```no_run
    /// # async fn example(task: kling_http::TaskHandle) -> kling_http::Result<()> {
    /// let done = task.wait().await?;
    /// println!("{} video(s)", done.videos().len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(&self) -> Result<Task> {
        Watch::new(self.clone()).finish().await
    }

    /// Reports each change of the task once, until it ends or watching fails.
    pub fn events(&self) -> TaskEvents {
        TaskEvents::new(Watch::new(self.clone()))
    }
}

impl IntoFuture for TaskHandle {
    type Output = Result<Task>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Task>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(Watch::new(self).finish())
    }
}

impl fmt::Debug for TaskHandle {
    /// Omits the snapshot: the address of a result is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("id", &self.id)
            .field("external_id", &self.external_id)
            .finish_non_exhaustive()
    }
}
