//! The state machine's transition table.

use kling_types::{ServiceError, Task, TaskId, TaskStatus};
use serde_json::json;

use super::{Event, Recovery, Step};
use crate::error::{Error, ErrorKind, Retryability};

/// An event, by its first letter: **F**ound, **R**efused, **D**uplicate,
/// **U**nknown, **N**ot found, **S**ome other task, look-up **E**rror that may be
/// temporary, **W**aiting for the service. In lower case, `r` and `d` came after code
/// 5001.
fn event(letter: char) -> Event {
    let error = |text: &str| Error::new(ErrorKind::Service, text);
    let failed = |error: Error, time_left| Event::LookUpFailed { error, time_left };
    let exhausted = || error("no look-up").with_retryability(Retryability::Exhausted);
    match letter {
        'F' => {
            let id = TaskId::new("1").unwrap();
            Event::Found(Box::new(Task::new(id, TaskStatus::SUBMITTED)))
        }
        'R' => Event::Refused(error("refused")),
        'r' => Event::RefusedAfterMaintenance(error("refused")),
        'D' => Event::Duplicate {
            error: error("duplicate"),
            maybe_ours: false,
        },
        'd' => Event::Duplicate {
            error: error("duplicate"),
            maybe_ours: true,
        },
        'U' => Event::Unknown(error("lost")),
        'N' => Event::NotFound,
        'S' => Event::OtherTask(TaskId::new("2").unwrap()),
        'E' => failed(error("no look-up"), true),
        'e' => {
            let body = json!({"code": 1002, "message": "no look-up"});
            let error = ServiceError::parse(401, &body).unwrap();
            let class = error.class();
            failed(Error::service(error, class), true)
        }
        'W' => failed(exhausted(), true),
        'x' => failed(exhausted(), false),
        other => panic!("no event {other}"),
    }
}

/// The last step after these events.
fn last_step(can_look_up: bool, events: &str) -> Step {
    let mut recovery = Recovery::new(can_look_up);
    let steps = events.chars().map(|letter| recovery.next(event(letter)));
    steps.last().expect("an event")
}

fn told(step: &Step) -> String {
    match step {
        Step::Create => "create".to_owned(),
        Step::LookUp { after, new_only } => {
            let what = if *new_only {
                "look up a new one"
            } else {
                "look up"
            };
            match after.as_secs() {
                0 => what.to_owned(),
                seconds => format!("{what} after {seconds} s"),
            }
        }
        Step::Done(_) => "done".to_owned(),
        Step::GiveUp(error) => format!("refused: {error}"),
        Step::GiveUpMaybeSent(error) => format!("maybe sent: {error}"),
    }
}

#[track_caller]
fn check(can_look_up: bool, events: &str, expected: &str) {
    assert_eq!(told(&last_step(can_look_up, events)), expected, "{events}");
}

const OTHER_TASK: &str =
    "maybe sent: lost; what was found under its external id is task 2, another one";
const NO_LOOK_UP: &str = "maybe sent: lost; looking it up failed too: no look-up";

