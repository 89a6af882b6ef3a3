//! The client, and how it is built.

use std::sync::Arc;

use http::Method;
use kling_types::{EffectRequest, TaskId, routes};

use crate::answer::find_task;
use crate::create;
use crate::credentials::Credentials;
#[cfg(feature = "download")]
use crate::download::DownloadPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{Call, RetryPolicy, Timeouts, query};
use crate::provider::Provider;
use crate::task::{PollPolicy, TaskHandle};
use crate::transport::{SharedTransport, Transport};
use kling_types::Task;

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
}

/// A variable that [`Client::from_env`] reads, and whose key it holds.
struct KeyVariable {
    name: &'static str,
    provider: fn() -> Provider,
}

const KEY_VARIABLES: [KeyVariable; 2] = [
    KeyVariable {
        name: "COMETAPI_KEY",
        provider: Provider::comet,
    },
    KeyVariable {
        name: "KLING_API_KEY",
        provider: Provider::kling,
    },
];

/// The provider and the key that the variables name.
fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<(Provider, Credentials)> {
    let found = KEY_VARIABLES.iter().find_map(|variable| {
        let key = read(variable.name).filter(|key| !key.trim().is_empty())?;
        Some(((variable.provider)(), Credentials::api_key(key)))
    });
    found.ok_or_else(|| {
        let text =
            "no key in the environment: set COMETAPI_KEY for CometAPI or KLING_API_KEY for Kling";
        Error::new(ErrorKind::Config, text)
    })
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
        }
    }

    /// A client for the first provider whose key is in the environment:
    /// `COMETAPI_KEY`, then `KLING_API_KEY`.
    pub fn from_env() -> Result<Client> {
        let (provider, credentials) = from_variables(|name| std::env::var(name).ok())?;
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
        let answer = query(&self.settings, &call).await?;
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
    /// connection, too many requests, no free slot, maintenance) is repeated
    /// within the [`RetryPolicy`]. One whose answer was lost never is, unless
    /// the provider can tell that it did not arrive: otherwise the error has
    /// [`maybe_sent`](Error::maybe_sent).
    ///
    /// Dropping the future while it runs leaves the outcome unknown: set an
    /// external task id of your own to find the task by.
    pub async fn create(&self, request: EffectRequest) -> Result<TaskHandle> {
        let (task, external_id) = create::create(self.client, request).await?;
        let handle = TaskHandle::created(self.client.clone(), routes::EFFECTS, task);
        Ok(handle.with_external_id(external_id))
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

    /// The client, or what is wrong with the settings.
    pub fn build(self) -> Result<Client> {
        self.provider.check_base_url()?;
        self.credentials.authorization()?;
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

#[cfg(test)]
mod tests {
    use super::from_variables;

    /// Gives the variables these values; expects a provider's name or an error.
    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: Result<&str, &str>) {
        let found = from_variables(|name| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        let found = found
            .map(|(provider, _)| provider.name().to_owned())
            .map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    const NONE: &str =
        "no key in the environment: set COMETAPI_KEY for CometAPI or KLING_API_KEY for Kling";

    #[test]
    fn the_environment_names_the_provider() {
        check(&[("COMETAPI_KEY", "sk-1")], Ok("comet"));
        check(&[("KLING_API_KEY", "k")], Ok("kling"));
        check(
            &[("KLING_API_KEY", "k"), ("COMETAPI_KEY", "sk-1")],
            Ok("comet"),
        );
    }

    #[test]
    fn an_empty_variable_is_none() {
        check(&[], Err(NONE));
        check(&[("COMETAPI_KEY", " \n")], Err(NONE));
        check(&[("COMETAPI_KEY", ""), ("KLING_API_KEY", "k")], Ok("kling"));
        check(&[("SOME_KEY", "x")], Err(NONE));
    }
}
