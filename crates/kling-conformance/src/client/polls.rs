//! Checks of how a client polls its task.

use std::borrow::Cow;
use std::time::Duration;

use kling_mock::{JournalEntry, Operation};

use super::program::INTERVAL;
use super::scenario::REASON;
use super::seen::Seen;
use crate::exchange::told;
use crate::target::Stop;

type Judged = Result<(), Stop>;

/// From one request's arrival to another's.
fn between(first: &JournalEntry, second: &JournalEntry) -> Duration {
    let millis = second.at().get().saturating_sub(first.at().get());
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// A `Retry-After` of one second was given to the first of two.
fn ensure_a_second(seen: &Seen, first: &JournalEntry, second: &JournalEntry) -> Judged {
    let gap = between(first, second);
    // Times are in whole milliseconds.
    seen.ensure(
        gap >= Duration::from_millis(998),
        &format!(
            "it was told to wait for 1 s, and came again after {} ms",
            gap.as_millis()
        ),
    )
}

/// Where tasks are asked after, and under which ids.
fn asked(seen: &Seen) -> Vec<(String, String)> {
    let split = |entry: &JournalEntry| {
        let path = entry.path().into_owned();
        let (folder, id) = path.rsplit_once('/').unwrap_or(("", &path));
        (folder.to_owned(), id.to_owned())
    };
    seen.queries().map(split).collect()
}

pub(super) fn path(seen: &Seen) -> Judged {
    let asked = asked(seen);
    seen.ensure(!asked.is_empty(), "it did not ask after its task")?;
    let other = asked.iter().find(|(folder, _)| folder != seen.path());
    seen.ensure(
        other.is_none(),
        &format!("it asks at {}", other.map_or("", |(folder, _)| folder)),
    )
}

/// Three tasks, as one id in 25 is round enough to survive as a number.
pub(super) fn id(seen: &Seen) -> Judged {
    seen.create()?;
    let created: Vec<String> = seen
        .of(Operation::Create)
        .filter_map(|entry| Some(entry.task_id()?.into_owned()))
        .collect();
    let asked = asked(seen);
    seen.ensure(!asked.is_empty(), "it did not ask after its task")?;
    let other = asked.iter().find(|(_, id)| !created.contains(id));
    seen.ensure(
        other.is_none(),
        &format!(
            "the tasks are {}, and it asks for {}",
            created.join(", "),
            other.map_or("", |(_, id)| id)
        ),
    )
}

pub(super) fn interval(seen: &Seen) -> Judged {
    let queries: Vec<&JournalEntry> = seen.of(Operation::Get).collect();
    let [_, .., last] = queries.as_slice() else {
        return Err(seen.deviates("it did not ask until the task's end"));
    };
    let gaps = u32::try_from(queries.len() - 1).unwrap_or(u32::MAX);
    // From the create: a query that was held up makes the gap after it look short,
    // but who asks by the clock never comes to its end too soon.
    let mean = between(seen.create()?, last) / gaps;
    seen.ensure(
        mean * 4 >= INTERVAL * 3,
        &format!(
            "it asks every {} ms; KLING_POLL_INTERVAL is {} ms",
            mean.as_millis(),
            INTERVAL.as_millis()
        ),
    )
}

pub(super) fn stops(seen: &Seen) -> Judged {
    let ended = |entry: &&JournalEntry| {
        let body = entry.answer_body().json().unwrap_or_default();
        matches!(
            body["data"]["task_status"].as_str(),
            Some("succeed" | "failed")
        )
    };
    let ends = seen.of(Operation::Get).filter(ended).count();
    seen.ensure(ends > 0, "it did not ask until the task's end")?;
    seen.ensure(
        ends == 1,
        &format!("it asked {} times more after it was told the end", ends - 1),
    )
}

pub(super) fn failed_query(seen: &Seen) -> Judged {
    seen.ensure_succeeded("two queries failed, and it gave a paid task up")
}

pub(super) fn retry_after(seen: &Seen) -> Judged {
    let queries: Vec<&JournalEntry> = seen.of(Operation::Get).collect();
    match queries.as_slice() {
        [first, second, ..] => ensure_a_second(seen, first, second),
        _ => Err(seen.deviates("a query was refused for now, and it did not ask again")),
    }
}

pub(super) fn strange_status(seen: &Seen) -> Judged {
    seen.ensure_succeeded("the status was \"paused\" for a while, and then succeed")?;
    seen.ensure(
        seen.of(Operation::Get).count() > 4,
        "it did not wait for the end",
    )
}

pub(super) fn wrapped(seen: &Seen) -> Judged {
    seen.ensure_succeeded("the task was in data.data, and it was not found there")
}

pub(super) fn nulls(seen: &Seen) -> Judged {
    seen.ensure_succeeded("task_info and task_result were null for a while")
}

pub(super) fn bounded(seen: &Seen) -> Judged {
    let killed = seen.ended.iter().any(|ended| ended.killed);
    seen.ensure(!killed, "KLING_TIMEOUT is 1 s, and it waits on")?;
    seen.ensure_failed("the task has no end, and it told of a success")
}

/// Whoever has the id can go on later, and need not pay again.
pub(super) fn keeps_id(seen: &Seen) -> Judged {
    let created = seen.create()?.task_id().map(Cow::into_owned);
    let id = seen.told("task_id");
    let is = told(id.as_deref());
    seen.ensure(
        id.is_some() && id == created,
        &format!("it waited in vain, and task_id of its result is {is}"),
    )
}

pub(super) fn failed(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure_failed("the task failed, and it told of a success")
}

pub(super) fn reason(seen: &Seen) -> Judged {
    let error = seen.error();
    seen.ensure(
        error.contains(REASON),
        &format!("the task failed for {REASON:?}, and its error is {error:?}"),
    )
}

pub(super) fn not_again(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure_creates(1)
}

pub(super) fn busy_create(seen: &Seen) -> Judged {
    let creates: Vec<&JournalEntry> = seen.of(Operation::Create).collect();
    match creates.as_slice() {
        [first, second, ..] => ensure_a_second(seen, first, second),
        _ => Err(Stop::Skip("it does not try again".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Method, Request};
    use kling_http::Transport as _;
    use kling_mock::{ManualClock, Mock};

    use super::*;
    use crate::child::Ended;
    use crate::target::Host;

    /// What was seen of a client whose create came at 0, and its queries so many
    /// milliseconds later.
    async fn seen(arrivals: &[u64]) -> Seen {
        let clock = ManualClock::new();
        let mock = Mock::builder().clock(clock.clone()).build();
        let ask = async |method: Method, path: &str| {
            let key = format!("Bearer {}", mock.api_key());
            let request = Request::builder()
                .method(method)
                .uri(format!("https://mock.test/kling/v1/videos/effects{path}"));
            let request = request.header("authorization", key).body(Bytes::new());
            mock.transport().send(request.unwrap()).await.unwrap();
        };
        ask(Method::POST, "").await;
        let mut before = 0;
        for at in arrivals {
            clock.advance(Duration::from_millis(at - before)).unwrap();
            before = *at;
            ask(Method::GET, "/1").await;
        }
        Seen {
            host: Host::Comet,
            key: mock.api_key().to_owned(),
            journal: mock.journal(),
            charges: 0,
            ended: vec![Ended::default()],
            file: None,
            whole: None,
        }
    }

    #[tokio::test]
    async fn a_query_that_was_held_up_is_no_hurry() {
        // By the clock, at 200, 400, 600, 800; the first was on its way for long.
        assert_eq!(interval(&seen(&[390, 400, 600, 800]).await), Ok(()));
        // The first at once.
        assert_eq!(interval(&seen(&[1, 200, 400, 600]).await), Ok(()));
        assert!(interval(&seen(&[100, 200, 300, 400]).await).is_err());
    }
}
