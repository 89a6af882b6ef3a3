//! Callbacks in the engine: makes requests of those that are due.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use kling_types::{TaskId, UnixMillis};
use serde::Serialize;

use super::show::Show;
use super::store::Task;
use super::tenant::Tenant;
use super::{Engine, State};
use crate::callback::{
    AllowList, CallbackFault, Delivery, MatchedFaults, Outcome, Policy, Queue, Rotation, Secrets,
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

    /// Sends callbacks for the task's changes from now on.
    pub(super) fn subscribe(
        &mut self,
        task: &Task,
        id: &TaskId,
        url: &str,
        origin: &str,
        now: UnixMillis,
    ) {
        self.queue.subscribe(id.clone(), url, origin);
        self.schedule(task, now);
    }

    /// Updates the schedule of callbacks to the task's future changes.
    pub(super) fn schedule(&mut self, task: &Task, now: UnixMillis) {
        if self.queue.has_subscriptions()
            && let Some(id) = TaskId::new(task.id.to_string())
        {
            // A change that queries show already is due now, even if its time is a
            // moment later: on a manual clock that time might never come.
            let shown = task.standing(now).since;
            let due = |change: &Standing| match change.since {
                since if since <= shown => since.min(now),
                since => since,
            };
            let changes = task.changes().map(|change| (due(&change), change));
            self.queue.expect(&id, changes);
        }
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }
}

/// A callback to be sent.
pub(crate) struct Outgoing {
    generation: u64,
    account: usize,
    delivery: Delivery,
    /// The request, or why it must not be sent.
    pub(crate) request: Result<Request<Bytes>, String>,
}

impl fmt::Debug for Outgoing {
    /// Leaves out the request, as its URL and signature may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("account", &self.account)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// Redacts a webhook secret in the journal, also without its prefix.
pub(super) fn hide(journal: &mut Journal, secret: &WebhookSecret) {
    let secret = secret.reveal();
    journal.hide(&secret);
    journal.hide(secret.trim_start_matches("whsec_"));
}

/// An attempt to deliver a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallbackAttempt {
    /// The callback's number, for [`Mock::redeliver`](crate::Mock::redeliver).
    pub callback: u64,
    /// The task; `None` for a test event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The status that it reports.
    pub status: String,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The time at which it was due.
    pub at: UnixMillis,
    /// The outcome: `200`, `dropped` or an error; `None` while it is in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Engine {
    /// The time at which the next callback is due.
    pub(crate) fn next_callback(&self) -> Option<UnixMillis> {
        let state = self.state();
        state
            .tenants
            .iter()
            .filter_map(|tenant| Some(tenant.service_time(tenant.callbacks.queue.next_due()?)))
            .min()
    }

    /// The next callback that is due. The caller must [`report`](Self::report) its
    /// outcome.
    pub(crate) fn take_callback(
        &self,
        now: UnixMillis,
        wall: UnixMillis,
        allow: &AllowList,
    ) -> Option<Outgoing> {
        let seconds = wall.get().div_euclid(1000);
        let mut state = self.state();
        let State {
            tenants,
            faults,
            ids,
            ledger,
            generation,
            ..
        } = &mut *state;
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

    /// The `webhook-id`, the same for every attempt and copy of a callback.
    fn webhook_id(&self, account: &str, callback: u64) -> String {
        Stream::new(self.seed, &format!("webhook-id of {account}"), callback).uuid()
    }

    /// Records the outcome of a callback, also in the journal. Without a time it counts
    /// as sent when it was due, so that retries are scheduled correctly although the
    /// clock jumped. Ignored after a reset.
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
            let mut state = self.state();
            if outgoing.generation != state.generation {
                return;
            }
            let tenant = state.tenants.get_mut(outgoing.account);
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

    /// The recorded delivery attempts of one account.
    pub(crate) fn callback_attempts(&self, account: &str) -> Vec<CallbackAttempt> {
        let state = self.state();
        let records = state
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

    /// Calls `act` with the callbacks of an account, if there is one.
    pub(super) fn with_callbacks<T>(
        &self,
        account: &str,
        act: impl FnOnce(&mut Callbacks) -> Result<T, String>,
    ) -> Result<T, String> {
        match self.state().tenant_named_mut(account) {
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
                    "at most one test callback every six seconds: wait {} ms",
                    wait.as_millis()
                )
            })
        })
    }

    /// The secret that signs an account's callbacks at present.
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

fn callback_faults(selection: &fault::Selection) -> MatchedFaults {
    let delay = selection.delay_before.saturating_add(selection.delay_after);
    let late = (!delay.is_zero()).then_some(CallbackFault::Late(delay));
    MatchedFaults {
        faults: late.into_iter().chain(selection.callback_fault()).collect(),
        serial: selection.terminal.as_ref().map(|terminal| terminal.serial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A callback's URL and signature may be secrets.
    #[test]
    fn what_is_sent_is_not_shown() {
        let mut queue = Queue::new(Policy::default());
        let url = "http://127.0.0.1/hook?token=t0ps3cret";
        queue.test(url, UnixMillis::new(0)).unwrap();
        let delivery = queue
            .pop(UnixMillis::new(0), |_| MatchedFaults::default())
            .unwrap();
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
