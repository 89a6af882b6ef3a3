//! The client, and how it is built.

use std::sync::Arc;

use http::Method;
use kling_types::{EffectRequest, ExternalTaskId, Task, TaskId, routes};

use crate::answer::find_task;
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::create;
use crate::credentials::Credentials;
use crate::dice::Dice;
#[cfg(feature = "download")]
use crate::download::DownloadPolicy;
use crate::environment;
use crate::error::{Error, ErrorKind, Result};
use crate::list::List;
use crate::pipeline::{Call, RetryPolicy, Timeouts, query};
use crate::provider::Provider;
use crate::task::{PollPolicy, TaskHandle};
use crate::trace;
use crate::transport::{SharedTransport, Transport};

/// A client of one provider, for one account. Clones cheaply.
#[derive(Debug, Clone)]
pub struct Client {
    settings: Arc<Settings>,
}

/// All that a client was built with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) provider: Provider,
    pub(crate) credentials: Credentials,
    pub(crate) transport: SharedTransport,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: RetryPolicy,
    pub(crate) poll: PollPolicy,
    pub(crate) check_pictures: bool,
    #[cfg(feature = "download")]
    pub(crate) downloads: DownloadPolicy,
    pub(crate) clock: SharedClock,
    pub(crate) dice: Dice,
}

impl Client {
    /// A client for this provider with these credentials.
    pub fn builder(provider: Provider, credentials: Credentials) -> ClientBuilder {
        ClientBuilder {
            provider,
            credentials,
            transport: None,
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            poll: PollPolicy::default(),
            check_pictures: true,
            #[cfg(feature = "download")]
            downloads: DownloadPolicy::default(),
            clock: Arc::new(SystemClock),
            seed: None,
        }
    }

    /// A client for the first provider whose key is in the environment:
    /// `COMETAPI_KEY`, then `KLING_API_KEY`, then `KLING_ACCESS_KEY` with
    /// `KLING_SECRET_KEY` (feature `jwt`). A variable that is empty counts as
    /// none.
    pub fn from_env() -> Result<Client> {
        let (provider, credentials) = environment::from_variables(|name| std::env::var(name).ok())?;
        Client::builder(provider, credentials).build()
    }

    /// Video effects.
    pub fn effects(&self) -> Effects<'_> {
        Effects { client: self }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// One query by the service's id or, where the provider finds those, the
    /// caller's external one.
    pub(crate) async fn get_task(
        &self,
        collection: &str,
        id: &str,
        asked: Option<&TaskId>,
    ) -> Result<Task> {
        let call = Call {
            name: "effects.get",
            method: Method::GET,
            path: routes::task(collection, id),
            body: bytes::Bytes::new(),
        };
        let answer = match asked {
            Some(id) => {
                let span = trace::Span::task(Some(id), None);
                span.run(query(&self.settings, &call)).await?
            }
            None => query(&self.settings, &call).await?,
        };
        find_task(&answer, asked).ok_or_else(|| {
            Error::new(
                ErrorKind::Decode,
                "the answer to the query has no task in it",
            )
        })
    }
}

/// Video effects: one or two pictures and a scene in, a video out.
#[derive(Debug, Clone, Copy)]
pub struct Effects<'a> {
    client: &'a Client,
}

