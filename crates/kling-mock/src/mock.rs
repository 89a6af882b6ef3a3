//! The fake service as a value.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kling_http::{
    Cadence, Client, Clock, Credentials, Growing, PollPolicy, Provider, Result, SharedClock,
    SharedTransport, TokioClock, Transport,
};
use kling_types::UnixMillis;
use kling_types::scene::{Date, LATEST_LIST};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::admin;
use crate::auth::AuthMode;
use crate::callback::{AllowList, CallbacksOn, Outcome, Policy, Rotation, WebhookSecret};
use crate::clock::{ManualClock, Pace};
use crate::engine::{
    Account, BODY_LIMIT, CallbackAttempt, Engine, Outgoing, Reply, Setup, SetupError, TaskSummary,
    UnknownTask, Unread, check_account,
};
use crate::fault::Fault;
use crate::journal::{JournalEntry, JournalLimits, JournalPage, Totals};
use crate::ledger::{Charge, Ledger, Prices};
use crate::plan::{Plan, PlanRule, Steer};
use crate::profile::Profile;
#[cfg(feature = "wiremock")]
use crate::respond::MockResponder;
use crate::serve::Server;
use crate::transport::MockTransport;
use crate::verify::{Expectation, FaultHits, VerifyError};

mod travel;
mod upkeep;

pub use upkeep::ResetScope;

/// The fake service. Clones are the same service.
#[derive(Debug, Clone)]
pub struct Mock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    clock: SharedClock,
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

/// Says what came of a callback that was taken, also if nobody waited for it.
struct Report<'a> {
    mock: &'a Mock,
    outgoing: &'a Outgoing,
    outcome: Option<Outcome>,
    /// Whether the time it took counts.
    timed: bool,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        let outcome = self.outcome.take();
        let outcome = outcome.unwrap_or_else(|| Outcome::Failed("given up".to_owned()));
        let at = self.timed.then(|| self.mock.now());
        self.mock.0.engine.report(self.outgoing, outcome, at);
        self.mock.0.written.notify_waiters();
    }
}

/// How many callbacks are under way at once.
const CALLBACKS_AT_ONCE: usize = 32;

