//! Watching a task to its end.

use std::fmt;
use std::time::Duration;

use kling_types::{Task, TaskState, TaskStatus};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::handle::TaskHandle;
use crate::error::{Error, ErrorKind, Result, Retryability};

/// Something that happened to a watched task.
#[non_exhaustive]
pub enum TaskEvent {
    /// Its status is another one than before, or seen for the first time. An
    /// unknown status is shown like any other and ends nothing.
    Changed(Box<Task>),
    /// A query failed, after its own retries. The task is not touched by it.
    PollFailed {
        /// Why.
        error: Error,
        /// How many queries failed one after the other, this one included.
        failures: u32,
        /// When the next one follows.
        next_in: Duration,
    },
    /// It succeeded and has a result. The last event.
    Done(Box<Task>),
}

impl fmt::Debug for TaskEvent {
    /// Leaves out the rest of the task: its result's address is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, task) = match self {
            TaskEvent::Changed(task) => ("Changed", task),
            TaskEvent::Done(task) => ("Done", task),
            TaskEvent::PollFailed {
                error,
                failures,
                next_in,
            } => {
                return f
                    .debug_struct("PollFailed")
                    .field("error", error)
                    .field("failures", failures)
                    .field("next_in", next_in)
                    .finish();
            }
        };
        f.debug_struct(name)
            .field("id", &task.id)
            .field("status", &task.status)
            .finish_non_exhaustive()
    }
}

/// How often a success without a result is asked after again.
const EMPTY_SUCCESSES: u32 = 5;

/// One watch: its state is the task as last seen, and when the watch ends.
pub(super) struct Watch {
    handle: TaskHandle,
    seen: Option<TaskStatus>,
    last: Option<Box<Task>>,
    deadline: Instant,
    next_query: Instant,
    queries: u32,
    failures: u32,
    /// Answers of success without a result.
    empty_successes: u32,
    /// Why the last query of all brought nothing.
    last_failure: Option<Error>,
    /// The query at the deadline was made.
    asked_last: bool,
    ended: bool,
}

impl Watch {
    pub(super) fn new(handle: TaskHandle) -> Self {
        let policy = handle.client().settings().poll;
        let now = Instant::now();
        // A task of unknown age is asked after at once.
        let first = match handle.snapshot() {
            Some(_) => policy.wait_before(0, fastrand::f64()),
            None => Duration::ZERO,
        };
        let deadline = now + policy.max_wait;
        Watch {
            handle,
            seen: None,
            last: None,
            deadline,
            next_query: (now + first).min(deadline),
            queries: 0,
            failures: 0,
            empty_successes: 0,
            last_failure: None,
            asked_last: false,
            ended: false,
        }
    }

    /// Waits for the success.
    pub(super) async fn finish(mut self) -> Result<Task> {
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
        if self.seen.is_none()
            && let Some(task) = self.handle.snapshot().cloned()
            && let Some(event) = self.see(task)
        {
            return Some(event);
        }
        while !self.asked_last {
            sleep_until(self.next_query).await;
            self.asked_last = self.next_query >= self.deadline;
            // A query that is under way at the deadline makes room for the last
            // one, which has the time of one try: so the watch ends in time.
            let limit = if self.asked_last {
                Instant::now() + self.handle.client().settings().timeouts.attempt
            } else {
                self.deadline
            };
            let event = match timeout_at(limit, self.handle.fetch()).await {
                Ok(Ok(task)) => {
                    self.failures = 0;
                    self.schedule_next(Duration::ZERO);
                    self.see(task)
                }
                Ok(Err(error)) => self.query_failed(error),
                Err(_) => {
                    self.next_query = self.deadline;
                    None
                }
            };
            if event.is_some() {
                return event;
            }
        }
        self.ended = true;
        Some(Err(self.timed_out()))
    }

    /// Plans the next query: not before the service wants it, at the latest for
    /// the end of the watch.
    fn schedule_next(&mut self, asked: Duration) -> Duration {
        self.queries = self.queries.saturating_add(1);
        let policy = self.handle.client().settings().poll;
        let wait = policy.wait_before(self.queries, fastrand::f64()).max(asked);
        let now = Instant::now();
        let wait = wait.min(self.deadline.saturating_duration_since(now));
        self.next_query = now + wait;
        wait
    }

