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

    /// Done by the first query, however soon it comes.
    pub fn instant() -> Self {
        Plan::polls(0, 0)
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
        reads(self.queue).saturating_add(reads(self.run))
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
        let mut standing = Standing {
            status: TaskStatus::SUBMITTED,
            since: created,
        };
        let end = if fails {
            TaskStatus::FAILED
        } else {
            TaskStatus::SUCCEED
        };
        let mut reads = reads;
        for (stage, next) in [(self.queue, TaskStatus::PROCESSING), (self.run, end)] {
            let Some((since, later)) = stage.end(standing.since, now, reads) else {
                break;
            };
            standing = Standing {
                status: next,
                since,
            };
            reads = later;
        }
        standing
    }
}

impl Default for Plan {
    /// [`Plan::quick`].
    fn default() -> Self {
        Plan::quick()
    }
}

impl Stage {
    /// When the stage ended that began at `began`, and the reads that fall into
    /// what comes after; `None` if it has not ended.
    ///
    /// Enough reads end it even while the clock stands still; the next stage
    /// then begins a moment later than they came.
    fn end(
        self,
        began: UnixMillis,
        now: UnixMillis,
        reads: &[UnixMillis],
    ) -> Option<(UnixMillis, &[UnixMillis])> {
        let by_time = began.saturating_add(self.time);
        let in_time = reads.iter().take_while(|at| **at < by_time).count();
        let enough = self.reads.map(|count| count as usize);
        if let Some(count) = enough.filter(|count| *count <= in_time) {
            let last = count.checked_sub(1).map_or(began, |index| reads[index]);
            let at = last.max(began.saturating_add(SHORTEST));
            return Some((at, &reads[count..]));
        }
        (now >= by_time).then(|| (by_time, &reads[in_time..]))
    }
}
