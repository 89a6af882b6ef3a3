//! The state machine alone: every event in every state.

use kling_types::{Task, TaskId, TaskStatus};

use super::{Event, Recovery, Step};
use crate::error::{Error, ErrorKind};

/// An event, by its first letter: **F**ound, **R**efused, **D**uplicate,
/// **U**nknown, **N**ot found, look-up **E**rror.
fn event(letter: char) -> Event {
    let error = |text: &str| Error::new(ErrorKind::Service, text);
    match letter {
        'F' => {
            let id = TaskId::new("1").unwrap();
            Event::Found(Box::new(Task::new(id, TaskStatus::SUBMITTED)))
        }
        'R' => Event::Refused(error("refused")),
        'D' => Event::Duplicate(error("duplicate")),
        'U' => Event::Unknown(error("lost")),
        'N' => Event::NotFound,
        'E' => Event::LookUpFailed(error("no look-up")),
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
        Step::LookUp => "look up".to_owned(),
        Step::Done(_) => "done".to_owned(),
        Step::GiveUp(error) => format!("refused: {error}"),
        Step::GiveUpMaybeSent(error) => format!("maybe sent: {error}"),
    }
}

#[track_caller]
fn check(can_look_up: bool, events: &str, expected: &str) {
    assert_eq!(told(&last_step(can_look_up, events)), expected, "{events}");
}

#[test]
fn every_event_where_tasks_can_be_looked_up() {
    // After the first create.
    check(true, "F", "done");
    check(true, "R", "refused: refused");
    check(true, "D", "refused: duplicate");
    check(true, "U", "look up");
    // After the look-up of a lost one.
    check(true, "UF", "done");
    check(true, "UN", "create");
    check(
        true,
        "UE",
        "maybe sent: lost; looking it up failed too: no look-up",
    );
    // After the second create.
    check(true, "UNF", "done");
    check(true, "UNR", "maybe sent: refused");
    check(true, "UND", "look up");
    check(true, "UNU", "look up");
    // After the look-up of the second, or of the first one that it ran into.
    for twice in ["UND", "UNU"] {
        check(true, &format!("{twice}F"), "done");
        check(true, &format!("{twice}N"), "maybe sent: lost");
        let expected = "maybe sent: lost; looking it up failed too: no look-up";
        check(true, &format!("{twice}E"), expected);
    }
}

#[test]
fn every_event_where_tasks_cannot_be_looked_up() {
    check(false, "F", "done");
    check(false, "R", "refused: refused");
    check(false, "D", "refused: duplicate");
    check(false, "U", "maybe sent: lost");
}

/// Whatever happens, in whatever order: at most two creates, the second only
/// after the service did not know the first, and never an end to asking.
#[test]
fn no_course_of_events_creates_thrice_or_goes_on_for_ever() {
    fn follow(events: &str) {
        assert!(events.len() < 6, "still going on after {events}");
        let answers = match last_step(true, events) {
            Step::Create => {
                assert_eq!(events.matches('N').count(), 1, "{events}");
                assert!(events.ends_with('N'), "{events}");
                "FRDU"
            }
            Step::LookUp => "FNE",
            _ => "",
        };
        for answer in answers.chars() {
            follow(&format!("{events}{answer}"));
        }
    }
    for first in ["F", "R", "D", "U"] {
        follow(first);
    }
}
