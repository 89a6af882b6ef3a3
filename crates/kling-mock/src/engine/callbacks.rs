//! Callbacks as the engine sees them: what is due, as requests to be sent.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use kling_types::{TaskId, UnixMillis};
use serde::Serialize;

use super::account::Tenant;
use super::show::Show;
use super::store::Task;
use super::{Engine, World};
use crate::callback::{
    AllowList, CallbackFault, Delivery, Met, Outcome, Policy, Queue, Rotation, Secrets,
    SignatureHeaders, WebhookSecret, allowed, test_event,
};
use crate::fault;
use crate::journal::{Exchange, Journal, Operation};
use crate::ledger::Ledger;
use crate::plan::Standing;
use crate::random::Stream;

/// The callbacks of an account.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    pub(super) queue: Queue,
    pub(super) secrets: Secrets,
}

impl Callbacks {
    pub(super) fn new(policy: Policy, secret: Option<&WebhookSecret>) -> Self {
        let mut secrets = Secrets::default();
        if let Some(secret) = secret {
            secrets.rotate(secret.clone(), Rotation::Emergency, UnixMillis::new(0));
        }
        Callbacks {
            queue: Queue::new(policy),
            secrets,
        }
    }

    /// Tells of the task's changes from now on.
    pub(super) fn watch(
        &mut self,
        task: &Task,
        id: &TaskId,
        url: &str,
        origin: &str,
        now: UnixMillis,
    ) {
        self.queue.watch(id.clone(), url, origin);
        self.expect(task, now);
    }

    /// Takes in what is ahead of a task, as far as it is known now.
    pub(super) fn expect(&mut self, task: &Task, now: UnixMillis) {
        if self.queue.watches_any()
            && let Some(id) = TaskId::new(task.id.to_string())
        {
            // What a query would show is to be told now, though its time may lie a
            // moment ahead: on a clock that stands still it would never come.
            let shown = task.standing(now).since;
            let due = |change: &Standing| match change.since {
                since if since <= shown => since.min(now),
                since => since,
            };
            let changes = task.changes().map(|change| (due(&change), change));
            self.queue.expect(&id, changes);
        }
    }

    pub(super) fn forget(&mut self) {
        self.queue.clear();
    }
}

/// A callback that is due.
pub(crate) struct Outgoing {
    generation: u64,
    account: usize,
    delivery: Delivery,
    /// What to send, or why it may not be sent.
    pub(crate) request: Result<Request<Bytes>, String>,
}

impl fmt::Debug for Outgoing {
    /// Leaves out the request: its URL and its signature are the receiver's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("account", &self.account)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// Keeps a webhook secret out of the journal, also without its prefix.
pub(super) fn hide(journal: &mut Journal, secret: &WebhookSecret) {
    let secret = secret.reveal();
    journal.hide(&secret);
    journal.hide(secret.trim_start_matches("whsec_"));
}

/// An attempt to deliver a callback, for tests and people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackAttempt {
    /// The callback's number: what it is delivered again by.
    pub callback: u64,
    /// The task; none for a test event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The status that it tells of.
    pub status: String,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// When it was due.
    pub at: UnixMillis,
    /// What came of it: `200`, `dropped`, an error; none while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Engine {
    /// When the next callback is due.
    pub(crate) fn next_callback(&self) -> Option<UnixMillis> {
        let world = self.world();
        world
            .tenants
            .iter()
            .filter_map(|tenant| Some(tenant.service_time(tenant.callbacks.queue.next_due()?)))
            .min()
    }

