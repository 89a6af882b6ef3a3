//! The queue of callbacks: pending deliveries, and the outcomes of earlier ones.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use kling_types::{TaskId, TaskStatus, UnixMillis};

use super::Policy;
use crate::plan::Standing;

mod delivery;
mod subscription;

pub(crate) use delivery::{Delivery, MatchedFaults, Notice, Outcome, Record};
use subscription::{Item, PendingFaults, Subscription};

/// The number of recorded attempts; the oldest are dropped.
const RECORDS: usize = 10_000;

/// The minimum time between test callbacks (*documented*).
const TEST_SPACING: Duration = Duration::from_secs(6);

/// The callbacks of an account, on the mock's clock.
///
/// Deliveries are ordered by time, then by the order in which they were scheduled. A
/// task has at most one delivery in flight, so that its callbacks arrive in order
/// unless a fault reorders them.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    policy: Policy,
    subscriptions: HashMap<TaskId, Subscription>,
    pending: BTreeMap<Key, Item>,
    in_flight: HashMap<u64, Item>,
    records: VecDeque<Record>,
    last_test: Option<UnixMillis>,
    /// The number of items scheduled, callbacks created and deliveries started so far.
    items: u64,
    callbacks: u64,
    deliveries: u64,
}

/// The due time, and a sequence number.
type Key = (UnixMillis, u64);

impl Queue {
    pub(crate) fn new(policy: Policy) -> Self {
        Queue {
            policy,
            ..Queue::default()
        }
    }

    /// Clears everything except the counters, so that a late report can't be taken for
    /// that of a later delivery.
    pub(crate) fn clear(&mut self) {
        *self = Queue {
            policy: mem::take(&mut self.policy),
            items: self.items,
            callbacks: self.callbacks,
            deliveries: self.deliveries,
            ..Queue::default()
        };
    }

    /// Clears the counters too. The caller must discard late reports.
    pub(crate) fn reset(&mut self) {
        *self = Queue::new(self.policy);
    }

    /// Adds a task with a callback URL.
    pub(crate) fn subscribe(&mut self, task: TaskId, url: &str, origin: &str) {
        self.subscriptions
            .insert(task, Subscription::new(url.into(), origin));
    }

