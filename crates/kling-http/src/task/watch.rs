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

/// How often a success without a result is asked after again.
const EMPTY_SUCCESSES: u32 = 5;

/// From a query to one that a callback asks for. It doubles, up to 64 s, with
/// each such query that brings no news: a flood of callbacks, from whomever,
/// must not become a flood of queries.
const HINT_GAP: Duration = Duration::from_secs(1);
const HINT_DOUBLINGS: u32 = 6;

/// One watch: its state is the task as last seen, and when the watch ends.
pub(super) struct Watch {
    handle: TaskHandle,
    timing: Timing,
    age_known: bool,
    /// The create's answer, until it is told of.
    snapshot: Option<Arc<Task>>,
    /// The task as last seen, with its status; never again without a success
    /// that was seen.
    last: Option<Arc<Task>>,
    deadline: Instant,
    next_query: Instant,
    /// When the service last told of the task, or was asked to.
    last_query: Instant,
    /// Until then the service does not want to be asked.
    not_before: Instant,
    queries: u32,
    failures: u32,
    /// Answers of success without a result.
    empty_successes: u32,
    /// Why the last query of all brought nothing.
    last_failure: Option<Error>,
    /// Set by callbacks.
    hint: Arc<Notify>,
    /// Queries on a callback that brought no news, one after the other.
    idle_hints: u32,
    /// The query at the deadline was made.
    asked_last: bool,
    ended: bool,
}

/// Why a query is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Schedule,
    Hint,
}

impl Watch {
    /// Boxed, so that the futures that it goes through stay small.
    pub(super) fn new(mut handle: TaskHandle) -> Box<Self> {
        let snapshot = handle.take_snapshot();
        let policy = handle.client().settings().poll;
        let forecast = forecast(&handle);
        let now = Instant::now();
        // A task from elsewhere is asked after at once: it may have ended.
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
            asked_last: false,
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
        while !self.asked_last {
            let cause = self.pause().await;
            self.asked_last = cause == Cause::Schedule && self.next_query >= self.deadline;
            // A query that is under way at the deadline makes room for the last
            // one, which has the time of one try: so the watch ends in time.
            let limit = if self.asked_last {
                Instant::now() + self.handle.client().settings().timeouts.attempt
            } else {
                self.deadline
            };
            // Boxed, as it is large and most of a watch is sleep.
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

    /// Sleeps until the next query, or until a callback says that there is
    /// something to see.
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
        // What came in the meantime is answered by the same query.
        let _ = timeout(Duration::ZERO, self.hint.notified()).await;
        if earliest < self.next_query {
            Cause::Hint
        } else {
            Cause::Schedule
        }
    }

    /// Plans the next query: not before the service wants it, at the latest for
    /// the end of the watch. One on a callback leaves the schedule as it is, or
    /// stands in for the query that was due within the second.
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

    /// Takes in a failed query. A task that was created, by this process or by
    /// the one that saved it, or that was seen, is there, whatever one answer says:
    /// a task may take a moment to show up, and a stray answer is no verdict. So all but
    /// credentials that fail twice counts towards the failures that are
    /// tolerated. An id from elsewhere may be wrong: there the service's word is
    /// final. Nobody's callback can use the failures up.
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
        if self.asked_last {
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

    /// How many failures in a row are tolerated if this is one.
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

    /// Takes in a snapshot; tells of it if it is news. Nobody's callback can use up
    /// the patience for an address that does not show yet.
    fn see(&mut self, cause: Cause, task: Arc<Task>) -> Option<Result<TaskEvent>> {
        if !self.age_known && task.created_at.is_some() {
            self.age_known = true;
            let now = UnixMillis::from(self.handle.client().settings().clock.now());
            self.timing.age.learn(Age::since(task.created_at, now));
        }
        let was = self.last.as_ref().map(|last| last.state());
        // Once it has succeeded, no word that comes late takes that back.
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
            // Paid for and made, but its address does not show yet: it may.
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

    /// Adds the run time of a task that succeeded to what its scene is known
    /// by. The service's own times tell it, if they make sense; otherwise it is
    /// the middle of the last gap, if there was one to speak of.
    fn learn(&self, task: &Task) {
        /// How far the service's times may go beyond the age that is known here.
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

/// What is expected of such a task at this moment.
fn forecast(handle: &TaskHandle) -> Forecast {
    handle.client().experience().forecast(handle.scene())
}
