//! What becomes of a task, and when.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kling_types::{TaskStatus, UnixMillis};

use crate::fault::FaultError;
use crate::fault::cursor::Cursor;
use crate::fault::error::unknown;

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
        let submitted = Standing {
            status: TaskStatus::SUBMITTED,
            since: created,
        };
        let course = self.course(created, now, reads, fails);
        course.into_iter().flatten().last().unwrap_or(submitted)
    }

    /// All that a task goes through if nobody asks after it again, from its
    /// creation to its end or to where it gets stuck.
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

    /// What a task has gone through by now.
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

/// A text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

/// `quick`, `instant`, `stuck`, `after(5s, 2m)` or `polls(1, 2)`, then perhaps
/// `fail("message")`.
///
/// ```
/// use std::time::Duration;
/// use kling_mock::Plan;
///
/// let plan: Plan = "after(5s, 2m) fail(\"Image pixel is invalid\")".parse()?;
/// let same = Plan::after(Duration::from_secs(5), Duration::from_secs(120));
/// assert_eq!(plan, same.failing("Image pixel is invalid"));
///
/// let error = "after(5s)".parse::<Plan>().unwrap_err();
/// assert_eq!(error.to_string(), "column 9: expected `,` after the first value, found `)`");
/// # Ok::<(), kling_mock::PlanError>(())
/// ```
impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|error| PlanError(error.to_string()))
    }
}

fn parse(text: &str) -> Result<Plan, FaultError> {
    const KNOWN: &[&str] = &["quick", "instant", "stuck", "after", "polls"];
    let mut no_files = |_: &str| Err(std::io::ErrorKind::Unsupported.into());
    let mut cursor = Cursor::new(text, &mut no_files);
    let word = cursor.word();
    let mut plan = match word.text {
        "quick" => Plan::quick(),
        "instant" => Plan::instant(),
        "stuck" => Plan::stuck(),
        "after" => {
            let (queue, run) = pair(&mut cursor, Cursor::duration)?;
            Plan::after(queue, run)
        }
        "polls" => {
            let (queued, running) = pair(&mut cursor, |cursor| {
                let at = cursor.here();
                let count = cursor.number("a number of queries")?;
                u32::try_from(count).map_err(|_| cursor.error(at, "so many queries never come"))
            })?;
            Plan::polls(queued, running)
        }
        other => return Err(cursor.error(word.at, unknown(other, "a plan", KNOWN))),
    };
    let word = cursor.word();
    if word.text == "fail" {
        cursor.expect('(', "`fail`")?;
        plan = plan.failing(cursor.string("a message", &[')'])?);
        cursor.expect(')', "the message")?;
    } else if !word.text.is_empty() {
        return Err(cursor.error(
            word.at,
            unknown(word.text, "what a plan ends with", &["fail"]),
        ));
    }
    if cursor.peek().is_some() {
        let (at, found) = (cursor.here(), cursor.found());
        return Err(cursor.error(at, format!("expected the end, {found}")));
    }
    Ok(plan)
}

