//! The fake service as a value.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kling_http::{Client, Clock, Credentials, Provider, Result, SharedClock, TokioClock};
use kling_types::scene::{Date, LATEST_LIST};

use crate::engine::{Charge, Engine};
use crate::plan::Plan;
use crate::profile::Profile;
use crate::serve::Server;
use crate::transport::MockTransport;

/// The fake service. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Mock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    clock: SharedClock,
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
            profile: Profile::comet(),
            plan: Plan::default(),
            seed: 0,
            clock: None,
            scenes_as_of: LATEST_LIST,
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

    /// What was billed so far, in order.
    pub fn charges(&self) -> Vec<Charge> {
        self.0.engine.charges()
    }

    /// Answers a request. Its URI says where the service lives, so that the
    /// links to results lead back to it.
    pub(crate) fn handle(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        self.0.engine.handle(self.0.clock.now().into(), request)
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
    profile: Profile,
    plan: Plan,
    seed: u64,
    clock: Option<SharedClock>,
    scenes_as_of: Date,
}

impl MockBuilder {
    /// Which host to imitate.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// What becomes of every task.
    pub fn plan(mut self, plan: Plan) -> Self {
        self.plan = plan;
        self
    }

    /// What keys, request ids and videos derive from: the same seed, requests
    /// and times give the same answers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// What time it is for the service.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The day whose list of scenes the service knows; 2026-09-20 by default.
    pub fn scenes_as_of(mut self, date: Date) -> Self {
        self.scenes_as_of = date;
        self
    }

    /// The service.
    pub fn build(self) -> Mock {
        let start: SystemTime = UNIX_EPOCH + EPOCH;
        let clock = self
            .clock
            .unwrap_or_else(|| Arc::new(TokioClock::starting_at(start)));
        let engine = Engine::new(self.profile, self.plan, self.seed, self.scenes_as_of);
        Mock(Arc::new(Inner { engine, clock }))
    }
}