    /// Takes in a failed query. A task that was just created is there, whatever
    /// one answer says: a task may take a moment to show up, and a stray answer
    /// is no verdict. So all but credentials that fail twice counts towards the
    /// failures that are tolerated. An id from elsewhere may be wrong: there the
    /// service's word is final.
    fn query_failed(&mut self, error: Error) -> Option<Result<TaskEvent>> {
        self.failures += 1;
        let is_final = error.retryability() == Retryability::Permanent
            && !matches!(
                error.kind(),
                ErrorKind::Decode | ErrorKind::Service | ErrorKind::Transport | ErrorKind::Timeout
            );
        let tolerated = match error.kind() {
            _ if !is_final => self.handle.client().settings().poll.max_failures,
            _ if self.handle.snapshot().is_none() => 0,
            ErrorKind::Auth | ErrorKind::Account => 1,
            _ => self.handle.client().settings().poll.max_failures,
        };
        if self.failures > tolerated {
            self.ended = true;
            return Some(Err(error));
        }
        let next_in = self.schedule_next(error.retry_after().unwrap_or_default());
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

    /// Takes in a snapshot; tells of it if it is news.
    fn see(&mut self, task: Task) -> Option<Result<TaskEvent>> {
        let changed = self.seen.as_ref() != Some(&task.status);
        self.seen = Some(task.status.clone());
        match task.state() {
            TaskState::Succeed if has_result(&task) => {
                self.ended = true;
                Some(Ok(TaskEvent::Done(Box::new(task))))
            }
            // Paid for and made, but its address does not show yet: it may.
            TaskState::Succeed if self.empty_successes < EMPTY_SUCCESSES => {
                self.empty_successes += 1;
                self.last = Some(Box::new(task.clone()));
                changed.then(|| Ok(TaskEvent::Changed(Box::new(task))))
            }
            TaskState::Succeed => {
                self.ended = true;
                Some(Err(self.no_result(&task)))
            }
            TaskState::Failed => {
                self.ended = true;
                Some(Err(self.failed(&task)))
            }
            _ => {
                self.last = Some(Box::new(task.clone()));
                changed.then(|| Ok(TaskEvent::Changed(Box::new(task))))
            }
        }
    }

    /// Adds the task as last seen, and the ids that it is known by here: a
    /// gateway may show it under another.
    fn about(&self, error: Error, task: Option<&Task>) -> Error {
        let error = match task {
            Some(task) => error.with_task(task),
            None => error,
        };
        error
            .with_task_id(self.handle.id())
            .with_external_task_id(self.handle.external_id())
    }

    fn timed_out(&mut self) -> Error {
        if let Some(task) = self
            .last
            .as_deref()
            .filter(|task| task.state() == TaskState::Succeed)
        {
            return self.no_result(task);
        }
        let policy = self.handle.client().settings().poll;
        let status = self.seen.as_ref().map_or("unknown", TaskStatus::as_str);
        let text = format!(
            "task {} did not end within {} s (last status: {status}); it goes on and can be waited for again",
            self.handle.id(),
            policy.max_wait.as_secs_f32()
        );
        let error = Error::new(ErrorKind::WaitTimeout, text);
        let mut error = error.with_retryability(Retryability::Temporary);
        if let Some(failure) = self.last_failure.take() {
            error = error
                .with_note(&format!("the last query failed: {failure}"))
                .with_source(failure);
        }
        self.about(error, self.last.as_deref())
    }

    fn failed(&self, task: &Task) -> Error {
        let reason = task
            .failure_reason()
            .unwrap_or("the service gives no reason");
        let text = format!("task {} failed: {reason}", self.handle.id());
        self.about(Error::new(ErrorKind::TaskFailed, text), Some(task))
    }

    fn no_result(&self, task: &Task) -> Error {
        let text = format!(
            "task {} succeeded, but the answer has no result's address",
            self.handle.id()
        );
        let error = Error::new(ErrorKind::NoResult, text);
        self.about(error.with_retryability(Retryability::Temporary), Some(task))
    }
}

fn has_result(task: &Task) -> bool {
    let images = task
        .result
        .as_ref()
        .map_or(&[][..], |result| &result.images);
    task.videos().iter().any(|video| video.address().is_some())
        || images.iter().any(|image| image.address().is_some())
}
