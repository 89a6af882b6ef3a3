//! The operations on video effects: create, get, list, resume, notify.

use kling_types::{EffectRequest, ExternalTaskId, Task, TaskCallback, TaskId, UnixMillis, routes};

use super::Client;
use crate::create;
use crate::error::{Error, ErrorKind, Result};
use crate::list::List;
use crate::task::{SavedTask, TaskHandle};
use crate::trace;

/// Video effects: one or two pictures and a scene in, a video out.
#[derive(Debug, Clone, Copy)]
pub struct Effects<'a> {
    pub(super) client: &'a Client,
}

impl Effects<'_> {
    /// Creates a task. From here on it is paid for; see [`TaskHandle`] for how
    /// to get at the result.
    ///
    /// The request is checked first; one that breaks a rule is not sent. An
    /// external task id is added if there is none, and `duration` where the
    /// provider requires it. A create that was certainly not acted on (no
    /// connection, too many requests, no free slot, maintenance, an expired
    /// token) is repeated within the [`RetryPolicy`](crate::RetryPolicy). One whose answer was lost
    /// is looked up where the provider can tell, up to three times in three
    /// seconds, and sent once more if it is unknown there; a task that is found
    /// must carry its external id or, where the answer has none, not be older.
    /// While the service can't be asked, looking up goes on for as long as a call
    /// may take ([`Timeouts::deadline`](crate::Timeouts)).
    /// In all other cases the error has [`maybe_sent`](Error::maybe_sent).
    ///
    /// Dropping the future while it runs leaves the outcome unknown: set an
    /// external task id of your own to find the task by.
    pub async fn create(&self, request: EffectRequest) -> Result<TaskHandle> {
        let scene = request.effect_scene.clone();
        let (task, external_id) = create::create(self.client, request).await?;
        let handle = TaskHandle::created(self.client.clone(), routes::EFFECTS, scene, task);
        Ok(handle.with_external_id(external_id))
    }

    /// Asks after a task once, by the service's id.
    pub async fn get(&self, id: &TaskId) -> Result<Task> {
        self.task(id.clone()).fetch().await
    }

    /// Asks after a task once, by the external id it was created with.
    ///
    /// Where the provider can't tell ([`Provider::finds_external_ids`](crate::Provider::finds_external_ids)), nothing
    /// is sent, and the error's kind is [`ErrorKind::Unsupported`].
    pub async fn get_by_external_id(&self, id: &ExternalTaskId) -> Result<Task> {
        self.expect_external_ids(id)?;
        let span = trace::Span::task(None, Some(id));
        let found = self.client.get_task(routes::EFFECTS, id.as_str(), None);
        let found = span.run(found).await;
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

    /// Finds out about a create that was begun at this time, perhaps by a process
    /// that is no more: its task, or `None` if the service itself says that it has
    /// none with this external id. One that was begun a moment ago may not show
    /// yet; the same create once more, with the same external id, is refused where
    /// it would be the second.
    ///
    /// A task that is shown must carry the external id or, where the answer has
    /// none, not be older than the create (by more than five minutes, for clocks
    /// differ); any other is an error with [`maybe_sent`](Error::maybe_sent).
    /// Where the provider can't tell, as in
    /// [`get_by_external_id`](Self::get_by_external_id), the kind is
    /// [`ErrorKind::Unsupported`].
    ///
    /// ```no_run
    /// # async fn example(client: kling_http::Client) -> kling_http::Result<()> {
    /// use kling_http::{ExternalTaskId, types::UnixMillis};
    ///
    /// // Written down before the create was sent.
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

    /// A task that was created before, perhaps by another process. Nothing is
    /// sent.
    pub fn task(&self, id: TaskId) -> TaskHandle {
        TaskHandle::from_id(self.client.clone(), routes::EFFECTS, id)
    }

    /// A task that was written down with [`TaskHandle::saved`], by whatever
    /// process. Nothing is sent. Another provider's task, or one of another
    /// kind, is an error ([`ErrorKind::Config`]): its id means nothing here.
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

    /// A callback has come: whoever waits for its task, through this client or a
    /// clone of it, asks the service at once. Whether there was anybody.
    ///
    /// The callback is a hint and no more: what it says of the task is not
    /// believed, so it need not be genuine. Duplicates, late and forged ones
    /// change nothing: they cause at most one query a second and waiter, ever
    /// fewer if there is no news. Polling goes on as without.
    ///
    /// Both ids of the callback are looked for, as CometAPI's may carry a task
    /// id of its upstream (*inferred*). With a token of your own in the callback
    /// URL, use [`wake`](Self::wake).
    pub fn notify(&self, callback: &TaskCallback) -> bool {
        let task = callback.task();
        let by_id = self.wake(task.id.as_str());
        let external = task.external_id();
        external.is_some_and(|id| self.wake(id.as_str())) || by_id
    }

    /// The same for a task id, or an external one.
    pub fn wake(&self, id: &str) -> bool {
        self.client.wakeups().wake(id)
    }
}
