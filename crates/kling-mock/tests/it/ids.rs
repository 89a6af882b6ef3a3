//! Ids look like those of the host, and none comes twice.

use std::collections::HashSet;

use kling_mock::{Mock, Profile};

use crate::clock::{ManualClock, START};
use crate::door::Door;
use crate::single;

/// The ids of this many tasks of one millisecond, and of one more a day later.
async fn ids(profile: Profile, prefix: &str, count: usize) -> Vec<String> {
    let clock = ManualClock::new();
    let door = Door::of(
        &Mock::builder()
            .profile(profile)
            .clock(clock.clone())
            .build(),
    );
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(door.create(prefix, &single()).await.task_id());
    }
    clock.advance(24 * 60 * 60 * 1_000);
    ids.push(door.create(prefix, &single()).await.task_id());
    ids
}

#[track_caller]
fn check(ids: &[String], digits: usize) {
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    assert!(
        ids.iter()
            .all(|id| id.len() == digits && id.bytes().all(|it| it.is_ascii_digit()))
    );
    assert!(ids.is_sorted(), "ids of one length, in order");
}

#[tokio::test]
async fn comet_ids_have_19_digits_and_the_creation_time() {
    let ids = ids(Profile::comet(), "/kling", 10_000).await;
    check(&ids, 19);
    let time = |id: &String| (id.parse::<u64>().expect("a number") >> 22) + 1_288_834_974_657;
    let (last, first) = ids.split_last().expect("ids");
    assert!(first.iter().all(|id| time(id) == START));
    assert_eq!(time(last), START + 24 * 60 * 60 * 1_000);
}

#[tokio::test]
async fn kling_ids_have_18_digits() {
    check(&ids(Profile::kling(), "", 10_000).await, 18);
}

/// From the beginning of time to its end there is an id for every task.
#[tokio::test]
async fn no_clock_is_too_early() {
    let start = std::time::SystemTime::UNIX_EPOCH;
    let clock = kling_http::TokioClock::starting_at(start);
    let door = Door::of(&Mock::builder().clock(clock).build());
    let first = door.create("/kling", &single()).await.task_id();
    let second = door.create("/kling", &single()).await.task_id();
    assert_ne!(first, second);
}
