//! `MockBuilder`: the settings of a mock.

use std::sync::{Arc, Mutex};

use kling_http::{Clock, SharedClock, SharedTransport, Transport};
use kling_types::scene::{Date, LATEST_LIST};
use tokio::sync::Notify;

use crate::admin;
use crate::auth::AuthMode;
use crate::callback::{AllowList, CallbacksOn, Policy};
use crate::clock::{DefaultClock, Pace};
use crate::engine::{Account, Engine, Setup, SetupError, check_account};
use crate::fault::Fault;
use crate::journal::JournalLimits;
use crate::ledger::Prices;
use crate::plan::Plan;
use crate::profile::Profile;

use super::{Inner, Mock};

/// Builds a [`Mock`].
#[derive(Debug)]
#[must_use]
pub struct MockBuilder {
    setup: Setup,
    clock: Option<SharedClock>,
    pace: Pace,
    wall: Option<SharedClock>,
    callback_targets: AllowList,
    callback_transport: Option<SharedTransport>,
    admin_token: Option<admin::Token>,
}

impl MockBuilder {
    pub(super) fn new() -> Self {
        MockBuilder {
            setup: Setup {
                profile: Profile::comet(),
                plan: Plan::default(),
                seed: 0,
                scenes_as_of: LATEST_LIST,
                auth: AuthMode::Verify,
                accounts: Vec::new(),
                faults: Vec::new(),
                journal: JournalLimits::default(),
                prices: Prices::default(),
                callbacks: Policy::default(),
                video_bytes: 0,
                public_url: None,
            },
            clock: None,
            pace: Pace::Running(1.0),
            wall: None,
            callback_targets: AllowList::default(),
            callback_transport: None,
            admin_token: None,
        }
    }

    /// The host to imitate.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.setup.profile = profile;
        self
    }

    /// The plan of every task whose account has none of its own.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.setup.plan = plan;
        self
    }

    /// The seed of keys, request ids and videos: the same seed, requests and times
    /// give the same answers. If you run several servers, give each its own seed; a
    /// request that reaches the wrong one is then refused.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// The service's clock: a [`ManualClock`](crate::ManualClock), a
    /// [`ScaledClock`](crate::ScaledClock), or any other. Without one it is tokio's
    /// time, starting at 2026-01-01 in process and in the present behind a socket.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.pace = Pace::of(&clock);
        self.clock = Some(Arc::new(clock));
        self
    }

    /// A separate clock for tokens and signatures. If a mock jumps a month ahead,
    /// it would otherwise find every token expired, and receivers would find every
    /// signature to be from the future.
    pub fn wall_clock(mut self, clock: impl Clock) -> Self {
        self.wall = Some(Arc::new(clock));
        self
    }

    /// The date whose scene list the service knows; 2026-09-20 by default.
    pub fn scenes_as_of(mut self, date: Date) -> Self {
        self.setup.scenes_as_of = date;
        self
    }

    /// How strictly credentials are checked; [`AuthMode::Verify`] by default.
    pub fn auth(mut self, mode: AuthMode) -> Self {
        self.setup.auth = mode;
        self
    }

    /// Adds an account. If none is added, there is one named `default`.
    pub fn account(mut self, account: Account) -> Result<Self, SetupError> {
        check_account(&account, &self.setup.accounts)?;
        self.setup.accounts.push(account);
        Ok(self)
    }

    /// Arms a fault.
    ///
    /// ```
    /// use kling_mock::Mock;
    ///
    /// let mock = Mock::builder().fault("create#1@after:reset".parse()?).build();
    /// # Ok::<(), kling_mock::FaultError>(())
    /// ```
    pub fn fault(mut self, fault: Fault) -> Self {
        self.setup.faults.push(fault);
        self
    }

    /// The limits of the journal.
    pub fn journal(mut self, limits: JournalLimits) -> Self {
        self.setup.journal = limits;
        self
    }

    /// The prices of tasks.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.setup.prices = prices;
        self
    }

    /// Pads the video files to this size, at most 2 GiB, with data that players
    /// skip: for tests of large downloads. A file is created in memory when it is
    /// requested.
    pub fn video_bytes(mut self, least: u64) -> Self {
        self.setup.video_bytes = least;
        self
    }

    /// Which changes cause a callback; all of them by default.
    pub fn callbacks_on(mut self, on: CallbacksOn) -> Self {
        self.setup.callbacks.on = on;
        self
    }

    /// The maximum number of attempts to deliver a callback; one by default, as
    /// nothing is known of how the service retries.
    pub fn callback_attempts(mut self, attempts: u32) -> Self {
        self.setup.callbacks.attempts = attempts.max(1);
        self
    }

    /// Allows callbacks to this host, address or network (`10.0.0.0/8`). By default
    /// they go to this machine only.
    pub fn allow_callbacks_to(mut self, target: &str) -> Result<Self, String> {
        self.callback_targets.add(target)?;
        Ok(self)
    }

    /// The transport of callbacks that fall due while a
    /// [`ManualClock`](crate::ManualClock) is moved. Without one they wait for
    /// [`Mock::deliver_callbacks`] or [`Mock::run_callbacks`].
    pub fn callbacks_through(mut self, transport: impl Transport) -> Self {
        self.callback_transport = Some(SharedTransport::new(transport));
        self
    }

    /// The base URL of links to results, in place of the address of the request:
    /// `https://mock.example.com`, for a service behind a proxy.
    pub fn public_url(mut self, url: &str) -> Result<Self, String> {
        let fits = url.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                && uri.query().is_none()
        });
        if !fits || url.contains(['@', '#']) {
            return Err(
                "a public URL is http:// or https://, a host, and perhaps a port and a path"
                    .to_owned(),
            );
        }
        self.setup.public_url = Some(url.trim_end_matches('/').to_owned());
        Ok(self)
    }

    /// Requires this token at `/__mock`, as `Authorization: Bearer …` or
    /// `X-Mock-Token: …`. Without one, whoever reaches the service may use the
    /// control interface.
    pub fn admin_token(mut self, token: &str) -> Result<Self, String> {
        self.admin_token = Some(admin::Token::new(token)?);
        Ok(self)
    }

    /// Builds the mock.
    pub fn build(self) -> Mock {
        let (clock, default_clock) = match self.clock {
            Some(clock) => (clock, None),
            None => {
                let default = Arc::new(DefaultClock::new());
                (Arc::clone(&default) as SharedClock, Some(default))
            }
        };
        let callback_timeout = self.setup.callbacks.timeout;
        let engine = Engine::new(self.setup);
        if let Some(token) = &self.admin_token {
            engine.hide(token.text());
        }
        Mock(Arc::new(Inner {
            callback_timeout,
            engine,
            clock,
            default_clock,
            wall: self.wall,
            pace: self.pace,
            callback_targets: self.callback_targets,
            callback_transport: Mutex::new(self.callback_transport),
            delivery_lock: tokio::sync::Mutex::new(()),
            admin_token: self.admin_token,
            queue_changed: Notify::new(),
            journal_written: Notify::new(),
        }))
    }
}
