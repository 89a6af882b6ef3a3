//! The client: its shared state, and the settings that it was built with.

use std::sync::Arc;

use http::Method;
use kling_types::{Task, TaskId, routes};

use crate::answer::no_task;
use crate::clock::SharedClock;
use crate::credentials::Credentials;
use crate::dice::Dice;
#[cfg(feature = "download")]
use crate::download::DownloadPolicy;
use crate::environment;
use crate::error::{Error, ErrorKind, Result};
use crate::notice::{Notice, Observer};
use crate::pipeline::{Call, RetryPolicy, Timeouts, query};
use crate::provider::Provider;
use crate::task::{Experience, PollPolicy, Wakeups};
use crate::trace;
use crate::transport::SharedTransport;

mod builder;
mod effects;

pub use builder::ClientBuilder;
pub use effects::Effects;

/// A client of one provider, for one account. Clones cheaply.
#[derive(Debug, Clone)]
pub struct Client {
    // One pointer: there may be a handle with a client for each of many tasks.
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    core: Arc<Core>,
    observer: Observer,
}

/// What the clones of a client have in common, whoever observes them.
#[derive(Debug)]
struct Core {
    settings: Settings,
    experience: Experience,
    wakeups: Wakeups,
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
        ClientBuilder::new(provider, credentials)
    }

    /// A client for the first provider whose key is in the environment:
    /// `COMETAPI_KEY`, then `KLING_API_KEY`, then `KLING_ACCESS_KEY` with
    /// `KLING_SECRET_KEY` (feature `jwt`). A variable that is empty counts as
    /// none.
    ///
    /// `KLING_BASE_URL`, if it is set, is where the provider is: a program that
    /// is made so can be pointed at a proxy, or at `kling mock`. Tasks there are
    /// watched by [`PollPolicy::eager`].
    pub fn from_env() -> Result<Client> {
        let read = |name: &str| std::env::var(name).ok();
        let (provider, credentials) = environment::from_variables(read)?;
        let (provider, poll) = environment::host(provider, read);
        Client::builder(provider, credentials).poll(poll).build()
    }

    /// The same client, which tells this what happens on the way of a call: that it
    /// waits for a free slot, or looks for the task of a lost create. So do the tasks
    /// that come of it.
    ///
    /// It is called between two tries, and must not block. There is one observer: a
    /// second one takes the place of the first.
    ///
    /// ```
    /// use kling_http::{Client, Credentials, Provider};
    /// # let transport = kling_http::transport_fn(|_| std::future::pending());
    /// # let builder = Client::builder(Provider::kling(), Credentials::api_key("a-key"));
    /// # let client = builder.transport(transport).build()?;
    ///
    /// let client = client.observed(|notice| eprintln!("{notice}"));
    /// # Ok::<(), kling_http::Error>(())
    /// ```
    pub fn observed(&self, observer: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Client {
        Client {
            shared: Arc::new(Shared {
                core: Arc::clone(&self.shared.core),
                observer: Observer::new(observer),
            }),
        }
    }

    /// Video effects.
    pub fn effects(&self) -> Effects<'_> {
        Effects { client: self }
    }

    pub(crate) fn observer(&self) -> &Observer {
        &self.shared.observer
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.core.settings
    }

    pub(crate) fn experience(&self) -> &Experience {
        &self.shared.core.experience
    }

    pub(crate) fn wakeups(&self) -> &Wakeups {
        &self.shared.core.wakeups
    }

    /// One query by the service's id or, where the provider finds those, the
    /// caller's external one.
    pub(crate) async fn get_task(
        &self,
        collection: &str,
        id: &str,
        asked: Option<&TaskId>,
    ) -> Result<Task> {
        if matches!(id, "." | "..") {
            let text = format!("{id:?} is no id: in a URL it means another path");
            return Err(Error::new(ErrorKind::Validation, text));
        }
        let call = Call {
            name: "effects.get",
            method: Method::GET,
            path: routes::task(collection, id),
            body: bytes::Bytes::new(),
        };
        let answer = match asked {
            Some(id) => {
                let span = trace::Span::task(Some(id), None);
                span.run(query(self, &call)).await?
            }
            None => query(self, &call).await?,
        };
        answer
            .into_task(asked)
            .map_err(|answer| no_task(&answer, "the answer to the query has no task in it"))
    }
}
