//! `Mock`: the handle to a fake service.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kling_http::{
    Backoff, Client, Credentials, PollPolicy, PollSchedule, Provider, Result, SharedClock,
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
mod manage;
mod tasks;
mod time;

pub use builder::MockBuilder;
pub use manage::ResetScope;

/// A fake service. Clones share the same service.
#[derive(Debug, Clone)]
pub struct Mock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    clock: SharedClock,
    /// The same clock, if none was given.
    default_clock: Option<Arc<DefaultClock>>,
    pace: Pace,
    /// The clock against which tokens are checked, if not the mock's own.
    wall: Option<SharedClock>,
    callback_targets: AllowList,
    callback_timeout: Duration,
    /// The transport of callbacks that fall due while the clock is moved.
    callback_transport: Mutex<Option<SharedTransport>>,
    /// Held while the clock is moved or callbacks are sent, so that only one of
    /// these runs at a time.
    delivery_lock: tokio::sync::Mutex<()>,
    admin_token: Option<admin::Token>,
    /// Notified when the next callback may have changed.
    queue_changed: Notify,
    /// Notified of each new entry of the journal.
    journal_written: Notify,
}

/// The address of the service when no socket is involved.
const IN_PROCESS_URL: &str = "https://kling-mock.test";

impl Mock {
    /// A mock with the defaults of [`Mock::builder`].
    pub fn new() -> Self {
        Mock::builder().build()
    }

    /// A builder with these defaults: CometAPI's profile,
    /// [`Plan::quick`](crate::Plan::quick), seed 0, and a tokio clock that starts
    /// at 2026-01-01, or in the present if the mock is [served](Self::serve).
    pub fn builder() -> MockBuilder {
        MockBuilder::new()
    }

    /// The API key of the first account.
    pub fn api_key(&self) -> &str {
        self.0.engine.api_key()
    }

    /// The API key of the account of this name, whether it was given or generated.
    pub fn api_key_of(&self, account: &str) -> Option<String> {
        self.0.engine.api_key_of(account)
    }

    /// A transport that leads to this mock in process, without a socket.
    pub fn transport(&self) -> MockTransport {
        MockTransport::new(self.clone())
    }

    /// A client over [`transport`](Self::transport), with the right key and clock.
    /// It polls ten times a second at first and every five seconds in the end,
    /// because tasks of a mock may end immediately; the client's default schedule
    /// expects minutes.
    pub fn client(&self) -> Result<Client> {
        let provider = self.provider().with_base_url(IN_PROCESS_URL);
        Client::builder(provider, Credentials::api_key(self.api_key()))
            .transport(self.transport())
            .clock(Arc::clone(self.0.wall.as_ref().unwrap_or(&self.0.clock)))
            .poll(PollPolicy {
                schedule: PollSchedule::Backoff(Backoff {
                    initial: Duration::from_millis(100),
                    factor: 1.5,
                    max_interval: Duration::from_secs(5),
                    jitter: 0.0,
                }),
                ..PollPolicy::default()
            })
            .build()
    }

    /// The host that it imitates: `comet` or `kling`.
    pub fn profile_name(&self) -> &'static str {
        self.0.engine.profile().name()
    }

    /// The seed from which keys, ids, videos and random decisions are derived.
    pub fn seed(&self) -> u64 {
        self.0.engine.seed()
    }

    /// The provider with which a client talks to this service, except for the base
    /// URL.
    pub fn provider(&self) -> Provider {
        match self.profile_name() {
            "kling" => Provider::kling(),
            _ => Provider::comet(),
        }
    }

    /// Serves the mock on a socket. Port 0 chooses a free port.
    ///
    /// Clients on a socket use the machine's clock. Therefore a mock without a
    /// [clock](MockBuilder::clock) of its own jumps from 2026-01-01 to the present
    /// here; add tasks to it afterwards. A mock that was given a clock keeps it,
    /// also for tokens and signatures, unless [`MockBuilder::wall_clock`] sets
    /// another one for those.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> std::io::Result<Server> {
        Server::start(self.clone(), address.into()).await
    }

    /// A responder to mount in an existing wiremock server. A mock without a clock
    /// of its own jumps to the present, as with [`serve`](Self::serve).
    #[cfg(feature = "wiremock")]
    pub fn respond(&self) -> MockResponder {
        self.go_outside();
        MockResponder::new(self.clone())
    }

    /// The ledger of charges so far.
    pub fn ledger(&self) -> Ledger {
        self.0.engine.ledger()
    }

    /// The charges so far, in order.
    pub fn charges(&self) -> Vec<Charge> {
        self.ledger().charges().collect()
    }

    /// Arms a fault, after those already armed, and returns its id.
    pub fn arm(&self, fault: Fault) -> u64 {
        self.0.engine.arm(fault)
    }

    /// Replaces the fault of this id with another, which keeps the id; its counts
    /// start again. Returns whether there was such a fault.
    pub fn replace_fault(&self, id: u64, fault: Fault) -> bool {
        self.0.engine.replace_fault(id, fault)
    }

    /// Disarms a fault; returns whether it was armed.
    pub fn disarm(&self, id: u64) -> bool {
        self.0.engine.disarm(id)
    }

    /// The armed faults, and how often each has acted.
    pub fn faults(&self) -> Vec<FaultHits> {
        self.0.engine.faults()
    }

    /// The requests and answers in the journal, oldest first, redacted.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.0.engine.journal()
    }

    /// At most `limit` entries of the journal after number `seq`; the first is 1.
    pub fn journal_after(&self, seq: u64, limit: usize) -> JournalPage {
        self.0.engine.journal_after(seq, limit)
    }

    /// Counts of all requests, including those that the journal no longer holds.
    pub fn totals(&self) -> Totals {
        self.0.engine.totals()
    }

    /// Counts of the requests of one account.
    pub fn totals_of(&self, account: &str) -> Totals {
        self.0.engine.totals_of(account)
    }

    /// Verifies that what happened is what was expected; the error holds a
    /// transcript.
    ///
    /// ```
    /// use kling_mock::{Expectation, Mock};
    ///
    /// let mock = Mock::new();
    /// let error = mock.verify(&Expectation::new().charges(1)).unwrap_err();
    /// assert!(error.to_string().contains("no requests were received"));
    /// ```
    pub fn verify(&self, expected: &Expectation) -> std::result::Result<(), VerifyError> {
        self.0.engine.verify(expected)
    }

    /// Switches the default clock to the present: from now on clients use the
    /// machine's clock.
    pub(crate) fn go_outside(&self) {
        if let Some(clock) = &self.0.default_clock {
            clock.go_outside();
        }
    }

    /// The time that others compare with their own clocks: for tokens and
    /// signatures.
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