/// Where the service lives when no socket is involved.
const IN_PROCESS_URL: &str = "https://kling-mock.test";

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

    /// The key that the service accepts.
    pub fn api_key(&self) -> &str {
        self.0.engine.api_key()
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

    /// The provider that a client needs to talk to this service, but for the
    /// base URL.
    pub fn provider(&self) -> Provider {
        match self.profile_name() {
            "kling" => Provider::kling(),
            _ => Provider::comet(),
        }
    }

    /// The door on a socket. Port 0 takes a free one.
    pub async fn serve(&self, address: impl Into<SocketAddr>) -> std::io::Result<Server> {
        Server::start(self.clone(), address.into()).await
    }

    /// The door inside a wiremock server that is there already.
    #[cfg(feature = "wiremock")]
    pub fn respond(&self) -> MockResponder {
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

    /// Takes a fault away again; whether it was there.
    pub fn disarm(&self, id: u64) -> bool {
        self.0.engine.disarm(id)
    }

    /// The faults that are armed, and how often each acted.
    pub fn faults(&self) -> Vec<FaultHits> {
        self.0.engine.faults()
    }

    /// A plan for some of the creates to come, after the rules that are there.
    pub fn plan_for(&self, rule: PlanRule) {
        self.0.engine.plan_for(rule);
    }

    /// The rules that are there.
    pub fn plan_rules(&self) -> Vec<PlanRule> {
        self.0.engine.plan_rules()
    }

    /// Takes all rules away.
    pub fn forget_plan_rules(&self) {
        self.0.engine.forget_plan_rules();
    }

    /// A task as it is, by its id, or by its external id if that is one
    /// account's only. No query: nothing moves, nothing is written down.
    pub fn task(&self, id: &str) -> std::result::Result<TaskSummary, UnknownTask> {
        self.0.engine.task(id, self.now())
    }

    /// The tasks of an account, the newest first.
    pub fn tasks(&self, account: &str, skip: usize, limit: usize) -> Vec<TaskSummary> {
        self.0.engine.tasks(account, skip, limit, self.now())
    }

    /// Ends the stage that a task is in: the queue, or the run. The way on for
    /// [`Plan::held`] and [`Plan::stuck`].
    ///
    /// ```
    /// # use kling_http::{EffectRequest, ImageSource, Scene};
    /// use kling_mock::{Mock, Plan};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mock = Mock::builder().plan(Plan::held()).build();
    /// # let image = ImageSource::url("https://example.com/me.jpg");
    /// # let request = EffectRequest::single(Scene::COLOR_MIXING, image);
    /// let task = mock.client()?.effects().create(request).await?;
    /// mock.release(task.id().as_str())?;
    /// assert_eq!(task.fetch().await?.status.as_str(), "processing");
    /// mock.release(task.id().as_str())?;
    /// task.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn release(&self, id: &str) -> std::result::Result<TaskSummary, UnknownTask> {
        self.steer(id, &Steer::Release)
    }

    /// Ends a task now: with this failure, or without one in success.
    pub fn finish(
        &self,
        id: &str,
        failure: Option<&str>,
    ) -> std::result::Result<TaskSummary, UnknownTask> {
        let ending = match failure {
            Some(message) => Plan::instant().failing(message),
            None => Plan::instant(),
        };
        self.steer(id, &Steer::Follow(&ending))
    }

    /// Gives a task another plan, from the stage it is in onwards. Where that
    /// would have moved on by now, the task does so now.
    pub fn replan(&self, id: &str, plan: &Plan) -> std::result::Result<TaskSummary, UnknownTask> {
        self.steer(id, &Steer::Follow(plan))
    }

    fn steer(&self, id: &str, steer: &Steer<'_>) -> std::result::Result<TaskSummary, UnknownTask> {
        let steered = self.0.engine.steer(id, self.now(), steer);
        self.0.news.notify_one();
        steered
    }

    /// Lets time pass for one account only: two tests that share a server can
    /// travel apart. Whether there is an account of this name.
    pub fn advance_account(&self, account: &str, by: Duration) -> bool {
        let advanced = self.0.engine.advance_account(account, by);
        self.0.news.notify_one();
        advanced
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

    /// Sends every callback that is due, through this transport, and returns how
    /// many were. For clocks that the test moves.
    pub async fn deliver_callbacks(&self, transport: &impl Transport) -> usize {
        let _turn = self.0.errands.lock().await;
        self.deliver_due(transport).await
    }

    /// The same, for whoever has the turn.
    async fn deliver_due(&self, transport: &impl Transport) -> usize {
        let mut sent = 0;
        while let Some(outgoing) = self.take_callback() {
            self.deliver(transport, &outgoing, false).await;
            sent += 1;
        }
        sent
    }

    /// Sends callbacks as they fall due, for ever; to be spawned beside a server.
    /// A receiver that is slow to answer holds up no other task's callbacks, but
    /// on a clock that is moved by hand: there all are sent in their order, also
    /// while it is moved.
    pub async fn run_callbacks(self, transport: impl Transport) {
        let transport = SharedTransport::new(transport);
        *self.post() = Some(transport.clone());
        if let Pace::Manual(_) = self.0.pace {
            loop {
                self.deliver_callbacks(&transport).await;
                self.0.news.notified().await;
            }
        }
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < CALLBACKS_AT_ONCE
                && let Some(outgoing) = self.take_callback()
            {
                let (mock, transport) = (self.clone(), transport.clone());
                under_way.spawn(async move { mock.deliver(&transport, &outgoing, true).await });
            }
            let room = under_way.len() < CALLBACKS_AT_ONCE;
            let due = self.0.engine.next_callback().filter(|_| room);
            let wait = due.and_then(|due| self.0.pace.real(due.saturating_since(self.now())));
            tokio::select! {
                () = pause(wait) => {}
                () = self.0.news.notified() => {}
                Some(_) = under_way.join_next() => {}
            }
        }
    }

    fn take_callback(&self) -> Option<Outgoing> {
        let (now, wall) = (self.now(), self.wall());
        let targets = &self.0.callback_targets;
        self.0.engine.take_callback(now, wall, targets)
    }

    async fn deliver(&self, transport: &impl Transport, outgoing: &Outgoing, timed: bool) {
        // Whatever happens to this future, what was taken is reported.
        let mut report = Report {
            mock: self,
            outgoing,
            outcome: None,
            timed,
        };
        report.outcome = Some(self.send_callback(transport, outgoing).await);
    }

    async fn send_callback(&self, transport: &impl Transport, outgoing: &Outgoing) -> Outcome {
        let request = match &outgoing.request {
            Ok(request) => request.clone(),
            Err(why) => return Outcome::Failed(why.clone()),
        };
        match timeout(self.0.callback_timeout, transport.send(request)).await {
            Ok(Ok(answer)) => Outcome::Answered(answer.status().as_u16()),
            Ok(Err(error)) => Outcome::Failed(error.to_string()),
            Err(_) => Outcome::Failed("no answer in time".to_owned()),
        }
    }

    /// The attempts to deliver callbacks of an account, the oldest first.
    pub fn callback_attempts(&self, account: &str) -> Vec<CallbackAttempt> {
        self.0.engine.callback_attempts(account)
    }

    /// Schedules a callback once more: the same id and body, a new signature.
    pub fn redeliver(&self, account: &str, callback: u64) -> std::result::Result<(), String> {
        let done = self.0.engine.redeliver(account, callback, self.now());
        self.0.news.notify_one();
        done
    }

    /// Schedules the console's test callback, one in six seconds at most
    /// (*documented*).
    pub fn test_callback(&self, account: &str, url: &str) -> std::result::Result<(), String> {
        let done = self.0.engine.test_callback(account, url, self.now());
        self.0.news.notify_one();
        done
    }

    /// The secret that signs an account's callbacks, if there is one.
    pub fn webhook_secret(&self, account: &str) -> Option<String> {
        self.0.engine.webhook_secret(account)
    }

    /// Gives an account another webhook secret. After a standard rotation the
    /// old one signs too for seven days, after an emergency no longer
    /// (*documented*).
    pub fn rotate_webhook_secret(
        &self,
        account: &str,
        secret: &str,
        rotation: Rotation,
    ) -> std::result::Result<(), String> {
        let secret = WebhookSecret::parse(secret)?;
        self.0
            .engine
            .rotate_secret(account, secret, rotation, self.now())
    }

    fn post(&self) -> std::sync::MutexGuard<'_, Option<SharedTransport>> {
        self.0.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What others hold against their own clocks: tokens and signatures.
    fn wall(&self) -> UnixMillis {
        self.0
            .wall
            .as_ref()
            .map_or_else(|| self.now(), |wall| wall.now().into())
    }

    /// Answers a request to the service or to the mock itself.
    pub(crate) async fn answer(&self, request: &http::Request<Bytes>) -> Reply {
        if admin::is_for(request) {
            let answer = admin::answer(self, self.0.admin_token.as_ref(), request).await;
            return Reply::whole(answer);
        }
        self.handle(request)
    }

    /// Answers a request to the service. Its URI says where that lives, so that
    /// the links to results lead back to it.
    pub(crate) fn handle(&self, request: &http::Request<Bytes>) -> Reply {
        if request.body().len() > BODY_LIMIT {
            let mut head = http::Request::new(Bytes::new());
            head.method_mut().clone_from(request.method());
            head.uri_mut().clone_from(request.uri());
            head.headers_mut().clone_from(request.headers());
            return self.refuse_unread(&head, Unread::TooLarge);
        }
        let reply = self.0.engine.handle(self.now(), self.wall(), request);
        // What is due next may have changed.
        self.0.news.notify_one();
        self.0.written.notify_waiters();
        reply
    }

    /// Answers a request of which only the head was read.
    pub(crate) fn refuse_unread(&self, head: &http::Request<Bytes>, why: Unread) -> Reply {
        self.0.engine.refuse_unread(self.now(), head, why)
    }
}

