//! The operations on video effects: create, get, list, resume, notify.

use kling_types::{EffectRequest, ExternalTaskId, Task, TaskCallback, TaskId, UnixMillis, routes};

use super::Client;
use crate::create;
use crate::error::{Error, ErrorKind, Result};
use crate::list::List;
use crate::task::{SavedTask, TaskHandle};
use crate::trace;

/// The operations on video effects; see [`Client::effects`].
#[derive(Debug, Clone, Copy)]
pub struct Effects<'a> {
    pub(super) client: &'a Client,
}

impl Effects<'_> {
    /// Creates a task, which is charged. The [`TaskHandle`] gives access to its result.
    ///
    /// The request is validated first, and not sent if it breaks a rule. An
    /// external task id is added if there is none, and `duration` if the provider
    /// requires it. A create that certainly had no effect (no connection, too many
    /// requests, no free slot, maintenance, an expired token) is retried within the
    /// [`RetryPolicy`](crate::RetryPolicy).
    ///
    /// If the answer is lost, and the provider supports it, the task is looked up: up
    /// to three times in three seconds. If the service does not know it, the create is
    /// sent once more, and a refusal of that one leads to another look-up. A task
    /// found in this way is adopted only if it carries the external task id or, where
    /// the answer has none, is not older than the create. While the service can't be
    /// reached, the look-up is repeated for as long as a call may take
    /// ([`Timeouts::deadline`](crate::Timeouts)). In all other cases the error says
    /// [`maybe_sent`](Error::maybe_sent). The same is done if the service first calls
    /// itself down for maintenance, and then refuses the create for want of a slot or
    /// credit, or because its external task id exists; but nothing is sent again.
    ///
    /// Dropping the future before it completes leaves the outcome unknown: set an
    /// external task id of your own, so that you can find the task by it.
    pub async fn create(&self, request: EffectRequest) -> Result<TaskHandle> {
        let scene = request.effect_scene.clone();
        let (task, external_id) = create::create(self.client, request).await?;
        let handle = TaskHandle::created(self.client.clone(), routes::EFFECTS, scene, task);
        Ok(handle.with_external_id(external_id))
    }

    /// Queries a task once, by its task id.
    pub async fn get(&self, id: &TaskId) -> Result<Task> {
        let found = self.client.get_task(routes::EFFECTS, id.as_str(), Some(id));
        let found = found.await.map(|task| *task);
        found.map_err(|error| error.with_task_id(id))
    }

    /// Queries a task once, by its external task id.
    ///
    /// If the provider does not support this ([`Provider::finds_external_ids`](crate::Provider::finds_external_ids)),
    /// nothing is sent, and the error's kind is [`ErrorKind::Unsupported`].
    pub async fn get_by_external_id(&self, id: &ExternalTaskId) -> Result<Task> {
        self.expect_external_ids(id)?;
        let span = trace::Span::task(None, Some(id));
        let found = self.client.get_task(routes::EFFECTS, id.as_str(), None);
        let found = span.run(found).await.map(|task| *task);
        found.map_err(|error| error.with_external_task_id(Some(id)))
    }

    fn expect_external_ids(self, id: &ExternalTaskId) -> Result<()> {
        let provider = &self.client.settings().provider;
        if provider.finds_external_ids() {
            return Ok(());
        }
        let text = format!("{} does not find tasks by external id", provider.name());
        let error = Error::new(ErrorKind::Unsupported, text);
        Err(error.with_external_task_id(Some(id)))
    }

    /// Finds out what became of a create that was started at the time `begun`,
    /// perhaps by a process that has ended: its task, or `None` if the service
    /// itself says that it has none with this external task id. A task that was
    /// created a moment ago may not be visible yet. Sending the same create again,
    /// with the same external task id, is safe: a duplicate is refused.
    ///
    /// The task must carry the external task id or, where the answer has none, be
    /// no more than five minutes older than the create (clocks differ); any other
    /// task is an error with [`maybe_sent`](Error::maybe_sent). As for
    /// [`get_by_external_id`](Self::get_by_external_id), the kind is
    /// [`ErrorKind::Unsupported`] if the provider does not support it.
    ///
    /// ```no_run
    /// # async fn example(client: kling_http::Client) -> kling_http::Result<()> {
    /// use kling_http::{ExternalTaskId, types::UnixMillis};
    ///
    /// // Saved before the create was sent.
    /// let id = ExternalTaskId::new("order-1").expect("not empty");
    /// let begun = UnixMillis::new(1_790_000_000_000);
    /// match client.effects().find_created(&id, begun).await? {
    ///     Some(task) => println!("paid: task {}", task.id()),
    ///     None => println!("not paid, as far as the service knows"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find_created(
        &self,
        id: &ExternalTaskId,
        begun: UnixMillis,
    ) -> Result<Option<TaskHandle>> {
        self.expect_external_ids(id)?;
        let span = trace::Span::task(None, Some(id));
        let found = span.run(create::find(self.client, id, begun)).await?;
        Ok(found.map(|task| {
            let saved = SavedTask {
                provider: self.client.settings().provider.name().to_owned(),
                collection: routes::EFFECTS.to_owned(),
                task_id: task.id,
                external_task_id: Some(id.clone()),
                created_at: task.created_at,
                scene: None,
            };
            TaskHandle::from_saved(self.client.clone(), routes::EFFECTS, saved)
        }))
    }

    /// The account's tasks, newest first; see [`List`].
    pub fn list(&self) -> List {
        List::new(self.client.clone(), routes::EFFECTS)
    }

    /// A handle to an existing task, perhaps created by another process. Nothing is
    /// sent.
    pub fn task(&self, id: TaskId) -> TaskHandle {
        TaskHandle::from_id(self.client.clone(), routes::EFFECTS, id)
    }

    /// A handle to a task that was saved with [`TaskHandle::saved`] by any process.
    /// Nothing is sent. A task of another provider, or of another kind, is an error
    /// ([`ErrorKind::Config`]), because its id means nothing here.
    ///
    /// ```
    /// use kling_http::{Client, Credentials, Provider, SavedTask, transport_fn};
    /// # let transport = transport_fn(|_| std::future::pending());
    /// # let client = Client::builder(Provider::comet(), Credentials::api_key("sk-1"));
    /// # let client = client.transport(transport).build()?;
    ///
    /// let text = r#"{"provider": "comet", "collection": "/v1/videos/effects", "task_id": "7"}"#;
    /// let saved: SavedTask = serde_json::from_str(text)?;
    /// let task = client.effects().resume(saved.clone())?;
    /// assert_eq!(task.saved(), saved);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume(&self, saved: SavedTask) -> Result<TaskHandle> {
        let provider = self.client.settings().provider.name();
        let differs = if saved.provider != provider {
            format!(
                "is {}'s, and this client talks to {provider}: build one for its provider",
                saved.provider
            )
        } else if saved.collection != routes::EFFECTS {
            format!(
                "was created at {}, and effects are at {}",
                saved.collection,
                routes::EFFECTS
            )
        } else {
            let client = self.client.clone();
            return Ok(TaskHandle::from_saved(client, routes::EFFECTS, saved));
        };
        let text = format!("the saved task {} {differs}", saved.task_id);
        let error = Error::new(ErrorKind::Config, text).with_task_id(&saved.task_id);
        Err(error.with_external_task_id(saved.external_task_id.as_ref()))
    }

    /// Reports that a callback arrived. Whoever waits for its task, through this
    /// client or a clone of it, queries the service immediately. Returns whether
    /// anybody was waiting.
    ///
    /// A callback is only a hint: its content is not trusted, so it need not be
    /// genuine. Duplicate, late and forged callbacks do no harm: they cause at most
    /// one query per second and waiter, and fewer still if there is no news.
    /// Regular polling continues.
    ///
    /// Both ids of the callback are tried, because CometAPI's may carry a task id
    /// of its upstream (*inferred*). If the callback URL has a token of your own,
    /// use [`wake`](Self::wake).
    pub fn notify(&self, callback: &TaskCallback) -> bool {
        let task = callback.task();
        let by_id = self.wake(task.id.as_str());
        let external = task.external_id();
        external.is_some_and(|id| self.wake(id.as_str())) || by_id
    }

    /// Like [`notify`](Self::notify), for a task id or an external task id.
    pub fn wake(&self, id: &str) -> bool {
        self.client.wakeups().wake(id)
    }
}
