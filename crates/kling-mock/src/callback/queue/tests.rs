use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::callback::{CallbackFault, CallbacksOn, Forgery};

const OK: Outcome = Outcome::Answered(200);
const FAILED: Outcome = Outcome::Answered(500);

/// The faults of attempts, and what is sent.
type Case<'a> = (&'a [(usize, CallbackFault)], &'a [&'a str]);

fn at(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

fn matched(faults: Vec<CallbackFault>) -> MatchedFaults {
    MatchedFaults {
        faults,
        serial: Some(1),
    }
}

fn task(name: &str) -> TaskId {
    TaskId::new(name).unwrap()
}

/// Up to three changes, at these times.
fn changes(times: &[i64]) -> Vec<(UnixMillis, Standing)> {
    [
        TaskStatus::SUBMITTED,
        TaskStatus::PROCESSING,
        TaskStatus::SUCCEED,
    ]
    .into_iter()
    .zip(times)
    .map(|(status, millis)| {
        let since = at(*millis);
        (since, Standing { status, since })
    })
    .collect()
}

fn queue(tasks: &[(&str, &[i64])]) -> Queue {
    let mut queue = Queue::default();
    for (name, times) in tasks {
        queue.subscribe(task(name), "http://localhost/hook", "");
        queue.expect(&task(name), changes(times));
    }
    queue
}

/// What is sent until `until`, as `time task status #attempt`, if the n-th
/// attempt has this fault.
fn run(
    queue: &mut Queue,
    until: i64,
    outcome: &Outcome,
    faults: &[(usize, CallbackFault)],
) -> Vec<String> {
    let mut asked = 0;
    let mut seen = Vec::new();
    loop {
        let popped = queue.pop(at(until), |_| {
            asked += 1;
            let mine = faults.iter().filter(|(number, _)| *number == asked);
            matched(mine.map(|(_, fault)| *fault).collect())
        });
        let Some(delivery) = popped else { return seen };
        let name = delivery.notice.task.as_ref().map_or("test", TaskId::as_str);
        seen.push(format!(
            "{} {name} {} #{}",
            delivery.at, delivery.notice.status, delivery.attempt
        ));
        queue.report(delivery.id, outcome.clone(), delivery.at);
    }
}

#[test]
fn in_order_and_never_early() {
    let mut queue = queue(&[("a", &[0, 10, 30]), ("b", &[0, 10, 20])]);
    assert_eq!(queue.next_due(), Some(at(0)));
    assert_eq!(run(&mut queue, -1, &OK, &[]), [""; 0]);
    assert_eq!(
        run(&mut queue, 9, &OK, &[]),
        ["0 a submitted #1", "0 b submitted #1"]
    );
    assert_eq!(queue.next_due(), Some(at(10)));
    assert_eq!(
        run(&mut queue, 1000, &OK, &[]),
        [
            "10 a processing #1",
            "10 b processing #1",
            "20 b succeed #1",
            "30 a succeed #1"
        ]
    );
    assert_eq!(queue.next_due(), None);
    let outcomes: Vec<_> = queue.records().map(|record| &record.outcome).collect();
    assert_eq!(outcomes, [&Some(OK); 6]);
    let ids: Vec<_> = queue
        .records()
        .map(|record| record.delivery.callback)
        .collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn the_outlook_may_move() {
    // Only queries move this task on: at first nothing but its start is known.
    let mut queue = queue(&[("a", &[0])]);
    assert_eq!(run(&mut queue, 100, &OK, &[]), ["0 a submitted #1"]);
    queue.expect(&task("a"), changes(&[0, 100]));
    queue.expect(&task("a"), changes(&[0, 100, 5000]));
    queue.expect(&task("a"), changes(&[0, 100, 200]));
    queue.expect(&task("b"), changes(&[0, 100, 200]));
    assert_eq!(run(&mut queue, 100, &OK, &[]), ["100 a processing #1"]);
    // Forced to fail before its time.
    let mut forced = changes(&[0, 100, 150]);
    forced[2].1.status = TaskStatus::FAILED;
    queue.expect(&task("a"), forced.clone());
    assert_eq!(run(&mut queue, 9000, &OK, &[]), ["150 a failed #1"]);
    queue.expect(&task("a"), forced);
    assert_eq!(queue.next_due(), None);
}

#[test]
fn only_the_end_if_so_wished() {
    let mut queue = Queue::new(Policy {
        on: CallbacksOn::End,
        ..Policy::default()
    });
    queue.subscribe(task("a"), "http://localhost/", "");
    queue.expect(&task("a"), changes(&[0, 10]));
    assert_eq!(queue.next_due(), None);
    queue.expect(&task("a"), changes(&[0, 10, 30]));
    assert_eq!(run(&mut queue, 99, &OK, &[]), ["30 a succeed #1"]);
    queue.expect(&task("a"), changes(&[0, 10, 30]));
    assert_eq!(queue.next_due(), None);
}

#[test]
fn faults() {
    use CallbackFault::{Drop, Duplicate, Late, NoHeaders, Reorder};
    let late = Late(Duration::from_millis(15));
    let (start, middle, end) = ("0 a submitted #1", "10 a processing #1", "20 a succeed #1");
    let cases: [Case<'_>; 10] = [
        (&[(2, Drop)], &[start, end]),
        (&[(2, Duplicate(3))], &[start, middle, middle, middle, end]),
        (&[(3, Duplicate(2))], &[start, middle, end, end]),
        (&[(2, late)], &[start, end, "25 a processing #1"]),
        (&[(2, late), (2, late)], &[start, end, "40 a processing #1"]),
        (&[(1, Reorder)], &[middle, "10 a submitted #1", end]),
        (&[(2, Reorder)], &[start, end, "20 a processing #1"]),
        (&[(3, Reorder)], &[start, middle, end]),
        // Held back until the end went out; that the next one is lost is all the same.
        (&[(1, Reorder), (2, Drop)], &["10 a submitted #1", end]),
        (&[(2, NoHeaders)], &[start, middle, end]),
    ];
    for (faults, expected) in cases {
        let mut queue = queue(&[("a", &[0, 10, 20])]);
        assert_eq!(run(&mut queue, 1000, &OK, faults), expected, "{faults:?}");
    }
}

#[test]
fn copies_share_their_callback_and_its_forgery() {
    let mut queue = queue(&[("a", &[0])]);
    let faults = [
        (1, CallbackFault::Duplicate(2)),
        (1, CallbackFault::BadSignature),
    ];
    run(&mut queue, 0, &OK, &faults);
    for record in queue.records() {
        assert_eq!(record.delivery.callback, 0);
        assert_eq!(record.delivery.forgery, Some(Forgery::BadSignature));
    }
    assert_eq!(queue.records().count(), 2);
}

#[test]
fn attempts_are_one_by_default_and_back_off() {
    let mut once = queue(&[("a", &[0])]);
    assert_eq!(run(&mut once, 99_999, &FAILED, &[]), ["0 a submitted #1"]);

    let mut queue = Queue::new(Policy {
        attempts: 3,
        ..Policy::default()
    });
    queue.subscribe(task("a"), "http://localhost/", "");
    queue.expect(&task("a"), changes(&[0, 500]));
    assert_eq!(
        run(&mut queue, 99_999, &FAILED, &[]),
        [
            "0 a submitted #1",
            "500 a processing #1",
            "1000 a submitted #2",
            "1500 a processing #2",
            "3000 a submitted #3",
            "3500 a processing #3",
        ]
    );
    // What is lost is a failed attempt too; the fault does not come again.
    queue.expect(&task("a"), changes(&[0, 500, 100_000]));
    assert_eq!(
        run(&mut queue, 200_000, &OK, &[(1, CallbackFault::Drop)]),
        ["101000 a succeed #2"]
    );
    let outcomes = queue.records().rev().take(2).map(|record| &record.outcome);
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [&Some(OK), &Some(Outcome::Dropped)]
    );
}

#[test]
fn another_attempt_starts_afresh() {
    let mut queue = Queue::new(Policy {
        attempts: 2,
        ..Policy::default()
    });
    queue.subscribe(task("a"), "http://localhost/", "");
    queue.expect(&task("a"), changes(&[0]));
    let faults = [
        (1, CallbackFault::Duplicate(2)),
        (1, CallbackFault::WrongSecret),
    ];
    // The copy is not repeated, and what went wrong is over.
    assert_eq!(
        run(&mut queue, 99_999, &FAILED, &faults),
        [
            "0 a submitted #1",
            "0 a submitted #1",
            "1000 a submitted #2"
        ]
    );
    let forgeries = queue.records().map(|record| record.delivery.forgery);
    let wrong = Some(Forgery::WrongSecret);
    assert_eq!(forgeries.collect::<Vec<_>>(), [wrong, wrong, None]);
}

#[test]
fn what_fell_due_no_longer_moves() {
    let mut queue = queue(&[("a", &[0, 10])]);
    let first = queue.pop(at(10), |_| MatchedFaults::default()).unwrap();
    assert_eq!(queue.pop(at(10), |_| MatchedFaults::default()), None);
    queue.report(first.id, OK, at(0));
    queue.expect(&task("a"), changes(&[0, 10, 20]));
    assert_eq!(
        run(&mut queue, 99, &OK, &[]),
        ["10 a processing #1", "20 a succeed #1"]
    );
}

#[test]
fn one_at_a_time_for_each_task() {
    let mut queue = queue(&[("a", &[0, 10, 20]), ("b", &[5])]);
    let first = queue.pop(at(100), |_| MatchedFaults::default()).unwrap();
    let other = queue.pop(at(100), |_| MatchedFaults::default()).unwrap();
    assert_eq!(other.notice.task, Some(task("b")));
    assert_eq!(queue.pop(at(100), |_| MatchedFaults::default()), None);
    // A report counts once.
    queue.report(first.id, OK, at(50));
    queue.report(first.id, FAILED, at(60));
    queue.report(77, OK, at(60));
    assert_eq!(
        run(&mut queue, 100, &OK, &[]),
        ["50 a processing #1", "50 a succeed #1"]
    );
    let open = queue.records().filter(|record| record.outcome.is_none());
    assert_eq!(
        open.map(|record| record.delivery.id).collect::<Vec<_>>(),
        [other.id]
    );
}

#[test]
fn redelivery() {
    let mut queue = queue(&[("a", &[0, 10])]);
    run(&mut queue, 10, &FAILED, &[]);
    assert_eq!(queue.redeliver(0, at(70)), Ok(()));
    assert_eq!(queue.next_due(), Some(at(70)));
    assert_eq!(run(&mut queue, 99_999, &FAILED, &[]), ["70 a submitted #2"]);
    assert_eq!(queue.redeliver(0, at(80)), Ok(()));
    assert_eq!(run(&mut queue, 99_999, &OK, &[]), ["80 a submitted #3"]);
    let latest = queue.records().next_back().unwrap();
    assert_eq!(latest.delivery.callback, 0);
    assert_eq!(latest.delivery.notice.since, at(0));
    assert!(queue.redeliver(2, at(80)).is_err());
}

#[test]
fn one_test_event_in_six_seconds() {
    let mut queue = Queue::default();
    let mut test = |now| queue.test("http://localhost/", at(now));
    assert_eq!(test(0), Ok(()));
    assert_eq!(test(1), Err(Duration::from_millis(5999)));
    assert_eq!(test(5_999), Err(Duration::from_millis(1)));
    assert_eq!(test(6_000), Ok(()));
    assert_eq!(test(12_001), Ok(()));
    assert_eq!(
        run(&mut queue, 12_001, &FAILED, &[]),
        [
            "0 test submitted #1",
            "6000 test submitted #1",
            "12001 test submitted #1"
        ]
    );
}

#[test]
fn cleared_but_counted_on() {
    let mut queue = queue(&[("a", &[0, 10])]);
    let late = queue.pop(at(0), |_| MatchedFaults::default()).unwrap();
    queue.clear();
    assert_eq!(queue.next_due(), None);
    queue.subscribe(task("a"), "http://localhost/", "");
    queue.expect(&task("a"), changes(&[20]));
    let next = queue.pop(at(20), |_| MatchedFaults::default()).unwrap();
    queue.report(late.id, FAILED, at(20));
    assert_eq!((next.id, next.callback), (1, 1));
    let outcomes = queue.records().map(|record| &record.outcome);
    assert_eq!(outcomes.collect::<Vec<_>>(), [&None]);
}

#[test]
fn records_are_capped() {
    let mut queue = queue(&[("a", &[0])]);
    let endless = [(1, CallbackFault::Duplicate(u64::MAX))];
    for _ in 0..=RECORDS {
        let delivery = queue.pop(at(0), |_| matched(endless.map(|(_, fault)| fault).to_vec()));
        queue.report(delivery.unwrap().id, OK, at(0));
    }
    assert_eq!(queue.records().count(), RECORDS);
    assert_eq!(
        queue.records().next().map(|record| record.delivery.id),
        Some(1)
    );
}

/// What to do with a queue of four tasks.
#[derive(Debug, Clone)]
enum Step {
    Advance(i64),
    /// Bring a task's next change, of those that lie ahead, forward to now.
    Hasten(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_i64..400).prop_map(Step::Advance),
        (0_usize..4).prop_map(Step::Hasten),
    ];
    prop::collection::vec(step, 0..20)
}