    /// The next callback that is due. Whoever takes it says what came of it:
    /// [`report`](Self::report).
    pub(crate) fn take_callback(
        &self,
        now: UnixMillis,
        wall: UnixMillis,
        allow: &AllowList,
    ) -> Option<Outgoing> {
        let seconds = wall.get().div_euclid(1000);
        let mut world = self.world();
        let World {
            tenants,
            faults,
            ids,
            ledger,
            generation,
            ..
        } = &mut *world;
        for (account, tenant) in tenants.iter_mut().enumerate() {
            let name = Arc::clone(&tenant.name);
            let now = tenant.now(now);
            let tasks = &tenant.tasks;
            let find = |id: &str| tasks.at(ids.find(&self.profile, id, account, tasks)?);
            let popped = tenant.callbacks.queue.pop(now, |notice| {
                let task = notice.task.as_ref().map(TaskId::as_str);
                let found = task.and_then(find);
                let facts = fault::Facts {
                    operation: fault::Operation::Callback,
                    account: &name,
                    external_id: found.and_then(|task| task.external_id.as_deref()),
                    task,
                };
                callback_faults(&faults.select(&facts, self.seed))
            });
            if let Some(delivery) = popped {
                let notice = &delivery.notice;
                let task = notice.task.as_ref().and_then(|id| find(id.as_str()));
                let request = allowed(&notice.url, allow).and_then(|()| {
                    let body = self.callback_body(tenant, task, ledger, &delivery);
                    let id = self.webhook_id(&name, delivery.callback);
                    let secrets = &tenant.callbacks.secrets;
                    let headers = secrets.headers(&id, seconds, &body, delivery.forgery, now);
                    callback_request(&notice.url, headers, body)
                });
                let is_signed = tenant.callbacks.secrets.active(now).next().is_some();
                let changes_nothing =
                    delivery.is_last || (delivery.forgery.is_some() && !is_signed);
                if let Some(serial) = delivery.serial.filter(|_| changes_nothing) {
                    faults.note_missed(serial);
                }
                return Some(Outgoing {
                    generation: *generation,
                    account,
                    delivery,
                    request,
                });
            }
        }
        None
    }

    fn callback_body(
        &self,
        tenant: &Tenant,
        task: Option<&Task>,
        ledger: &Ledger,
        delivery: &Delivery,
    ) -> Bytes {
        let notice = &delivery.notice;
        let shown = || {
            let show = Show {
                ledger,
                profile: &self.profile,
                seed: self.seed,
                origin: &notice.origin,
                account: &tenant.name,
            };
            // The legacy body is the task itself, without an envelope (documented).
            serde_json::to_vec(&show.queried(task?, &notice.standing())?).ok()
        };
        shown().map_or_else(
            || test_event(delivery.callback, notice.since).into(),
            Bytes::from,
        )
    }

    /// The same for every attempt and copy of a callback, and for no other.
    fn webhook_id(&self, account: &str, callback: u64) -> String {
        Stream::new(self.seed, &format!("webhook-id of {account}"), callback).uuid()
    }

    /// Takes in what came of a callback, and writes it down. Without a time it
    /// is as if it had been sent when it was due: where the clock jumps, what
    /// follows from it still falls in its place. Nothing is written of what was
    /// forgotten while it was under way.
    pub(crate) fn report(&self, outgoing: &Outgoing, outcome: Outcome, at: Option<UnixMillis>) {
        let due = outgoing.delivery.at;
        let note = outcome.to_string();
        let task_id = outgoing
            .delivery
            .notice
            .task
            .as_ref()
            .map_or("", TaskId::as_str);
        let answer = match &outcome {
            Outcome::Answered(status) => http::StatusCode::from_u16(*status)
                .ok()
                .map(|status| super::plain(status, "")),
            _ => None,
        };
        let nothing = Request::new(Bytes::new());
        let request = outgoing.request.as_ref().unwrap_or(&nothing);
        let (name, now) = {
            let mut world = self.world();
            if outgoing.generation != world.generation {
                return;
            }
            let tenant = world.tenants.get_mut(outgoing.account);
            let Some(tenant) = tenant.filter(|tenant| !tenant.is_closed()) else {
                return;
            };
            let now = at.map_or(due, |at| tenant.now(at).max(due));
            let queue = &mut tenant.callbacks.queue;
            queue.report(outgoing.delivery.id, outcome, now);
            (Arc::clone(&tenant.name), tenant.service_time(now))
        };
        let exchange = Exchange {
            account: Some(&name),
            answer: answer.as_ref(),
            task_id,
            note: &note,
            ..Exchange::new(now, Operation::Callback, request)
        };
        self.journal_lock().append(&exchange.draft());
    }