impl Effects<'_> {
    /// Creates a task. From here on it is paid for; see [`TaskHandle`] for how
    /// to get at the result.
    ///
    /// The request is checked first; one that breaks a rule is not sent. An
    /// external task id is added if there is none, and `duration` where the
    /// provider requires it. A create that was certainly not acted on (no
    /// connection, too many requests, no free slot, maintenance, an expired
    /// token) is repeated within the [`RetryPolicy`]. One whose answer was lost
    /// is looked up where the provider can tell, up to three times in three
    /// seconds, and sent once more if it is unknown there; a task that is found
    /// must carry its external id or, where the answer has none, not be older.
    /// In all other cases the error has [`maybe_sent`](Error::maybe_sent).
    ///
    /// Dropping the future while it runs leaves the outcome unknown: set an
    /// external task id of your own to find the task by.
    pub async fn create(&self, request: EffectRequest) -> Result<TaskHandle> {
        let (task, external_id) = create::create(self.client, request).await?;
        let handle = TaskHandle::created(self.client.clone(), routes::EFFECTS, task);
        Ok(handle.with_external_id(external_id))
    }

    /// Asks after a task once, by the service's id.
    pub async fn get(&self, id: &TaskId) -> Result<Task> {
        self.task(id.clone()).fetch().await
    }

    /// Asks after a task once, by the external id it was created with.
    ///
    /// Where the provider can't tell ([`Provider::finds_external_ids`]), nothing
    /// is sent, and the error's kind is [`ErrorKind::Unsupported`].
    pub async fn get_by_external_id(&self, id: &ExternalTaskId) -> Result<Task> {
        let provider = &self.client.settings.provider;
        let found = if provider.finds_external_ids() {
            let span = trace::Span::task(None, Some(id));
            let found = self.client.get_task(routes::EFFECTS, id.as_str(), None);
            span.run(found).await
        } else {
            let text = format!("{} does not find tasks by external id", provider.name());
            Err(Error::new(ErrorKind::Unsupported, text))
        };
        found.map_err(|error| error.with_external_task_id(Some(id)))
    }

    /// The account's tasks, newest first; see [`List`].
    pub fn list(&self) -> List {
        List::new(self.client.clone(), routes::EFFECTS)
    }

    /// A task that was created before, perhaps by another process. Nothing is
    /// sent.
    pub fn task(&self, id: TaskId) -> TaskHandle {
        TaskHandle::resumed(self.client.clone(), routes::EFFECTS, id)
    }
}

/// Builds a [`Client`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    provider: Provider,
    credentials: Credentials,
    transport: Option<SharedTransport>,
    timeouts: Timeouts,
    retry: RetryPolicy,
    poll: PollPolicy,
    check_pictures: bool,
    #[cfg(feature = "download")]
    downloads: DownloadPolicy,
    clock: SharedClock,
    seed: Option<u64>,
}

impl ClientBuilder {
    /// Sends all traffic through this.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(SharedTransport::new(transport));
        self
    }

    /// How long a call may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How often a call is repeated.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How tasks are watched.
    pub fn poll(mut self, poll: PollPolicy) -> Self {
        self.poll = poll;
        self
    }

    /// Whether pictures given as bytes are looked at before a create: format,
    /// pixels, aspect, size. Switch it off if the service's limits have moved.
    pub fn check_pictures(mut self, check: bool) -> Self {
        self.check_pictures = check;
        self
    }

    /// What a download may take.
    #[cfg(feature = "download")]
    pub fn downloads(mut self, policy: DownloadPolicy) -> Self {
        self.downloads = policy;
        self
    }

    /// What time of day it is: for tokens, `Retry-After` with a date, and the
    /// age of tasks. The machine's own clock by default. Waiting is tokio's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes jitter repeat itself: the same seed and the same answers give the
    /// same waits. External task ids stay unique.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client, or what is wrong with the settings.
    pub fn build(self) -> Result<Client> {
        self.provider.check_base_url()?;
        self.credentials.authorization(self.clock.now())?;
        self.timeouts.check()?;
        self.poll.check()?;
        #[cfg(feature = "download")]
        self.downloads.check()?;
        Ok(Client {
            settings: Arc::new(Settings {
                provider: self.provider,
                credentials: self.credentials,
                transport: self.transport.map_or_else(default_transport, Ok)?,
                timeouts: self.timeouts,
                retry: self.retry,
                poll: self.poll,
                check_pictures: self.check_pictures,
                #[cfg(feature = "download")]
                downloads: self.downloads,
                clock: self.clock,
                dice: Dice::new(self.seed),
            }),
        })
    }
}

#[cfg(feature = "reqwest")]
fn default_transport() -> Result<SharedTransport> {
    let transport = crate::transport::ReqwestTransport::new().map_err(|error| {
        Error::new(ErrorKind::Config, "the HTTP client can't be set up").with_source(error)
    })?;
    Ok(SharedTransport::new(transport))
}

#[cfg(not(feature = "reqwest"))]
fn default_transport() -> Result<SharedTransport> {
    let text = "no transport: turn on the feature `reqwest`, or give one with `transport(..)`";
    Err(Error::new(ErrorKind::Config, text))
}