    /// Whether any task may still cause callbacks.
    pub(crate) fn has_subscriptions(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// Sets the status changes of a task, from `submitted` on, each with its due time.
    /// Changes that are not due yet replace those scheduled before. Ignored for a task
    /// without a callback URL.
    pub(crate) fn expect(
        &mut self,
        task: &TaskId,
        changes: impl IntoIterator<Item = (UnixMillis, Standing)>,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(task) else {
            return;
        };
        for key in subscription.expected.drain(..) {
            self.pending.remove(&key);
        }
        let told = changes
            .into_iter()
            .filter(|(_, change)| self.policy.on.includes(&change.status));
        for (due, change) in told.skip(subscription.fallen_due) {
            let key = (due, self.items);
            self.items += 1;
            subscription.expected.push(key);
            let notice = Notice {
                task: Some(task.clone()),
                status: change.status,
                since: change.since,
                url: subscription.url.clone(),
                origin: Arc::clone(&subscription.origin),
            };
            let item = Item {
                notice: Arc::new(notice),
                callback: None,
                attempt: 1,
                retried: true,
                faults: None,
            };
            self.pending.insert(key, item);
        }
    }

    /// Schedules the console's test event for now, or returns how long to wait.
    pub(crate) fn test(&mut self, url: &str, now: UnixMillis) -> Result<(), Duration> {
        let since = self.last_test.map(|last| now.saturating_since(last));
        if let Some(wait) = since.and_then(|since| TEST_SPACING.checked_sub(since))
            && !wait.is_zero()
        {
            return Err(wait);
        }
        self.last_test = Some(now);
        let notice = Notice {
            task: None,
            status: TaskStatus::SUBMITTED,
            since: now,
            url: url.into(),
            origin: "".into(),
        };
        let item = Item {
            notice: Arc::new(notice),
            callback: None,
            attempt: 1,
            retried: false,
            faults: None,
        };
        self.put(now, item);
        Ok(())
    }

    /// Schedules one more attempt of a callback, whatever its outcome: the same id and
    /// body, with a new signature.
    pub(crate) fn redeliver(&mut self, callback: u64, now: UnixMillis) -> Result<(), String> {
        let mut latest = self.records.iter().rev().map(|record| &record.delivery);
        let Some(latest) = latest.find(|delivery| delivery.callback == callback) else {
            return Err(format!("there is no callback {callback}"));
        };
        let item = Item {
            notice: Arc::clone(&latest.notice),
            callback: Some(callback),
            attempt: latest.attempt + 1,
            retried: false,
            faults: None,
        };
        self.put(now, item);
        Ok(())
    }

    /// The time at which the next delivery is due.
    pub(crate) fn next_due(&self) -> Option<UnixMillis> {
        self.pending.first_key_value().map(|(key, _)| key.0)
    }

    /// The next delivery that is due; `faults` is asked once for each attempt.
    ///
    /// Send it, [`report`](Self::report) its outcome and call again until there is
    /// none, so that retries are scheduled in order. A delivery without a report blocks
    /// its task.
    pub(crate) fn pop(
        &mut self,
        now: UnixMillis,
        mut faults: impl FnMut(&Notice) -> MatchedFaults,
    ) -> Option<Delivery> {
        loop {
            let first = self.pending.first_entry();
            let (key, mut item) = first.filter(|first| first.key().0 <= now)?.remove_entry();
            let task = item.notice.task.as_ref();
            let mut subscription = task.and_then(|task| self.subscriptions.get_mut(task));

            let callback = *item.callback.get_or_insert_with(|| {
                if let Some(subscription) = &mut subscription {
                    subscription.fell_due(key, &item.notice.status);
                }
                self.callbacks += 1;
                self.callbacks - 1
            });
            if let Some(subscription) = subscription
                .as_mut()
                .filter(|subscription| subscription.busy)
            {
                subscription.waiting.push((key, item));
                continue;
            }
            let faults = item
                .faults
                .get_or_insert_with(|| PendingFaults::of(&faults(&item.notice)));
            let late = mem::take(&mut faults.late);
            if !late.is_zero() {
                self.put(key.0.saturating_add(late), item);
                continue;
            }
            let held = mem::take(&mut faults.reorder);
            if let Some(subscription) = subscription
                .as_mut()
                .filter(|subscription| held && !subscription.ended)
            {
                faults.serial = None;
                subscription.waiting.push((key, item));
                continue;
            }

            let dropped = mem::take(&mut faults.dropped);
            let delivery = Delivery {
                id: self.deliveries,
                callback,
                attempt: item.attempt,
                at: key.0,
                notice: Arc::clone(&item.notice),
                forgery: faults.forgery,
                serial: faults.serial,
                is_last: held,
            };
            self.deliveries += 1;
            if let Some(subscription) = subscription {
                subscription.busy = true;
            }
            self.in_flight.insert(delivery.id, item);
            self.remember(delivery.clone());
            if !dropped {
                return Some(delivery);
            }
            self.report(delivery.id, Outcome::Dropped, delivery.at);
        }
    }

    /// Reports the outcome of a delivery. If the clock jumps, pass the delivery's due
    /// time as `now`, so that retries are scheduled relative to it.
    pub(crate) fn report(&mut self, delivery: u64, outcome: Outcome, now: UnixMillis) {
        let Some(mut item) = self.in_flight.remove(&delivery) else {
            return;
        };
        if let Some(task) = &item.notice.task
            && let Some(subscription) = self.subscriptions.get_mut(task)
        {
            subscription.busy = false;
            // All changes were delivered: retries need no order.
            let over = subscription.ended && subscription.waiting.is_empty();
            let waited = subscription.waiting.drain(..);
            self.pending
                .extend(waited.map(|((due, number), item)| ((due.max(now), number), item)));
            if over {
                self.subscriptions.remove(task);
            }
        }
        if let Some(faults) = &mut item.faults
            && faults.copies > 0
        {
            faults.copies -= 1;
            let mut copy = item.clone();
            copy.retried = false;
            self.put(now, copy);
        }
        if item.retried && item.attempt < self.policy.attempts && !outcome.is_success() {
            let at = now.saturating_add(self.policy.wait_after(item.attempt));
            item.attempt += 1;
            item.faults = None;
            self.put(at, item);
        }
        let mut records = self.records.iter_mut().rev();
        if let Some(record) = records.find(|record| record.delivery.id == delivery) {
            record.outcome = Some(outcome);
        }
    }

    /// The latest 10,000 deliveries, in the order in which they started.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    fn put(&mut self, at: UnixMillis, item: Item) {
        self.pending.insert((at, self.items), item);
        self.items += 1;
    }

    fn remember(&mut self, delivery: Delivery) {
        if self.records.len() == RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(Record {
            delivery,
            outcome: None,
        });
    }
}

#[cfg(test)]
mod tests;