proptest! {
    /// However time passes and plans move, each change is told once, at its
    /// time, in order.
    #[test]
    fn each_change_once_in_order(
        mut plans in prop::collection::vec(prop::collection::vec(1_i64..500, 3), 4),
        steps in steps(),
    ) {
        for plan in &mut plans {
            plan[1] += plan[0];
            plan[2] += plan[1];
        }
        let name = |number: usize| task(&number.to_string());
        let mut queue = Queue::default();
        for (number, plan) in plans.iter().enumerate() {
            queue.subscribe(name(number), "http://localhost/", "");
            queue.expect(&name(number), changes(plan));
        }
        let mut now = 0;
        let mut told = Vec::new();
        for step in steps.into_iter().chain([Step::Advance(5_000)]) {
            match step {
                Step::Advance(by) => {
                    now += by;
                    while let Some(delivery) = queue.pop(at(now), |_| MatchedFaults::default()) {
                        prop_assert!(delivery.at.get() <= now);
                        prop_assert_eq!(delivery.at, delivery.notice.since);
                        told.push((delivery.at.get(), delivery.notice.task.clone().unwrap()));
                        queue.report(delivery.id, OK, delivery.at);
                    }
                    prop_assert!(queue.next_due().is_none_or(|due| due.get() > now));
                }
                Step::Hasten(number) => {
                    let plan = &mut plans[number];
                    if let Some(next) = plan.iter().position(|time| *time > now + 1) {
                        let by = plan[next] - (now + 1);
                        plan[next..].iter_mut().for_each(|time| *time -= by);
                    }
                    queue.expect(&name(number), changes(&plans[number]));
                }
            }
        }
        prop_assert!(told.is_sorted_by_key(|(time, _)| *time));
        for (number, plan) in plans.iter().enumerate() {
            let mine = told.iter().filter(|(_, task)| *task == name(number));
            prop_assert_eq!(&mine.map(|(time, _)| *time).collect::<Vec<_>>(), plan);
        }
    }

    /// Whatever goes wrong and however often it is tried: nothing is sent
    /// before its time, and what is neither lost nor repeated is sent once.
    #[test]
    fn faults_lose_nothing_else(
        faults in prop::collection::vec(0_u32..8, 60),
        attempts in 1_u32..4,
    ) {
        let mut queue = Queue::new(Policy { attempts, ..Policy::default() });
        for number in 0..8_i64 {
            let name = task(&number.to_string());
            queue.subscribe(name.clone(), "http://localhost/", "");
            queue.expect(&name, changes(&[number, 100 + number, 200 + number]));
        }
        let mut faults = faults.into_iter();
        let (mut copies, mut lost) = (0, 0);
        let mut sent = 0;
        while let Some(delivery) = queue.pop(at(1_000_000), |_| {
            let fault = match faults.next() {
                Some(0) => CallbackFault::Drop,
                Some(1) => CallbackFault::Duplicate(3),
                Some(2) => CallbackFault::Reorder,
                Some(3) => CallbackFault::Late(Duration::from_millis(150)),
                _ => return MatchedFaults::default(),
            };
            copies += if fault == CallbackFault::Duplicate(3) { 2 } else { 0 };
            lost += usize::from(fault == CallbackFault::Drop);
            matched(vec![fault])
        }) {
            prop_assert!(delivery.at >= delivery.notice.since);
            sent += 1;
            queue.report(delivery.id, OK, delivery.at);
        }
        let dropped = queue.records().filter(|record| record.outcome == Some(Outcome::Dropped));
        prop_assert_eq!(dropped.count(), lost);
        let mut reached = BTreeMap::new();
        for record in queue.records() {
            let answered = record.outcome == Some(OK);
            *reached.entry(record.delivery.callback).or_insert(false) |= answered;
        }
        prop_assert_eq!(reached.len(), 24);
        let missed = reached.values().filter(|reached| !**reached).count();
        prop_assert!(missed <= lost / attempts as usize);
        let again = queue.records().filter(|record| record.delivery.attempt > 1);
        let again = again.map(|record| (record.delivery.callback, record.delivery.attempt));
        let retried = again.collect::<BTreeSet<_>>().len();
        prop_assert_eq!(sent + lost, 24 + copies + retried);
    }
}
