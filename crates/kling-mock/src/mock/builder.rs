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

/// Sets up a [`Mock`].
#[derive(Debug)]
#[must_use]
pub struct MockBuilder {
    setup: Setup,
    clock: Option<SharedClock>,
    pace: Pace,
    wall: Option<SharedClock>,
    callback_targets: AllowList,
    post: Option<SharedTransport>,
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
            post: None,
            admin_token: None,
        }
    }

    /// Which host to imitate.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.setup.profile = profile;
        self
    }

    /// What becomes of every task, where its account has no plan of its own.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.setup.plan = plan;
        self
    }

    /// What keys, request ids and videos derive from: the same seed, requests
    /// and times give the same answers. Give each server of several a seed of its
    /// own: then a request that strays to another is refused.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// What time it is for the service: a [`ManualClock`](crate::ManualClock), a
    /// [`ScaledClock`](crate::ScaledClock), or any other. Without one it is tokio's
    /// time, from 2026-01-01 on in process, from the present on behind a socket.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.pace = Pace::of(&clock);
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The clock that tokens and signatures go by, if another: a mock that jumps
    /// a month ahead would find every token expired, and receivers would find
    /// every signature from the future.
    pub fn wall_clock(mut self, clock: impl Clock) -> Self {
        self.wall = Some(Arc::new(clock));
        self
    }

    /// The day whose list of scenes the service knows; 2026-09-20 by default.
    pub fn scenes_as_of(mut self, date: Date) -> Self {
        self.setup.scenes_as_of = date;
        self
    }

    /// How closely it looks at who asks; [`AuthMode::Verify`] by default.
    pub fn auth(mut self, mode: AuthMode) -> Self {
        self.setup.auth = mode;
        self
    }

    /// Adds an account. Without any there is one, named `default`.
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

    /// How much of what was asked and answered is kept.
    pub fn journal(mut self, limits: JournalLimits) -> Self {
        self.setup.journal = limits;
        self
    }

    /// What tasks cost.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.setup.prices = prices;
        self
    }

    /// Fills the video files up to this size, at most 2 GiB, with what players
    /// skip: for tests of large downloads. A file is made in memory when it is
    /// asked for.
    pub fn video_bytes(mut self, least: u64) -> Self {
        self.setup.video_bytes = least;
        self
    }

    /// Which changes callbacks tell of; every one by default.
    pub fn callbacks_on(mut self, on: CallbacksOn) -> Self {
        self.setup.callbacks.on = on;
        self
    }

    /// How often a callback is sent that is not answered with success; once by
    /// default, as nothing is known of retries.
    pub fn callback_attempts(mut self, attempts: u32) -> Self {
        self.setup.callbacks.attempts = attempts.max(1);
        self
    }

    /// Lets callbacks go to this host, address or network (`10.0.0.0/8`);
    /// without it, to this machine only.
    pub fn allow_callbacks_to(mut self, target: &str) -> Result<Self, String> {
        self.callback_targets.add(target)?;
        Ok(self)
    }

    /// What callbacks go through that fall due while a [`ManualClock`](crate::ManualClock) is moved.
    /// Without it they wait for [`Mock::deliver_callbacks`] or
    /// [`Mock::run_callbacks`].
    pub fn callbacks_through(mut self, transport: impl Transport) -> Self {
        self.post = Some(SharedTransport::new(transport));
        self
    }

    /// What links to results begin with, in place of where the request came in:
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

    /// Asks for this token at `/__mock`, as `Authorization: Bearer …` or
    /// `X-Mock-Token: …`; without one, whoever reaches the service may use it.
    pub fn admin_token(mut self, token: &str) -> Result<Self, String> {
        self.admin_token = Some(admin::Token::new(token)?);
        Ok(self)
    }

    /// The service.
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
            post: Mutex::new(self.post),
            errands: tokio::sync::Mutex::new(()),
            admin_token: self.admin_token,
            news: Notify::new(),
            written: Notify::new(),
        }))
    }
}
