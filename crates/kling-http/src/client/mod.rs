//! The client: its shared state, and the settings that it was built with.

use std::sync::Arc;

use http::Method;
use kling_types::{Task, TaskId, routes};

use crate::answer::no_task;
use crate::clock::SharedClock;
use crate::credentials::Credentials;
#[cfg(feature = "download")]
use crate::download::DownloadPolicy;
use crate::environment;
use crate::error::{Error, ErrorKind, Result};
use crate::jitter::Jitter;
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

/// A client for one provider and one account. Clones are cheap and share their
/// state.
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

/// The state that clones of a client share, whichever observer they have.
#[derive(Debug)]
struct Core {
    settings: Settings,
    experience: Experience,
    wakeups: Wakeups,
}

/// The settings that a client was built with.
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
    pub(crate) jitter: Jitter,
}

impl Client {
    /// A builder for a client of this provider with these credentials.
    pub fn builder(provider: Provider, credentials: Credentials) -> ClientBuilder {
        ClientBuilder::new(provider, credentials)
    }

    /// A client for the first provider whose key is in the environment:
    /// `COMETAPI_KEY`, then `KLING_API_KEY`, then `KLING_ACCESS_KEY` with
    /// `KLING_SECRET_KEY` (feature `jwt`). A variable that is empty counts as
    /// none.
    ///
    /// `KLING_BASE_URL`, if set, overrides the provider's address, so that a
    /// program can be pointed at a proxy or at `kling mock` without a change. Tasks
    /// there are watched by [`PollPolicy::exponential`].
    pub fn from_env() -> Result<Client> {
        let read = |name: &str| std::env::var(name).ok();
        let (provider, credentials) = environment::from_variables(read)?;
        let (provider, poll) = environment::host(provider, read);
        Client::builder(provider, credentials).poll(poll).build()
    }

    /// The same client with an observer, which is notified of what happens during a
    /// call: a wait for a free slot, or the look-up of a lost create. Task handles
    /// that come from this client notify it too.
    ///
    /// The observer is called between two attempts, and must not block. A client
    /// has one observer: a second one replaces the first.
    ///
    /// ```
    /// use kling_http::{Client, Credentials, Provider};
    /// # let transport = kling_http::transport_fn(|_| std::future::pending());
    /// # let builder = Client::builder(Provider::kling(), Credentials::api_key("a-key"));
    /// # let client = builder.transport(transport).build()?;
    ///
    /// let client = client.with_observer(|notice| eprintln!("{notice}"));
    /// # Ok::<(), kling_http::Error>(())
    /// ```
    pub fn with_observer(&self, observer: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Client {
        Client {
            shared: Arc::new(Shared {
                core: Arc::clone(&self.shared.core),
                observer: Observer::new(observer),
            }),
        }
    }

    /// The operations on video effects.
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

    /// A single query by the service's id or, where the provider supports that, by
    /// the external task id.
    pub(crate) async fn get_task(
        &self,
        collection: &str,
        id: &str,
        asked: Option<&TaskId>,
    ) -> Result<Box<Task>> {
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