#[test]
fn every_event_where_tasks_can_be_looked_up() {
    // After the first create.
    check(true, "F", "done");
    check(true, "R", "refused: refused");
    check(true, "D", "refused: duplicate");
    check(true, "U", "look up");
    // After the look-ups of a lost one.
    check(true, "UN", "look up after 1 s");
    check(true, "UNN", "look up after 2 s");
    check(true, "UNNN", "create");
    for looked_up in ["U", "UN", "UNN"] {
        check(true, &format!("{looked_up}F"), "done");
        check(true, &format!("{looked_up}S"), OTHER_TASK);
        for failed in ["x", "EEE"] {
            check(true, &format!("{looked_up}{failed}"), NO_LOOK_UP);
        }
    }
    let refused = "maybe sent: lost; looking it up failed too: ";
    assert!(told(&last_step(true, "Ue")).starts_with(refused));
    // A single odd answer proves nothing, and does not count as "not found".
    check(true, "UE", "look up after 1 s");
    check(true, "UEE", "look up after 2 s");
    check(true, "UEEF", "done");
    check(true, "UENEN", "look up after 2 s");
    check(true, "UENENN", "create");
    // After the second create.
    check(true, "UNNNF", "done");
    check(true, "UNNNR", "look up");
    check(true, "UNNND", "look up");
    check(true, "UNNNU", "look up");
    // After the look-ups of the second, or of the first one that it ran into.
    for (twice, misses) in [("UNNNU", 3), ("UNNND", 6)] {
        for missed in 0..misses {
            let events = format!("{twice}{}", "N".repeat(missed));
            check(true, &format!("{events}F"), "done");
            check(true, &format!("{events}S"), OTHER_TASK);
            check(true, &format!("{events}x"), NO_LOOK_UP);
        }
        let missed = format!("{twice}{}", "N".repeat(misses));
        check(true, &missed, "maybe sent: lost");
    }
    // A refusal of the second is the error, unless the first is found now.
    check(true, "UNNNRNNF", "done");
    check(true, "UNNNRNNN", "maybe sent: refused");
    let refused = "maybe sent: refused; looking it up failed too: no look-up";
    check(true, "UNNNRx", refused);
    // A task that certainly exists is looked for up to 31 s.
    check(true, "UNNNDNNNNN", "look up after 16 s");
}

#[test]
fn every_event_where_tasks_cannot_be_looked_up() {
    check(false, "F", "done");
    check(false, "R", "refused: refused");
    check(false, "D", "refused: duplicate");
    check(false, "U", "maybe sent: lost");
}

/// An earlier attempt was answered with code 5001, and this one with "already exists".
#[test]
fn a_duplicate_that_may_be_our_own() {
    check(true, "d", "look up a new one");
    check(true, "dF", "done");
    check(
        true,
        "dS",
        "maybe sent: duplicate; what was found under its external id is task 2, \
         an older one by this machine's clock",
    );
    check(true, "dN", "look up a new one after 1 s");
    check(
        true,
        "dx",
        "maybe sent: duplicate; looking it up failed too: no look-up",
    );
    // The task exists, so nothing is sent again.
    check(true, "dNNNNNN", "maybe sent: duplicate");
    check(false, "d", "maybe sent: duplicate");
}

/// An earlier attempt was answered with code 5001, and this one with "no slot free".
#[test]
fn a_refusal_for_which_our_own_task_may_be_the_reason() {
    check(true, "r", "look up a new one");
    check(true, "rNNF", "done");
    check(true, "rNNN", "maybe sent: refused");
    check(true, "UNNNr", "look up");
    check(false, "r", "maybe sent: refused");
}

/// Only the time limit ends the wait for a service that can't be reached.
#[test]
fn a_service_that_cannot_be_asked_is_waited_for() {
    for (failed, seconds) in [(1, 1), (2, 2), (5, 16), (6, 32), (7, 32), (1_000, 32)] {
        let events = format!("U{}", "W".repeat(failed));
        check(true, &events, &format!("look up after {seconds} s"));
        check(true, &format!("{events}F"), "done");
        check(true, &format!("{events}x"), NO_LOOK_UP);
    }
    // An outage counts neither as "not found" nor as an odd answer.
    check(true, "UNNWN", "create");
    check(true, "UNWWE", "look up after 1 s");
    // Each outage is one of its own.
    check(true, "UWWNW", "look up after 1 s");
}

/// For every sequence of events: at most two creates, the second only after the
/// service did not know the first, and a bounded number of look-ups.
#[test]
fn no_course_of_events_creates_thrice_or_goes_on_for_ever() {
    fn follow(events: &str) {
        assert!(events.len() <= 13, "still going on after {events}");
        let answers = match last_step(true, events) {
            Step::Create => {
                assert_eq!(events.replace(['E', 'e'], ""), "UNNN");
                "FRrDU"
            }
            Step::LookUp { .. } => "FNSEex",
            _ => "",
        };
        for answer in answers.chars() {
            follow(&format!("{events}{answer}"));
        }
    }
    for first in ["F", "R", "r", "D", "d", "U"] {
        follow(first);
    }
}