/// Two values in parentheses.
fn pair<'a, T>(
    cursor: &mut Cursor<'a>,
    value: impl Fn(&mut Cursor<'a>) -> Result<T, FaultError>,
) -> Result<(T, T), FaultError> {
    cursor.expect('(', "the plan's name")?;
    let first = value(cursor)?;
    cursor.expect(',', "the first value")?;
    let second = value(cursor)?;
    cursor.expect(')', "the second value")?;
    Ok((first, second))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CREATED: UnixMillis = UnixMillis::new(1_767_225_600_000);

    /// Asks a task of this plan at these milliseconds after its creation, as
    /// the engine does: an answer counts the questions before it.
    fn course(plan: &Plan, fails: bool, asked_at: &[u64]) -> Vec<Standing> {
        let mut reads = Vec::new();
        let ask = |millis: &u64| {
            let now = CREATED.saturating_add(Duration::from_millis(*millis));
            let standing = plan.standing(CREATED, now, &reads, fails);
            if reads.len() < plan.counted_reads() {
                reads.push(now);
            }
            standing
        };
        asked_at.iter().map(ask).collect()
    }

    /// Expects, for each question, the status and since when it holds.
    #[track_caller]
    fn check(plan: &Plan, course_expected: &[(u64, &str, i64)]) {
        let asked_at: Vec<_> = course_expected.iter().map(|(at, ..)| *at).collect();
        let fails = plan.failure().is_some();
        let seen = course(plan, fails, &asked_at);
        let seen: Vec<_> = seen
            .iter()
            .zip(asked_at)
            .map(|(it, at)| (at, it.status.as_str(), it.since.get() - CREATED.get()))
            .collect();
        assert_eq!(seen, course_expected, "{plan:?}");
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn after_goes_by_the_clock_alone() {
        let plan = Plan::after(seconds(10), seconds(300));
        check(
            &plan,
            &[
                (0, "submitted", 0),
                (0, "submitted", 0),
                (9_999, "submitted", 0),
                (10_000, "processing", 10_000),
                (309_999, "processing", 10_000),
                (310_000, "succeed", 310_000),
                (9_999_999, "succeed", 310_000),
            ],
        );
        check(
            &plan.clone().failing("why"),
            &[(310_000, "failed", 310_000)],
        );
        // Two changes never share a millisecond.
        let at_once = Plan::after(Duration::ZERO, Duration::ZERO);
        check(
            &at_once,
            &[(0, "submitted", 0), (1, "processing", 1), (2, "succeed", 2)],
        );
    }

    /// Some fakes move a task on by one step at each question only.
    #[test]
    fn a_single_late_question_shows_the_end() {
        check(
            &Plan::after(seconds(10), seconds(300)),
            &[(999_999, "succeed", 310_000)],
        );
        check(&Plan::quick(), &[(999_999, "succeed", 2_500)]);
    }

    #[test]
    fn instant_is_done_by_the_first_question() {
        check(
            &Plan::instant(),
            &[(0, "succeed", 2), (0, "succeed", 2), (5_000, "succeed", 2)],
        );
        check(&Plan::instant().failing("why"), &[(0, "failed", 2)]);
    }

    #[test]
    fn polls_go_by_the_questions_alone() {
        let plan = Plan::polls(2, 1);
        // However fast they come.
        check(
            &plan,
            &[
                (0, "submitted", 0),
                (0, "submitted", 0),
                (0, "processing", 1),
                (0, "succeed", 2),
                (0, "succeed", 2),
            ],
        );
        // However slow.
        check(
            &plan,
            &[
                (1_000_000, "submitted", 0),
                (2_000_000, "submitted", 0),
                (3_000_000, "processing", 2_000_000),
                (4_000_000, "succeed", 3_000_000),
            ],
        );
        check(
            &Plan::polls(0, 1),
            &[(0, "processing", 1), (7, "succeed", 1 + 1)],
        );
        check(
            &Plan::polls(1, 0),
            &[(5, "submitted", 0), (5, "succeed", 6)],
        );
    }

    #[test]
    fn quick_goes_by_whichever_comes_first() {
        let plan = Plan::quick();
        check(
            &plan,
            &[(0, "submitted", 0), (0, "processing", 1), (0, "succeed", 2)],
        );
        check(
            &plan,
            &[
                (0, "submitted", 0),
                (600, "processing", 1),
                (700, "succeed", 600),
            ],
        );
        // Nobody asked while it was queued: the run begins by the clock.
        check(&plan, &[(500, "processing", 500), (501, "succeed", 501)]);
        check(
            &plan,
            &[
                (499, "submitted", 0),
                (500, "processing", 499),
                (2_498, "succeed", 500),
            ],
        );
    }

    #[test]
    fn stuck_never_ends() {
        let year = 365 * 24 * 60 * 60 * 1_000;
        check(
            &Plan::stuck(),
            &[
                (0, "submitted", 0),
                (1, "processing", 1),
                (year, "processing", 1),
            ],
        );
    }

    #[test]
    fn no_plan_overflows() {
        let plan = Plan::after(Duration::MAX, Duration::MAX);
        check(
            &plan,
            &[(0, "submitted", 0), (u64::MAX / 4, "submitted", 0)],
        );
        let plan = Plan::polls(u32::MAX, u32::MAX);
        check(&plan, &[(0, "submitted", 0)]);
        assert!(plan.counted_reads() >= u32::MAX as usize);
    }

    fn rank(standing: &Standing) -> u8 {
        match standing.status.as_str() {
            "submitted" => 0,
            "processing" => 1,
            _ => 2,
        }
    }

    fn plans() -> impl Strategy<Value = Plan> {
        let stage = (0_u64..2_000, prop::option::of(0_u32..4)).prop_map(|(millis, reads)| Stage {
            time: Duration::from_millis(millis).max(SHORTEST),
            reads,
        });
        (stage.clone(), stage).prop_map(|(queue, run)| Plan {
            queue,
            run,
            failure: None,
        })
    }

    /// Moments in order, many of them the same.
    fn moments() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![Just(0_u64), 0_u64..900], 1..12).prop_map(|steps| {
            let sums = steps.iter().scan(0, |sum, step| {
                *sum += step;
                Some(*sum)
            });
            sums.collect()
        })
    }

    proptest! {
        #[test]
        fn a_task_only_goes_forward(plan in plans(), asked_at in moments(), fails: bool) {
            let seen = course(&plan, fails, &asked_at);
            for two in seen.windows(2) {
                prop_assert!(rank(&two[0]) <= rank(&two[1]), "{two:?}");
                // `updated_at` changes exactly when the status does, and upwards.
                prop_assert_eq!(two[0].status == two[1].status, two[0].since == two[1].since);
                prop_assert!(two[0].since <= two[1].since, "{two:?}");
            }
        }

        /// What later questions find does not depend on when the answer is
        /// worked out, and the end follows from the failure alone.
        #[test]
        fn the_end_is_final(plan in plans(), asked_at in moments(), fails: bool) {
            let end = course(&plan, fails, &[&asked_at[..], &[100_000, 200_000, 300_000]].concat());
            let [.., before, last] = &end[..] else { unreachable!("three at least") };
            prop_assert_eq!(before, last);
            prop_assert_eq!(last.status.as_str(), if fails { "failed" } else { "succeed" });
        }

        /// Questions can only hasten a task.
        #[test]
        fn time_alone_brings_the_end(plan in plans(), asked_at in moments()) {
            let by_time = course(&plan, false, &asked_at[asked_at.len() - 1..]);
            let by_both = course(&plan, false, &asked_at);
            prop_assert!(rank(&by_time[0]) <= rank(&by_both[asked_at.len() - 1]));
        }
    }
}
