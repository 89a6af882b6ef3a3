//! The polling loop: watches a task until it reaches a terminal status.

use std::sync::Arc;
use std::time::Duration;

use kling_types::{Task, TaskState, UnixMillis};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::events::TaskEvent;
use super::forecast::{Forecast, LONGEST_GAP};
use super::handle::TaskHandle;
use super::poll::PollPolicy;
use super::timing::{Age, Timing};
use super::verdict::has_result;
use crate::error::{Error, ErrorKind, Result, Retryability};
use crate::transport::TransportError;

/// How often a task that succeeded without a result is queried again.
const EMPTY_SUCCESSES: u32 = 5;

/// The least time between a query and one that a callback triggers. It doubles, up to
/// 64 s, with each triggered query that brings no news: a flood of callbacks, which
/// anybody may send, must not become a flood of queries.
const HINT_GAP: Duration = Duration::from_secs(1);
const HINT_DOUBLINGS: u32 = 6;

/// One watch: its state is the task as last seen, and when the watch ends.
pub(super) struct Watch {
    handle: TaskHandle,
    timing: Timing,
    age_known: bool,
    /// The task in the create's answer, until it is reported.
    snapshot: Option<Arc<Task>>,
    /// The task as last seen. A success that was seen is never replaced by another
    /// status.
    last: Option<Arc<Task>>,
    deadline: Instant,
    next_query: Instant,
    /// When the task was last queried, or created.
    last_query: Instant,
    /// The end of the service's `Retry-After`.
    not_before: Instant,
    queries: u32,
    failures: u32,
    /// Answers that report a success without a result.
    empty_successes: u32,
    /// Why the query at the deadline failed.
    last_failure: Option<Error>,
    /// Set by callbacks.
    hint: Arc<Notify>,
    /// Consecutive queries triggered by callbacks that brought no news.
    idle_hints: u32,
    /// Whether the query at the deadline was made.
    made_last_query: bool,
    ended: bool,
}

/// Why a query is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Schedule,
    Hint,
}

impl Watch {
    /// Boxed, so that the futures that hold it stay small.
    pub(super) fn new(mut handle: TaskHandle) -> Box<Self> {
        let snapshot = handle.take_snapshot();
        let policy = handle.client().settings().poll;
        let forecast = forecast(&handle);
        let now = Instant::now();
        // A task that was not created by this handle is queried at once: it may have
        // ended.
        let (first, last_query) = match snapshot {
            Some(_) => {
                let age = handle.age();
                let chance = handle.client().settings().jitter.sample();
                let first = policy.schedule.first(&forecast, age.now(), chance);
                (first, age.begin())
            }
            None => (Duration::ZERO, now),
        };
        let deadline = now + policy.max_wait;
        let wakeups = handle.client().wakeups();
        Box::new(Watch {
            age_known: handle.knows_age(),
            snapshot,
            hint: wakeups.join(handle.id(), handle.external_id()),
            timing: Timing {
                age: handle.age(),
                forecast,
            },
            last: None,
            deadline,
            next_query: (now + first).min(deadline),
            last_query,
            not_before: now,
            queries: 0,
            failures: 0,
            empty_successes: 0,
            last_failure: None,
            idle_hints: 0,
            made_last_query: false,
            ended: false,
            handle,
        })
    }

    pub(super) fn timing(&self) -> Timing {
        self.timing
    }

    /// Waits for the success.
    pub(super) async fn finish(mut self: Box<Self>) -> Result<Task> {
        loop {
            match self.next().await {
                Some(Ok(TaskEvent::Done(task))) => return Ok(*task),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(self.timed_out()),
            }
        }
    }

