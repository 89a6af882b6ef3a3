//! `Mock`: the handle to a fake service.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kling_http::{
    Cadence, Client, Credentials, Growing, PollPolicy, Provider, Result, SharedClock,
    SharedTransport,
};
use kling_types::UnixMillis;
use tokio::sync::Notify;

use crate::admin;
use crate::callback::AllowList;
use crate::clock::{DefaultClock, Pace};
use crate::engine::Engine;
use crate::fault::Fault;
use crate::journal::{JournalEntry, JournalPage, Totals};
use crate::ledger::{Charge, Ledger};
#[cfg(feature = "wiremock")]
use crate::respond::MockResponder;
use crate::serve::Server;
use crate::transport::MockTransport;
use crate::verify::{Expectation, FaultHits, VerifyError};

mod answer;
mod builder;
mod callbacks;
mod steering;
mod travel;
mod upkeep;

pub use builder::MockBuilder;
pub use upkeep::ResetScope;

/// The fake service. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Mock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    clock: SharedClock,
    /// The same, if none was given.
    default_clock: Option<Arc<DefaultClock>>,
    pace: Pace,
    /// What tokens are held to, if not the mock's own clock.
    wall: Option<SharedClock>,
    callback_targets: AllowList,
    callback_timeout: Duration,
    /// What callbacks go through that fall due while the clock is moved.
    post: Mutex<Option<SharedTransport>>,
    /// Held while the clock is moved or callbacks are sent, so that each is done
    /// in its order.
    errands: tokio::sync::Mutex<()>,
    admin_token: Option<admin::Token>,
    news: Notify,
    /// Told of each entry of the journal.
    written: Notify,
}

/// Where the service lives when no socket is involved.
const IN_PROCESS_URL: &str = "https://kling-mock.test";

impl Mock {
    /// A service with the defaults of [`Mock::builder`].
    pub fn new() -> Self {
        Mock::builder().build()
    }

    /// A service to be set up: CometAPI's ways, [`Plan::quick`](crate::Plan::quick), seed 0, a
    /// tokio clock that begins on 2026-01-01, or in the present if it is
    /// [served](Self::serve).
    pub fn builder() -> MockBuilder {
        MockBuilder::new()
    }

    /// The key that the service accepts: the first account's.
    pub fn api_key(&self) -> &str {
        self.0.engine.api_key()
    }

    /// The API key of the account of this name, given or made.
    pub fn api_key_of(&self, account: &str) -> Option<String> {
        self.0.engine.api_key_of(account)
    }

    /// The door without a socket.
    pub fn transport(&self) -> MockTransport {
        MockTransport::new(self.clone())
    }

    /// A client that comes through that door, with the right key and clock. It
    /// asks after tasks ten times a second at first and every five seconds in
    /// the end, as tasks here may end at once; the client's own cadence expects
    /// minutes.
    pub fn client(&self) -> Result<Client> {
        let provider = self.provider().with_base_url(IN_PROCESS_URL);
        Client::builder(provider, Credentials::api_key(self.api_key()))
            .transport(self.transport())
            .clock(Arc::clone(self.0.wall.as_ref().unwrap_or(&self.0.clock)))
            .poll(PollPolicy {
                cadence: Cadence::Growing(Growing {
                    initial: Duration::from_millis(100),
                    factor: 1.5,
                    max_interval: Duration::from_secs(5),
                    jitter: 0.0,
                }),
                ..PollPolicy::default()
            })
            .build()
    }

    /// Whose ways it imitates: `comet` or `kling`.
    pub fn profile_name(&self) -> &'static str {
        self.0.engine.profile().name()
    }

    /// What its keys, ids and videos derive from, and what its chances follow.
    pub fn seed(&self) -> u64 {
        self.0.engine.seed()
    }

    /// The provider that a client needs to talk to this service, but for the
    /// base URL.
    pub fn provider(&self) -> Provider {
        match self.profile_name() {
            "kling" => Provider::kling(),
            _ => Provider::comet(),
        }
    }

    /// The door on a socket. Port 0 takes a free one.
    ///
    /// Whoever comes through it has the machine's time. So a mock without a
    /// [clock](MockBuilder::clock) of its own leaps from 2026-01-01 to the present
    /// here: put tasks into it afterwards. One that has a clock keeps it, also for
    /// tokens and signatures; with [`MockBuilder::wall_clock`] those go by
    /// another.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> std::io::Result<Server> {
        Server::start(self.clone(), address.into()).await
    }

    /// The door inside a wiremock server that is there already. A mock without a
    /// clock of its own leaps to the present, as with [`serve`](Self::serve).
    #[cfg(feature = "wiremock")]
    pub fn respond(&self) -> MockResponder {
        self.go_outside();
        MockResponder::new(self.clone())
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

    /// Arms a fault in the place of another, whose id it gets; its counts begin
    /// anew. Whether that other one was there.
    pub fn replace_fault(&self, id: u64, fault: Fault) -> bool {
        self.0.engine.replace_fault(id, fault)
    }

    /// Takes a fault away again; whether it was there.
    pub fn disarm(&self, id: u64) -> bool {
        self.0.engine.disarm(id)
    }

    /// The faults that are armed, and how often each acted.
    pub fn faults(&self) -> Vec<FaultHits> {
        self.0.engine.faults()
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

    /// How many requests of one account came.
    pub fn totals_of(&self, account: &str) -> Totals {
        self.0.engine.totals_of(account)
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

    /// From now on it is asked by those who have the machine's time.
    pub(crate) fn go_outside(&self) {
        if let Some(clock) = &self.0.default_clock {
            clock.go_outside();
        }
    }

    /// What others hold against their own clocks: tokens and signatures.
    fn wall(&self) -> UnixMillis {
        self.0
            .wall
            .as_ref()
            .map_or_else(|| self.now(), |wall| wall.now().into())
    }
}

impl Default for Mock {
    fn default() -> Self {
        Mock::new()
    }
}
