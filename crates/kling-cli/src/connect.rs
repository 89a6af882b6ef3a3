//! Resolves provider, host and credentials: options before the environment, the
//! environment before the settings file.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum as _;
use kling_http::{Client, Credentials, PollPolicy, Provider};
use serde::Deserialize;

use crate::args::{ProviderName, time};
use crate::failure::Failure;
use crate::input;

/// Whom to talk to.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ConnectArgs {
    /// The provider; by default the one whose key is in the environment, otherwise comet
    /// [env: KLING_PROVIDER]
    #[arg(long, value_enum)]
    pub(crate) provider: Option<ProviderName>,

    /// Another host that speaks the provider's API: a proxy, or `kling mock` [env: KLING_BASE_URL]
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    #[command(flatten)]
    pub(crate) own: OwnArgs,
}

/// What is the caller's own: the key, where it does not come from the environment,
/// and settings.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct OwnArgs {
    /// Read the API key from this file, which others must not be able to read
    #[arg(long, value_name = "FILE", conflicts_with = "key_stdin")]
    pub(crate) key_file: Option<PathBuf>,

    /// Read the API key from stdin
    #[arg(long)]
    pub(crate) key_stdin: bool,

    /// The settings file, without secrets; ~/.config/kling/kling.toml by default [env: KLING_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How long to wait.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct WaitArgs {
    /// How long to wait for the task once it is created, in seconds or as in 10m; 30m by default.
    /// The task keeps running after that [env: KLING_TIMEOUT]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,

    /// Poll the task at this fixed interval, in seconds or as in 500ms; by default when it is likely
    /// to have ended [env: KLING_POLL_INTERVAL]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) poll_interval: Option<Duration>,
}

/// What may stand in the file: nothing secret, so that it may be shared.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    provider: Option<String>,
    base_url: Option<String>,
    timeout: Option<Time>,
    poll_interval: Option<Time>,
}

/// A time in the file.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a time is a number of seconds, or text such as \"10m\""
)]
enum Time {
    Seconds(f64),
    Text(String),
}

impl Time {
    fn text(&self) -> String {
        match self {
            Time::Seconds(seconds) => seconds.to_string(),
            Time::Text(text) => text.clone(),
        }
    }
}

/// A client, and what it was made for.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) provider: Provider,
}

/// What a job that was written down says of its service.
pub(crate) struct Known<'a> {
    pub(crate) provider: &'a str,
    pub(crate) base_url: &'a str,
}

impl ConnectArgs {
    pub(crate) fn connect(
        &self,
        wait: &WaitArgs,
        known: Option<&Known<'_>>,
        check_pictures: bool,
    ) -> Result<Connection, Failure> {
        let settings = self.settings()?;
        let wanted = match known {
            // A key must only go to the service of the job.
            Some(known) => Some(named(known.provider, "the state file's provider")?),
            None => self.wanted(&settings)?,
        };
        let (mut provider, credentials) = self.credentials(wanted)?;
        let base_url = match known {
            Some(known) => Some(known.base_url.to_owned()),
            None => self
                .base_url
                .clone()
                .or_else(|| variable("KLING_BASE_URL"))
                .or_else(|| settings.base_url.clone()),
        };
        let mut is_elsewhere = false;
        if let Some(url) = base_url {
            let usual = provider.base_url().to_owned();
            provider = provider.with_base_url(url);
            is_elsewhere = provider.base_url() != usual;
        }
        let client = Client::builder(provider.clone(), credentials)
            .poll(wait.policy(&settings, is_elsewhere)?)
            .check_pictures(check_pictures)
            .build()?;
        Ok(Connection { client, provider })
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let given = self
            .own
            .config
            .clone()
            .or_else(|| std::env::var_os("KLING_CONFIG").map(PathBuf::from))
            .filter(|path| !path.as_os_str().is_empty());
        // Not from the current directory: whoever made that could otherwise
        // choose the host that the key is sent to.
        let (path, must_exist) = match given {
            Some(path) => (path, true),
            None => match home_settings() {
                Some(path) => (path, false),
                None => return Ok(Settings::default()),
            },
        };
        let text = match input::text_up_to(LONGEST_SETTINGS, &path) {
            Ok(text) => text,
            Err(error) if !must_exist && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Settings::default());
            }
            Err(error) => {
                let text = format!("the settings {} can't be read: {error}", path.display());
                return Err(Failure::Usage(text));
            }
        };
        toml::from_str(&text).map_err(|error| {
            let (name, why) = (path.display(), error.message());
            let line = error.span().map_or(0, |span| span.start);
            let line = text.get(..line).unwrap_or_default().matches('\n').count() + 1;
            Failure::Usage(format!("the settings {name}, line {line}: {why}"))
        })
    }

    fn wanted(&self, settings: &Settings) -> Result<Option<ProviderName>, Failure> {
        if let Some(name) = self.provider {
            return Ok(Some(name));
        }
        if let Some(name) = variable("KLING_PROVIDER") {
            return named(&name, "KLING_PROVIDER").map(Some);
        }
        let from_file = settings.provider.as_deref();
        from_file
            .map(|name| named(name, "provider in the settings"))
            .transpose()
    }

    fn credentials(
        &self,
        wanted: Option<ProviderName>,
    ) -> Result<(Provider, Credentials), Failure> {
        let key = match &self.own.key_file {
            Some(path) => Some(read_private("--key-file", path)?),
            None if self.own.key_stdin => Some(key_from_stdin()?),
            None => None,
        };
        if let Some(key) = key {
            let provider = match wanted {
                Some(ProviderName::Kling) => Provider::kling(),
                Some(ProviderName::Comet) => Provider::comet(),
                // A key must not go to a stranger for want of a word.
                None => Credentials::from_variables(variable)
                    .map_or_else(|_| Provider::comet(), |(provider, _)| provider),
            };
            return Ok((provider, Credentials::api_key(key)));
        }
        let is_there = Cell::new(false);
        // The other provider's keys are not there, then.
        let read = |name: &str| {
            let comet = name.starts_with("COMETAPI");
            let other = match wanted {
                Some(ProviderName::Comet) => !comet,
                Some(ProviderName::Kling) => comet,
                None => false,
            };
            let value = if other { None } else { variable(name) };
            is_there.set(is_there.get() || value.is_some());
            value
        };
        Credentials::from_variables(read).map_err(|error| {
            if is_there.get() {
                return Failure::Client(error);
            }
            let chosen = wanted.and_then(|name| name.to_possible_value());
            let why = chosen.map(|name| {
                let name = name.get_name();
                format!("{error}; {name} was chosen, so another provider's key does not count")
            });
            Failure::NoKey(why.unwrap_or_else(|| error.to_string()))
        })
    }
}

