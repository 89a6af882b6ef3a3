//! A task's plan: its statuses, and when they change.

use std::sync::Arc;
use std::time::Duration;

use kling_types::{TaskStatus, UnixMillis};

use crate::random::Stream;

mod rule;
mod steer;
mod text;

pub use rule::PlanRule;
pub(crate) use rule::PlanRules;
pub(crate) use steer::Steer;
pub use text::PlanError;

/// The plan of a task: queued, then running, then its end.
///
/// A task's status is a pure function of its plan, its creation time, the current
/// time, and the times at which it was queried. Nothing ticks.
///
/// ```
/// use std::time::Duration;
/// use kling_mock::Plan;
///
/// let slow = Plan::after(Duration::from_secs(10), Duration::from_secs(300));
/// let refused = Plan::instant().failing("Failure to pass the risk control system");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    queue: Stage,
    run: Stage,
    failure: Option<Arc<str>>,
}

/// A stage ends after a time, or after this many queries in it, whichever comes
/// first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stage {
    time: Duration,
    reads: Option<u32>,
    /// The variation of the time between tasks: the sigma of a log-normal
    /// distribution with that median. 0 means none.
    sigma: f64,
}

/// The status of a task, and since when it has had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: TaskStatus,
    /// The time of the last change: the task's `updated_at`.
    pub(crate) since: UnixMillis,
}

/// The shortest stage: two changes of status never share a millisecond.
const SHORTEST: Duration = Duration::from_millis(1);

impl Plan {
    /// `queue` from `submitted` to `processing`, then `run` to `succeed`.
    pub fn after(queue: Duration, run: Duration) -> Self {
        Plan::of(Stage::lasting(queue), Stage::lasting(run))
    }

    /// Done by the first query, however soon it comes.
    pub fn instant() -> Self {
        Plan::polls(0, 0)
    }

    /// Shows `submitted` to the first `queued` queries, `processing` to the
    /// next `running` ones, and then its end, however fast they come.
    pub fn polls(queued: u32, running: u32) -> Self {
        Plan::of(Stage::asked(queued), Stage::asked(running))
    }

    /// One query each for `submitted` and `processing`, or half a second and two
    /// seconds: a client that polls often sees every status, one that polls late
    /// sees the last.
    pub fn quick() -> Self {
        let stage = |millis| Stage {
            time: Duration::from_millis(millis),
            ..Stage::asked(1)
        };
        Plan::of(stage(500), stage(2_000))
    }

    /// Never ends on its own: see [`Mock::release`](crate::Mock::release).
    pub fn stuck() -> Self {
        Plan::after(SHORTEST, Duration::MAX)
    }

    /// Stays `submitted` until it is released, then `processing` until it is
    /// released again: see [`Mock::release`](crate::Mock::release).
    pub fn held() -> Self {
        Plan::after(Duration::MAX, Duration::MAX)
    }

    /// Two seconds in the queue, then a run time with a median of 320 s that varies
    /// between tasks as it does for real effects: a third run longer than 380 s,
    /// one in twenty longer than ten minutes. The median is the slowest reported
    /// mean of an effect (*seen live*); the variation is *inferred*. It is derived
    /// from the seed.
    pub fn realistic() -> Self {
        Plan::log_normal(Duration::from_secs(320), 0.4)
    }

    /// [`realistic`](Self::realistic) with a median and a sigma of its own. A
    /// sigma above 10 counts as 10.
    pub fn log_normal(median: Duration, sigma: f64) -> Self {
        let run = Stage {
            sigma: if sigma.is_finite() {
                sigma.clamp(0.0, 10.0)
            } else {
                0.0
            },
            ..Stage::lasting(median)
        };
        Plan::of(Stage::lasting(Duration::from_secs(2)), run)
    }

    fn of(queue: Stage, run: Stage) -> Self {
        Plan {
            queue,
            run,
            failure: None,
        }
    }

    /// The same plan, except that the task fails in the end, with this message.
    pub fn failing(mut self, message: impl Into<String>) -> Self {
        self.failure = Some(message.into().into());
        self
    }

    pub(crate) fn failure(&self) -> Option<&Arc<str>> {
        self.failure.as_ref()
    }

    /// The plan of one task, with its random times drawn.
    pub(crate) fn drawn(self: &Arc<Self>, seed: u64, task: u64) -> Arc<Self> {
        if self.queue.sigma == 0.0 && self.run.sigma == 0.0 {
            return Arc::clone(self);
        }
        let mut random = Stream::new(seed, "run time", task);
        let mut draw = |stage: Stage| Stage {
            time: random.log_normal(stage.time, stage.sigma).max(SHORTEST),
            sigma: 0.0,
            ..stage
        };
        Arc::new(Plan {
            queue: draw(self.queue),
            run: draw(self.run),
            failure: self.failure.clone(),
        })
    }

    /// How many of a task's first queries can make a difference.
    pub(crate) fn counted_reads(&self) -> usize {
        let reads = |stage: Stage| stage.reads.unwrap_or(0) as usize;
        reads(self.queue).saturating_add(reads(self.run))
    }

    /// The status of a task. `reads` are the times of earlier queries, in order;
    /// `fails` says whether its end is a failure.
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
        let course = self.course(created, now, reads, fails);
        course.into_iter().flatten().last().unwrap_or(submitted)
    }

    /// The changes of a task from its creation to its end, or to where it gets
    /// stuck, if it is not queried again.
    pub(crate) fn changes(
        &self,
        created: UnixMillis,
        reads: &[UnixMillis],
        fails: bool,
    ) -> impl Iterator<Item = Standing> {
        const NEVER: UnixMillis = UnixMillis::new(i64::MAX);
        let course = self.course(created, NEVER, reads, fails);
        course
            .into_iter()
            .flatten()
            .filter(|standing| standing.since < NEVER)
    }

    /// The changes of a task up to now.
    fn course(
        &self,
        created: UnixMillis,
        now: UnixMillis,
        mut reads: &[UnixMillis],
        fails: bool,
    ) -> [Option<Standing>; 3] {
        let end = if fails {
            TaskStatus::FAILED
        } else {
            TaskStatus::SUCCEED
        };
        let submitted = Standing {
            status: TaskStatus::SUBMITTED,
            since: created,
        };
        let mut since = created;
        let mut course = [Some(submitted), None, None];
        for (place, (stage, status)) in course[1..]
            .iter_mut()
            .zip([(self.queue, TaskStatus::PROCESSING), (self.run, end)])
        {
            let Some((ended, later)) = stage.end(since, now, reads) else {
                break;
            };
            (since, reads) = (ended, later);
            *place = Some(Standing { status, since });
        }
        course
    }
}

impl Default for Plan {
    /// [`Plan::quick`].
    fn default() -> Self {
        Plan::quick()
    }
}

impl Stage {
    /// A stage that ends by the clock only.
    fn lasting(time: Duration) -> Self {
        Stage {
            time: time.max(SHORTEST),
            reads: None,
            sigma: 0.0,
        }
    }

    /// A stage that ends by queries only.
    fn asked(reads: u32) -> Self {
        Stage {
            time: Duration::MAX,
            reads: Some(reads),
            sigma: 0.0,
        }
    }

    /// When the stage ended that started at `began`, and the queries that belong to
    /// the following stages; `None` if it has not ended.
    ///
    /// Enough queries end it even if the clock stands still; the next stage then
    /// starts a moment after they came.
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

#[cfg(test)]
mod tests;