    /// All attempts that are remembered, of one account.
    pub(crate) fn callback_attempts(&self, account: &str) -> Vec<CallbackAttempt> {
        let world = self.world();
        let records = world
            .tenant_named(account)
            .into_iter()
            .flat_map(|tenant| tenant.callbacks.queue.records());
        records
            .map(|record| CallbackAttempt {
                callback: record.delivery.callback,
                task_id: record.delivery.notice.task.clone(),
                status: record.delivery.notice.status.to_string(),
                attempt: record.delivery.attempt,
                at: record.delivery.at,
                outcome: record.outcome.as_ref().map(Outcome::to_string),
            })
            .collect()
    }

    /// Does something to the callbacks of an account, if there is one.
    pub(super) fn with_callbacks<T>(
        &self,
        account: &str,
        act: impl FnOnce(&mut Callbacks) -> Result<T, String>,
    ) -> Result<T, String> {
        match self.world().tenant_named_mut(account) {
            Some(tenant) => act(&mut tenant.callbacks),
            None => Err(format!("there is no account {account:?}")),
        }
    }

    pub(crate) fn redeliver(
        &self,
        account: &str,
        callback: u64,
        now: UnixMillis,
    ) -> Result<(), String> {
        self.with_callbacks(account, |callbacks| {
            callbacks.queue.redeliver(callback, now)
        })
    }

    pub(crate) fn test_callback(
        &self,
        account: &str,
        url: &str,
        now: UnixMillis,
    ) -> Result<(), String> {
        self.with_callbacks(account, |callbacks| {
            callbacks.queue.test(url, now).map_err(|wait| {
                format!(
                    "one test callback in six seconds: wait {} ms",
                    wait.as_millis()
                )
            })
        })
    }

    /// The secret that signs an account's callbacks now.
    pub(crate) fn webhook_secret(&self, account: &str) -> Option<String> {
        let reveal =
            |callbacks: &mut Callbacks| Ok(callbacks.secrets.current().map(WebhookSecret::reveal));
        self.with_callbacks(account, reveal).ok().flatten()
    }

    pub(crate) fn rotate_secret(
        &self,
        account: &str,
        secret: WebhookSecret,
        rotation: Rotation,
        now: UnixMillis,
    ) -> Result<(), String> {
        hide(&mut self.journal_lock(), &secret);
        self.with_callbacks(account, |callbacks| {
            callbacks.secrets.rotate(secret, rotation, now);
            Ok(())
        })
    }
}

fn callback_request(
    url: &str,
    signature: Option<SignatureHeaders>,
    body: Bytes,
) -> Result<Request<Bytes>, String> {
    let mut request = Request::post(url).header(CONTENT_TYPE, "application/json");
    for (name, value) in signature.into_iter().flatten() {
        request = request.header(name, value);
    }
    request.body(body).map_err(|error| error.to_string())
}

fn callback_faults(selection: &fault::Selection) -> Met {
    let delay = selection.delay_before.saturating_add(selection.delay_after);
    let late = (!delay.is_zero()).then_some(CallbackFault::Late(delay));
    Met {
        faults: late.into_iter().chain(selection.callback_fault()).collect(),
        serial: selection.terminal.as_ref().map(|terminal| terminal.serial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A callback's URL and signature may be all that a receiver checks.
    #[test]
    fn what_is_sent_is_not_shown() {
        let mut queue = Queue::new(Policy::default());
        let url = "http://127.0.0.1/hook?token=t0ps3cret";
        queue.test(url, UnixMillis::new(0)).unwrap();
        let delivery = queue.pop(UnixMillis::new(0), |_| Met::default()).unwrap();
        let request = Request::post(url).header("webhook-signature", "v1,t0ps3cret");
        let outgoing = Outgoing {
            generation: 0,
            account: 0,
            delivery,
            request: Ok(request.body(Bytes::new()).unwrap()),
        };
        for shown in [format!("{outgoing:?}"), format!("{queue:?}")] {
            assert!(
                shown.contains("127.0.0.1") && !shown.contains("t0ps3cret"),
                "{shown}"
            );
        }
    }
}