impl WaitArgs {
    /// How often to ask after a task. What is known of the service's run times
    /// holds for the service alone: behind another host may be a fake one.
    fn policy(&self, settings: &Settings, is_elsewhere: bool) -> Result<PollPolicy, Failure> {
        let choose = |flag: Option<Duration>, name: &str, setting: &str, file: Option<&Time>| {
            if flag.is_some() {
                return Ok(flag);
            }
            let (place, text) = match (variable(name), file) {
                (Some(text), _) => (name.to_owned(), text),
                (None, Some(time)) => (format!("{setting} in the settings"), time.text()),
                (None, None) => return Ok(None),
            };
            let fault = |why| Failure::Usage(format!("{place} is {text:?}: {why}"));
            time(&text).map(Some).map_err(fault)
        };
        let (timeout, interval) = (&settings.timeout, &settings.poll_interval);
        let timeout = choose(self.timeout, "KLING_TIMEOUT", "timeout", timeout.as_ref())?;
        let interval = choose(
            self.poll_interval,
            "KLING_POLL_INTERVAL",
            "poll-interval",
            interval.as_ref(),
        )?;
        let mut policy = match interval {
            Some(interval) => PollPolicy::every(interval),
            None if is_elsewhere => PollPolicy::exponential(),
            None => PollPolicy::default(),
        };
        if let Some(timeout) = timeout {
            policy.max_wait = timeout;
        }
        Ok(policy)
    }
}

/// A variable that is empty counts as none.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

fn home_settings() -> Option<PathBuf> {
    let base = match variable("XDG_CONFIG_HOME") {
        Some(base) => PathBuf::from(base),
        None => PathBuf::from(variable("HOME")?).join(".config"),
    };
    Some(base.join("kling/kling.toml"))
}

fn named(name: &str, place: &str) -> Result<ProviderName, Failure> {
    ProviderName::from_str(name, false)
        .map_err(|_| Failure::Usage(format!("{place} is {name:?}: write comet or kling")))
}

/// The most that is read of a file with settings, in bytes.
pub(crate) const LONGEST_SETTINGS: u64 = 1024 * 1024;

/// The most that is read in search of a key.
const LONGEST_KEY: u64 = 16 * 1024;

/// A secret from a file that is its owner's alone.
pub(crate) fn read_private(flag: &str, path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let fault = |why: String| Failure::Usage(format!("{flag} {name} {why}"));
    let file =
        std::fs::File::open(path).map_err(|error| fault(format!("can't be read: {error}")))?;
    let metadata = file
        .metadata()
        .map_err(|error| fault(format!("can't be read: {error}")))?;
    if !metadata.is_file() {
        return Err(fault("is not a regular file".to_owned()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(fault(format!(
                "can be read by others: close it with chmod 600 {name}"
            )));
        }
    }
    read_text(file).map_err(fault)
}

fn key_from_stdin() -> Result<String, Failure> {
    read_text(std::io::stdin()).map_err(|why| Failure::Usage(format!("--key-stdin: stdin {why}")))
}

fn read_text(from: impl std::io::Read) -> Result<String, String> {
    let text = input::read_up_to(LONGEST_KEY, from).and_then(input::text);
    let text = text.map_err(|error| format!("can't be read: {error}"))?;
    match text.trim() {
        "" => Err("is empty".to_owned()),
        key if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err("has characters that no key has: was it copied whole?".to_owned())
        }
        key => Ok(key.to_owned()),
    }
}