    /// The next event; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<TaskEvent>> {
        if self.ended {
            return None;
        }
        if let Some(task) = self.snapshot.take()
            && let Some(event) = self.see(Cause::Schedule, task)
        {
            return Some(event);
        }
        while !self.made_last_query {
            let cause = self.pause().await;
            self.made_last_query = cause == Cause::Schedule && self.next_query >= self.deadline;
            // A query still in progress at the deadline is dropped in favour of the
            // last one, which has the timeout of one attempt. So the watch ends in time.
            let attempt = self.handle.client().settings().timeouts.attempt;
            let limit = if self.made_last_query {
                Instant::now() + attempt
            } else {
                self.deadline
            };
            // Boxed because it is large, and most of a watch is spent asleep.
            let event = match timeout_at(limit, Box::pin(self.handle.fetch())).await {
                Ok(Ok(task)) => {
                    self.failures = 0;
                    let event = self.see(cause, Arc::new(task));
                    self.last_query = Instant::now();
                    self.schedule_next(cause, Duration::ZERO);
                    event
                }
                Ok(Err(error)) => self.query_failed(cause, error),
                Err(_) => {
                    if self.made_last_query {
                        self.last_failure =
                            Some(Error::transport(TransportError::timeout(attempt)));
                    }
                    self.next_query = self.deadline;
                    None
                }
            };
            if let Some(Ok(TaskEvent::Changed(_) | TaskEvent::Done(_))) = event {
                self.idle_hints = 0;
            } else if cause == Cause::Hint {
                self.idle_hints = self.idle_hints.saturating_add(1);
            }
            if event.is_some() {
                return event;
            }
        }
        self.ended = true;
        Some(Err(self.timed_out()))
    }

    /// Sleeps until the next query is due or a callback arrives.
    async fn pause(&mut self) -> Cause {
        if timeout_at(self.next_query, self.hint.notified())
            .await
            .is_err()
        {
            return Cause::Schedule;
        }
        let gap = HINT_GAP * 2_u32.pow(self.idle_hints.min(HINT_DOUBLINGS));
        let earliest = (self.last_query + gap).max(self.not_before);
        sleep_until(earliest.min(self.next_query)).await;
        // The same query serves callbacks that arrived in the meantime.
        let _ = timeout(Duration::ZERO, self.hint.notified()).await;
        if earliest < self.next_query {
            Cause::Hint
        } else {
            Cause::Schedule
        }
    }

    /// Schedules the next query: not before the service's `Retry-After` ends, and at
    /// the latest at the deadline. A query triggered by a callback leaves the schedule
    /// as it is, or replaces a query that was due within the second.
    fn schedule_next(&mut self, cause: Cause, asked: Duration) -> Duration {
        let now = Instant::now();
        let longest = self.handle.client().settings().retry.longest_wait();
        self.not_before = now + asked.min(longest);
        if cause == Cause::Schedule || self.next_query <= now + HINT_GAP {
            self.queries = self.queries.saturating_add(1);
            let wait = self.policy().schedule.next(
                &forecast(&self.handle),
                self.timing.age.now(),
                self.queries,
                self.handle.client().settings().jitter.sample(),
            );
            self.next_query = now + wait;
        }
        self.next_query = self.next_query.max(self.not_before).min(self.deadline);
        self.next_query.saturating_duration_since(now)
    }

    /// Handles a failed query. A task that was created, by this process or by the one
    /// that saved it, or that was seen, exists whatever a single answer says: a task
    /// may become visible late, and a proxy may send an odd answer. So every failure
    /// counts towards the tolerated ones, except credentials that are refused twice. A
    /// bare id may be wrong, so there a permanent error is final. Queries triggered by
    /// callbacks, which anybody may send, do not count.
    fn query_failed(&mut self, cause: Cause, error: Error) -> Option<Result<TaskEvent>> {
        if cause == Cause::Schedule {
            self.failures += 1;
            if self.failures > self.tolerated(&error) {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.last_query = Instant::now();
        let next_in = self.schedule_next(cause, error.retry_after().unwrap_or_default());
        if self.made_last_query {
            self.last_failure = Some(error);
            return None;
        }
        let failures = self.failures;
        Some(Ok(TaskEvent::PollFailed {
            error,
            failures,
            next_in,
        }))
    }

    /// How many consecutive failures are tolerated, given this one.
    fn tolerated(&self, error: &Error) -> u32 {
        let is_final = error.retryability() == Retryability::Permanent
            && !matches!(
                error.kind(),
                ErrorKind::Decode | ErrorKind::Service | ErrorKind::Transport | ErrorKind::Timeout
            );
        let is_certain = self.handle.is_certain() || self.last.is_some();
        match error.kind() {
            _ if !is_final => self.policy().max_failures,
            _ if !is_certain => 0,
            ErrorKind::Auth | ErrorKind::Account => 1,
            _ => self.policy().max_failures,
        }
    }

    /// Handles a snapshot, and reports it if it is news. Queries triggered by callbacks
    /// do not count towards the limit on successes without a result.
    fn see(&mut self, cause: Cause, task: Arc<Task>) -> Option<Result<TaskEvent>> {
        if !self.age_known && task.created_at.is_some() {
            self.age_known = true;
            let now = UnixMillis::from(self.handle.client().settings().clock.now());
            self.timing.age.learn(Age::since(task.created_at, now));
        }
        let was = self.last.as_ref().map(|last| last.state());
        // Once the task has succeeded, a later status does not change that.
        let state = match was {
            Some(TaskState::Succeed) => TaskState::Succeed,
            _ => task.state(),
        };
        if state == TaskState::Succeed && was != Some(TaskState::Succeed) {
            self.learn(&task);
        }
        match state {
            TaskState::Succeed if task.state() == state && has_result(&task) => {
                self.ended = true;
                Some(Ok(TaskEvent::Done(Box::new(Arc::unwrap_or_clone(task)))))
            }
            // The video exists, but its address is not visible yet.
            TaskState::Succeed
                if cause == Cause::Hint || self.empty_successes < EMPTY_SUCCESSES =>
            {
                self.empty_successes += u32::from(cause == Cause::Schedule);
                self.changed(task)
            }
            TaskState::Succeed => {
                self.ended = true;
                let last = self.last.take();
                Some(Err(self.handle.no_result(last.as_deref().unwrap_or(&task))))
            }
            TaskState::Failed => {
                self.ended = true;
                Some(Err(self.handle.failed(&task)))
            }
            _ => self.changed(task),
        }
    }

    /// Keeps the snapshot, unless a success is known and this is none.
    fn changed(&mut self, task: Arc<Task>) -> Option<Result<TaskEvent>> {
        if let Some(last) = &self.last {
            let taken_back =
                last.state() == TaskState::Succeed && task.state() != TaskState::Succeed;
            if taken_back {
                return None;
            }
            if last.status == task.status {
                self.last = Some(task);
                return None;
            }
        }
        let shown = Box::new(Task::clone(&task));
        self.last = Some(task);
        Some(Ok(TaskEvent::Changed(shown)))
    }

    /// Records the run time of a task that succeeded, for forecasts of its scene. It
    /// follows from the service's timestamps if they are plausible; otherwise it is
    /// taken to be the middle of the last gap between two queries, if that is short.
    fn learn(&self, task: &Task) {
        /// How far the run time by the service's timestamps may exceed the task's age.
        const SLACK: Duration = Duration::from_secs(60);
        let Some(scene) = self.handle.scene() else {
            return;
        };
        let age = self.timing.age.now();
        let told = match (task.created_at, task.updated_at) {
            (Some(created), Some(updated)) => Some(updated.saturating_since(created)),
            _ => None,
        };
        let sane = |time: &Duration| !time.is_zero() && *time <= age + SLACK;
        let seen = || {
            let gap = self.last_query.elapsed();
            let close = !gap.is_zero() && gap.as_secs_f64() <= LONGEST_GAP;
            (self.last.is_some() && close).then(|| age.saturating_sub(gap / 2))
        };
        if let Some(run_time) = told.filter(sane).or_else(seen) {
            let client = self.handle.client();
            client.experience().learn(scene, run_time);
        }
    }

    fn timed_out(&mut self) -> Error {
        let failure = self.last_failure.take();
        match self.last.as_deref() {
            Some(task) if task.state() == TaskState::Succeed => self.handle.no_result(task),
            last => self.handle.timed_out(self.policy().max_wait, last, failure),
        }
    }

    fn policy(&self) -> &PollPolicy {
        &self.handle.client().settings().poll
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let wakeups = self.handle.client().wakeups();
        wakeups.leave(self.handle.id(), self.handle.external_id(), &self.hint);
    }
}

/// The current forecast for tasks of this scene.
fn forecast(handle: &TaskHandle) -> Forecast {
    handle.client().experience().forecast(handle.scene())
}
