//! What becomes of a task, and when.

use std::time::Duration;

use kling_types::{TaskStatus, UnixMillis};

/// The course of a task: queued, then running, then its end.
///
/// Where a task stands is a pure function of its plan, its creation, the time
/// now and the times at which it was asked after. Nothing ticks.
///
/// ```
/// use std::time::Duration;
/// use kling_mock::Plan;
///
/// let slow = Plan::after(Duration::from_secs(10), Duration::from_secs(300));
/// let refused = Plan::instant().failing("Failure to pass the risk control system");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    queue: Stage,
    run: Stage,
    failure: Option<String>,
}

/// A stage ends after a time, or once the task was asked after this often in
/// it, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stage {
    time: Duration,
    reads: Option<u32>,
}

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: TaskStatus,
    /// Since when: the task's `updated_at`.
    pub(crate) since: UnixMillis,
}

/// The shortest stage: two changes of status never share a millisecond.
const SHORTEST: Duration = Duration::from_millis(1);

impl Plan {
    /// `queue` from `submitted` to `processing`, then `run` to `succeed`.
    pub fn after(queue: Duration, run: Duration) -> Self {
        let stage = |time: Duration| Stage {
            time: time.max(SHORTEST),
            reads: None,
        };
        Plan {
            queue: stage(queue),
            run: stage(run),
            failure: None,
        }
    }

    /// Done by the first query.
    pub fn instant() -> Self {
        Plan::after(Duration::ZERO, Duration::ZERO)
    }

    /// Shows `submitted` to the first `queued` queries, `processing` to the
    /// next `running` ones, and then its end, however fast they come.
    pub fn polls(queued: u32, running: u32) -> Self {
        let stage = |reads| Stage {
            time: Duration::MAX,
            reads: Some(reads),
        };
        Plan {
            queue: stage(queued),
            run: stage(running),
            failure: None,
        }
    }

    /// One query each for `submitted` and `processing`, or half a second and
    /// two: whoever asks often sees every state, whoever asks late the last.
    pub fn quick() -> Self {
        let stage = |millis| Stage {
            time: Duration::from_millis(millis),
            reads: Some(1),
        };
        Plan {
            queue: stage(500),
            run: stage(2_000),
            failure: None,
        }
    }

    /// Never ends.
    pub fn stuck() -> Self {
        Plan::after(SHORTEST, Duration::MAX)
    }

    /// The same course, but the task fails in the end, with this message.
    pub fn failing(mut self, message: impl Into<String>) -> Self {
        self.failure = Some(message.into());
        self
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// How many of a task's first queries can make a difference.
    pub(crate) fn counted_reads(&self) -> usize {
        let reads = |stage: Stage| stage.reads.unwrap_or(0) as usize;
        reads(self.queue) + reads(self.run)
    }

    /// Where a task stands. `reads` are the times of the earlier queries, in
    /// order; `fails` whether its end is a failure.
    pub(crate) fn standing(
        &self,
        created: UnixMillis,
        now: UnixMillis,
        reads: &[UnixMillis],
        fails: bool,
    ) -> Standing {
        let submitted = Standing {
            status: TaskStatus::SUBMITTED,
            since: created,
        };
        let Some((started, later_reads)) = self.queue.end(created, now, reads) else {
            return submitted;
        };
        let processing = Standing {
            status: TaskStatus::PROCESSING,
            since: started,
        };
        let Some((ended, _)) = self.run.end(started, now, later_reads) else {
            return processing;
        };
        let status = if fails {
            TaskStatus::FAILED
        } else {
            TaskStatus::SUCCEED
        };
        Standing {
            status,
            since: ended,
        }
    }
}

impl Default for Plan {
    /// [`Plan::quick`].
    fn default() -> Self {
        Plan::quick()
    }
}

impl Stage {
    /// When the stage that began at `began` ended, and the reads that fall into
    /// what came after; `None` if it goes on.
    fn end(
        self,
        began: UnixMillis,
        now: UnixMillis,
        reads: &[UnixMillis],
    ) -> Option<(UnixMillis, &[UnixMillis])> {
        let earliest = began.saturating_add(SHORTEST);
        let by_time = began.saturating_add(self.time);
        if let Some(count) = self.reads {
            let (counted, later) = reads
                .split_at_checked(count as usize)
                .unwrap_or((reads, &[]));
            let last = counted.last().copied().unwrap_or(began);
            if counted.len() == count as usize && last <= by_time {
                // Queries can come faster than the clock's milliseconds: then the
                // change is dated a little ahead, so that its date is its own.
                return Some((last.max(earliest), later));
            }
        }
        let before = reads.iter().take_while(|read| **read < by_time).count();
        (now >= by_time).then(|| (by_time, reads.get(before..).unwrap_or(&[])))
    }
}