/// Until the next callback is due, for ever if that is not known.
async fn pause(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
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
    pace: Pace,
    wall: Option<SharedClock>,
    callback_targets: AllowList,
    post: Option<SharedTransport>,
    admin_token: Option<admin::Token>,
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

    /// What time it is for the service: a [`ManualClock`], a
    /// [`ScaledClock`](crate::ScaledClock), or any other.
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
    pub fn allow_callbacks_to(mut self, target: &str) -> std::result::Result<Self, String> {
        self.callback_targets.add(target)?;
        Ok(self)
    }

    /// What callbacks go through that fall due while a [`ManualClock`] is moved.
    /// Without it they wait for [`Mock::deliver_callbacks`] or
    /// [`Mock::run_callbacks`].
    pub fn callbacks_through(mut self, transport: impl Transport) -> Self {
        self.post = Some(SharedTransport::new(transport));
        self
    }

    /// What links to results begin with, in place of where the request came in:
    /// `https://mock.example.com`, for a service behind a proxy.
    pub fn public_url(mut self, url: &str) -> std::result::Result<Self, String> {
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
    pub fn admin_token(mut self, token: &str) -> std::result::Result<Self, String> {
        self.admin_token = Some(admin::Token::new(token)?);
        Ok(self)
    }

    /// The service.
    pub fn build(self) -> Mock {
        let start: SystemTime = ManualClock::new().now();
        let clock = self
            .clock
            .unwrap_or_else(|| Arc::new(TokioClock::starting_at(start)));
        let callback_timeout = self.setup.callbacks.timeout;
        let engine = Engine::new(self.setup);
        if let Some(token) = &self.admin_token {
            engine.hide(token.text());
        }
        Mock(Arc::new(Inner {
            callback_timeout,
            engine,
            clock,
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
