//! Building a client from its settings.

use std::sync::Arc;

use super::{Client, Core, Settings, Shared};
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::credentials::Credentials;
#[cfg(feature = "download")]
use crate::download::DownloadPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::jitter::Jitter;
use crate::notice::Observer;
use crate::pipeline::{RetryPolicy, Timeouts};
use crate::provider::Provider;
use crate::task::{Experience, PollPolicy, Wakeups};
use crate::transport::{SharedTransport, Transport};

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
    pub(super) fn new(provider: Provider, credentials: Credentials) -> Self {
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

    /// Sends all requests through this transport.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(SharedTransport::new(transport));
        self
    }

    /// How long a call may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// How calls are retried.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How tasks are watched.
    pub fn poll(mut self, poll: PollPolicy) -> Self {
        self.poll = poll;
        self
    }

    /// Whether pictures given as bytes are checked before a create: format, pixels,
    /// aspect ratio, size. Turn it off if the service's limits have changed.
    pub fn check_pictures(mut self, check: bool) -> Self {
        self.check_pictures = check;
        self
    }

    /// The limits of downloads.
    #[cfg(feature = "download")]
    pub fn downloads(mut self, policy: DownloadPolicy) -> Self {
        self.downloads = policy;
        self
    }

    /// The wall clock: for tokens, `Retry-After` with a date, and the age of tasks.
    /// It is the machine's own clock by default. Waiting uses tokio's time.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes jitter reproducible: the same seed and the same answers give the same
    /// waits. External task ids stay unique.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Builds the client, or returns what is wrong with the settings.
    pub fn build(self) -> Result<Client> {
        self.provider.check_base_url()?;
        self.credentials.authorization(self.clock.now())?;
        self.timeouts.check()?;
        self.poll.check()?;
        #[cfg(feature = "download")]
        self.downloads.check()?;
        let settings = Settings {
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
            jitter: Jitter::new(self.seed),
        };
        Ok(Client {
            shared: Arc::new(Shared {
                core: Arc::new(Core {
                    settings,
                    experience: Experience::default(),
                    wakeups: Wakeups::default(),
                }),
                observer: Observer::default(),
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
