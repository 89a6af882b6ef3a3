//! The fake service as a value.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kling_http::{Client, Clock, Credentials, Provider, Result, SharedClock, TokioClock};
use kling_types::scene::{Date, LATEST_LIST};

use crate::auth::AuthMode;
use crate::engine::{Account, Engine, Reply, Setup, SetupError, check_account};
use crate::fault::Fault;
use crate::journal::{JournalEntry, JournalLimits, JournalPage, Totals};
use crate::ledger::{Charge, Ledger, Prices};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::serve::Server;
use crate::transport::MockTransport;
use crate::verify::{Expectation, FaultHits, VerifyError};

/// The fake service. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Mock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    clock: SharedClock,
    /// What tokens are held to, if not the mock's own clock.
    wall: Option<SharedClock>,
}

/// Where the service lives when no socket is involved.
const IN_PROCESS_URL: &str = "https://kling-mock.test";

/// 2026-01-01T00:00:00Z: where a mock's clock begins, so that runs repeat.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

impl Mock {
    /// A service with the defaults of [`Mock::builder`].
    pub fn new() -> Self {
        Mock::builder().build()
    }

    /// A service to be set up: CometAPI's ways, [`Plan::quick`], seed 0, a
    /// tokio clock that begins on 2026-01-01.
    pub fn builder() -> MockBuilder {
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
            },
            clock: None,
            wall: None,
        }
    }

    /// The key that the service accepts.
    pub fn api_key(&self) -> &str {
        self.0.engine.api_key()
    }

    /// The door without a socket.
    pub fn transport(&self) -> MockTransport {
        MockTransport::new(self.clone())
    }

    /// A client that comes through that door, with the right key.
    pub fn client(&self) -> Result<Client> {
        let provider = self.provider().with_base_url(IN_PROCESS_URL);
        Client::builder(provider, Credentials::api_key(self.api_key()))
            .transport(self.transport())
            .build()
    }

    /// The provider that a client needs to talk to this service, but for the
    /// base URL.
    pub fn provider(&self) -> Provider {
        match self.0.engine.profile().name {
            "kling" => Provider::kling(),
            _ => Provider::comet(),
        }
    }

    /// The door on a socket. Port 0 takes a free one.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> std::io::Result<Server> {
        Server::start(self.clone(), address.into()).await
    }

    /// What was billed so far.
    pub fn ledger(&self) -> Ledger {
        self.0.engine.ledger()
    }

    /// What was billed so far, in order.
    pub fn charges(&self) -> Vec<Charge> {
        self.ledger().charges().collect()
    }

    /// Arms a fault, after those that are; its id.
    pub fn arm(&self, fault: Fault) -> u64 {
        self.0.engine.arm(fault)
    }

    /// Takes a fault away again; whether it was there.
    pub fn disarm(&self, id: u64) -> bool {
        self.0.engine.disarm(id)
    }

    /// The faults that are armed, and how often each acted.
    pub fn faults(&self) -> Vec<FaultHits> {
        self.0.engine.faults()
    }

    /// Forgets tasks, charges, journal and faults. Accounts and keys stay.
    pub fn reset(&self) {
        self.0.engine.reset();
    }

    /// What was asked and answered, the oldest first, without secrets.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.engine.journal()
    }

    /// At most `limit` entries of the journal after number `seq`; the first is 1.
    pub fn journal_after(&self, seq: u64, limit: usize) -> JournalPage {
        self.0.engine.journal_after(seq, limit)
    }

    /// How many requests came, also those that the journal no longer has.
    pub fn totals(&self) -> Totals {
        self.0.engine.totals()
    }

    /// Whether what happened is what was expected; the error is a transcript.
    ///
    /// ```
    /// use kling_mock::{Expectation, Mock};
    ///
    /// let mock = Mock::new();
    /// let error = mock.verify(&Expectation::new().charges(1)).unwrap_err();
    /// assert!(error.to_string().contains("no requests came"));
    /// ```
    pub fn verify(&self, expected: &Expectation) -> std::result::Result<(), VerifyError> {
        self.0.engine.verify(expected)
    }

    /// Answers a request. Its URI says where the service lives, so that the
    /// links to results lead back to it.
    pub(crate) fn handle(&self, request: &http::Request<Bytes>) -> Reply {
        let now = self.0.clock.now().into();
        let wall = self.0.wall.as_ref().map_or(now, |wall| wall.now().into());
        self.0.engine.handle(now, wall, request)
    }
}

impl Default for Mock {
    fn default() -> Self {
        Mock::new()
    }
}

/// Sets up a [`Mock`].
#[derive(Debug)]
#[must_use]
pub struct MockBuilder {
    setup: Setup,
    clock: Option<SharedClock>,
    wall: Option<SharedClock>,
}

impl MockBuilder {
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
    /// and times give the same answers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = seed;
        self
    }

    /// What time it is for the service.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The clock that the times of tokens are held to, if another: a mock that
    /// jumps a month ahead would find every token expired.
    pub fn auth_clock(mut self, clock: impl Clock) -> Self {
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
    pub fn account(mut self, account: Account) -> std::result::Result<Self, SetupError> {
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

    /// The service.
    pub fn build(self) -> Mock {
        let start: SystemTime = UNIX_EPOCH + EPOCH;
        let clock = self
            .clock
            .unwrap_or_else(|| Arc::new(TokioClock::starting_at(start)));
        Mock(Arc::new(Inner {
            engine: Engine::new(self.setup),
            clock,
            wall: self.wall,
        }))
    }
}
