//! Sending callbacks as they fall due, inspecting them, and redelivering them.

use std::sync::MutexGuard;
use std::time::Duration;

use kling_http::{SharedTransport, Transport};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::callback::{Outcome, Rotation, WebhookSecret, allowed};
use crate::clock::Pace;
use crate::engine::{CallbackAttempt, Outgoing};
use crate::lock;

use super::Mock;

/// A callback that was taken from the queue. Its outcome is always reported, even
/// if sending it never starts, because the next callbacks of its task wait for
/// that.
struct Taken {
    mock: Mock,
    outgoing: Outgoing,
    outcome: Option<Outcome>,
    /// Whether the time it takes counts.
    timed: bool,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let outcome = self.outcome.take();
        let outcome = outcome.unwrap_or_else(|| Outcome::Failed("given up".to_owned()));
        let at = self.timed.then(|| self.mock.now());
        self.mock.0.engine.report(&self.outgoing, outcome, at);
        self.mock.0.journal_written.notify_waiters();
    }
}

/// How many callbacks are under way at once.
const CALLBACKS_AT_ONCE: usize = 32;

impl Mock {
    /// Sends every callback that is due, through this transport, and returns how
    /// many were. For clocks that the test moves.
    pub async fn deliver_callbacks(&self, transport: &impl Transport) -> usize {
        let _lock = self.0.delivery_lock.lock().await;
        self.deliver_due(transport).await
    }

    /// Like [`deliver_callbacks`](Self::deliver_callbacks), for the holder of the
    /// lock.
    pub(super) async fn deliver_due(&self, transport: &impl Transport) -> usize {
        let mut sent = 0;
        while let Some(taken) = self.take_callback(false) {
            taken.deliver(transport).await;
            sent += 1;
        }
        sent
    }

    /// Sends callbacks as they fall due, forever; to be spawned beside a server. A
    /// slow receiver does not delay the callbacks of other tasks, except on a
    /// manual clock, where all are sent in order, also while it is moved.
    pub async fn run_callbacks(self, transport: impl Transport) {
        let transport = SharedTransport::new(transport);
        *self.callback_transport() = Some(transport.clone());
        if let Pace::Manual(_) = self.0.pace {
            loop {
                self.deliver_callbacks(&transport).await;
                self.0.queue_changed.notified().await;
            }
        }
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < CALLBACKS_AT_ONCE
                && let Some(taken) = self.take_callback(true)
            {
                let transport = transport.clone();
                under_way.spawn(async move { taken.deliver(&transport).await });
            }
            let room = under_way.len() < CALLBACKS_AT_ONCE;
            let due = self.0.engine.next_callback().filter(|_| room);
            let wait = due.and_then(|due| self.0.pace.real(due.saturating_since(self.now())));
            tokio::select! {
                () = pause(wait) => {}
                () = self.0.queue_changed.notified() => {}
                Some(_) = under_way.join_next() => {}
            }
        }
    }

    fn take_callback(&self, timed: bool) -> Option<Taken> {
        let (now, wall) = (self.now(), self.wall());
        let targets = &self.0.callback_targets;
        let outgoing = self.0.engine.take_callback(now, wall, targets)?;
        Some(Taken {
            mock: self.clone(),
            outgoing,
            outcome: None,
            timed,
        })
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

    /// Schedules a redelivery of a callback: the same id and body, a new signature.
    pub fn redeliver(&self, account: &str, callback: u64) -> Result<(), String> {
        let done = self.0.engine.redeliver(account, callback, self.now());
        self.0.queue_changed.notify_one();
        done
    }

    /// Checks whether a callback may be sent to this URL; the error says why not.
    pub(crate) fn may_call(&self, url: &str) -> Result<(), String> {
        allowed(url, &self.0.callback_targets)
    }

    /// Schedules the console's test callback, at most one in six seconds
    /// (*documented*). It is an error if it can't be sent to this URL.
    pub fn test_callback(&self, account: &str, url: &str) -> Result<(), String> {
        self.may_call(url)?;
        let done = self.0.engine.test_callback(account, url, self.now());
        self.0.queue_changed.notify_one();
        done
    }

    /// The secret that signs an account's callbacks, if there is one.
    pub fn webhook_secret(&self, account: &str) -> Option<String> {
        self.0.engine.webhook_secret(account)
    }

    /// Replaces an account's webhook secret. After a standard rotation the old one
    /// also signs for seven more days; after an emergency rotation it no longer
    /// does (*documented*).
    pub fn rotate_webhook_secret(
        &self,
        account: &str,
        secret: &str,
        rotation: Rotation,
    ) -> Result<(), String> {
        let secret = WebhookSecret::parse(secret)?;
        self.0
            .engine
            .rotate_secret(account, secret, rotation, self.now())
    }

    pub(super) fn callback_transport(&self) -> MutexGuard<'_, Option<SharedTransport>> {
        lock::lock(&self.0.callback_transport)
    }
}

impl Taken {
    async fn deliver(mut self, transport: &impl Transport) {
        let outcome = self.mock.send_callback(transport, &self.outgoing).await;
        self.outcome = Some(outcome);
    }
}

/// Waits until the next callback is due; forever if that is unknown.
async fn pause(wait: Option<Duration>) {
    match wait {
        Some(wait) => sleep(wait).await,
        None => std::future::pending().await,
    }
}
