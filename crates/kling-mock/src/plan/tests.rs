//! Plans, followed query by query.

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
        reads,
        ..Stage::lasting(Duration::from_millis(millis))
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

    /// What a task has gone through stays as it was, whatever is done to it.
    #[test]
    fn the_past_cannot_be_changed(
        plan in plans(),
        follow in prop::option::of(plans()),
        asked_at in moments(),
        later in moments(),
    ) {
        let mut reads = Vec::new();
        let mut last = plan.standing(CREATED, CREATED, &[], false);
        let mut now = CREATED;
        for millis in &asked_at {
            now = CREATED.saturating_add(Duration::from_millis(*millis));
            last = plan.standing(CREATED, now, &reads, false);
            if reads.len() < plan.counted_reads() {
                reads.push(now);
            }
        }
        let before = plan.standing(CREATED, now, &reads, false);
        let steer = follow.as_ref().map_or(Steer::Release, Steer::Follow);
        let Some(steered) = plan.steered(CREATED, now, &reads, &steer) else {
            prop_assert_eq!(before.status.as_str(), "succeed");
            return Ok(());
        };
        let after = steered.standing(CREATED, now, &[], false);
        prop_assert!(rank(&last) <= rank(&before) && rank(&before) <= rank(&after));
        if rank(&after) == rank(&before) {
            prop_assert_eq!(&after, &before);
        } else {
            prop_assert!(after.since > before.since);
            prop_assert!(after.since >= now, "{:?} at {:?}", after, now);
        }
        if follow.is_none() {
            prop_assert!(rank(&after) > rank(&before));
        }
        let mut reads = Vec::new();
        let mut seen = vec![after];
        for millis in later {
            let at = now.saturating_add(Duration::from_millis(millis));
            seen.push(steered.standing(CREATED, at, &reads, false));
            if reads.len() < steered.counted_reads() {
                reads.push(at);
            }
        }
        for two in seen.windows(2) {
            prop_assert!(rank(&two[0]) <= rank(&two[1]), "{two:?}");
            prop_assert_eq!(two[0].status == two[1].status, two[0].since == two[1].since);
        }
    }

    #[test]
    fn a_plan_is_written_as_it_is_read(plan in plans(), message in prop::option::of(".{1,12}")) {
        let plan = match message {
            Some(message) => plan.failing(message),
            None => plan,
        };
        let text = plan.to_string();
        let again = text.parse::<Plan>();
        prop_assert_eq!(again, Ok(plan), "{}", text);
    }
}
