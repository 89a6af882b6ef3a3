//! Checks of how a client polls its task.

use std::borrow::Cow;
use std::time::Duration;

use kling_mock::{JournalEntry, Operation};

use super::evidence::Evidence;
use super::program::INTERVAL;
use super::scenario::REASON;
use crate::checks::Outcome;
use crate::exchange::or_absent;
use crate::target::Stop;

/// The time between the arrivals of two requests.
fn between(first: &JournalEntry, second: &JournalEntry) -> Duration {
    let millis = second.at().get().saturating_sub(first.at().get());
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Requires that the second of two requests respects the first's `Retry-After` of one
/// second.
fn ensure_a_second(evidence: &Evidence, first: &JournalEntry, second: &JournalEntry) -> Outcome {
    let gap = between(first, second);
    // The journal's times are rounded to milliseconds.
    evidence.ensure(
        gap >= Duration::from_millis(998),
        &format!(
            "Retry-After was 1 s, but it retried after {} ms",
            gap.as_millis()
        ),
    )
}

/// The path and the id of each query.
fn queried(evidence: &Evidence) -> Vec<(String, String)> {
    let split = |entry: &JournalEntry| {
        let path = entry.path().into_owned();
        let (folder, id) = path.rsplit_once('/').unwrap_or(("", &path));
        (folder.to_owned(), id.to_owned())
    };
    evidence.queries().map(split).collect()
}

pub(super) fn path(evidence: &Evidence) -> Outcome {
    let queried = queried(evidence);
    evidence.ensure(!queried.is_empty(), "it did not query its task")?;
    let other = queried.iter().find(|(folder, _)| folder != evidence.path());
    evidence.ensure(
        other.is_none(),
        &format!(
            "it queries below {}",
            other.map_or("", |(folder, _)| folder)
        ),
    )
}

/// Looks at three tasks, since about one id in 25 survives a round trip through a
/// floating-point number.
pub(super) fn id(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    let created: Vec<String> = evidence
        .of(Operation::Create)
        .filter_map(|entry| Some(entry.task_id()?.into_owned()))
        .collect();
    let queried = queried(evidence);
    evidence.ensure(!queried.is_empty(), "it did not query its task")?;
    let other = queried.iter().find(|(_, id)| !created.contains(id));
    evidence.ensure(
        other.is_none(),
        &format!(
            "the tasks are {}, but it queried {}",
            created.join(", "),
            other.map_or("", |(_, id)| id)
        ),
    )
}

pub(super) fn interval(evidence: &Evidence) -> Outcome {
    let queries: Vec<&JournalEntry> = evidence.of(Operation::Get).collect();
    let [_, .., last] = queries.as_slice() else {
        return Err(evidence.deviates("it did not query until the task ended"));
    };
    let gaps = u32::try_from(queries.len() - 1).unwrap_or(u32::MAX);
    // Averaged from the create on: a delayed query shortens the gap after it, but
    // the average of a client that keeps the interval never falls below it.
    let mean = between(evidence.create()?, last) / gaps;
    evidence.ensure(
        mean * 4 >= INTERVAL * 3,
        &format!(
            "it queries every {} ms on average; KLING_POLL_INTERVAL is {} ms",
            mean.as_millis(),
            INTERVAL.as_millis()
        ),
    )
}

pub(super) fn stops(evidence: &Evidence) -> Outcome {
    let ended = |entry: &&JournalEntry| {
        let body = entry.answer_body().json().unwrap_or_default();
        matches!(
            body["data"]["task_status"].as_str(),
            Some("succeed" | "failed")
        )
    };
    let ends = evidence.of(Operation::Get).filter(ended).count();
    evidence.ensure(ends > 0, "it did not query until the task ended")?;
    evidence.ensure(
        ends == 1,
        &format!(
            "it sent {} more queries after the terminal status",
            ends - 1
        ),
    )
}

pub(super) fn failed_query(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("two queries failed, and it gave up a paid task")
}

pub(super) fn retry_after(evidence: &Evidence) -> Outcome {
    let queries: Vec<&JournalEntry> = evidence.of(Operation::Get).collect();
    match queries.as_slice() {
        [first, second, ..] => ensure_a_second(evidence, first, second),
        _ => Err(evidence.deviates("a query was refused temporarily, and it was not retried")),
    }
}

pub(super) fn strange_status(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("the status was \"paused\" for some queries, then succeed")?;
    evidence.ensure(
        evidence.of(Operation::Get).count() > 4,
        "it did not wait for a terminal status",
    )
}

pub(super) fn wrapped(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("it did not find the task in data.data")
}

pub(super) fn nulls(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("task_info and task_result were null in some answers")
}

pub(super) fn bounded(evidence: &Evidence) -> Outcome {
    let killed = evidence.runs.iter().any(|ended| ended.timed_out);
    evidence.ensure(!killed, "it kept waiting after KLING_TIMEOUT, which is 1 s")?;
    evidence.ensure_failed("the task never ends, but it reported a success")
}

/// With the id, the caller can resume the task instead of paying again.
pub(super) fn keeps_id(evidence: &Evidence) -> Outcome {
    let created = evidence.create()?.task_id().map(Cow::into_owned);
    let id = evidence.reported_id("task_id");
    let is = or_absent(id.as_deref());
    evidence.ensure(
        id.is_some() && id == created,
        &format!("the wait timed out, but task_id in its result is {is}"),
    )
}

pub(super) fn failed(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure_failed("the task failed, but it reported a success")
}

pub(super) fn reason(evidence: &Evidence) -> Outcome {
    let error = evidence.error();
    evidence.ensure(
        error.contains(REASON),
        &format!("the task failed with {REASON:?}, but its error is {error:?}"),
    )
}

pub(super) fn not_again(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure_creates(1)
}

pub(super) fn busy_create(evidence: &Evidence) -> Outcome {
    let creates: Vec<&JournalEntry> = evidence.of(Operation::Create).collect();
    match creates.as_slice() {
        [first, second, ..] => ensure_a_second(evidence, first, second),
        _ => Err(Stop::Skip("the client does not retry".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Method, Request};
    use kling_http::Transport as _;
    use kling_mock::{ManualClock, Mock};

    use super::*;
    use crate::child::CommandOutput;
    use crate::target::Host;

    /// What was evidence of a client whose create came at 0, and its queries so many
    /// milliseconds later.
    async fn evidence_of(arrivals: &[u64]) -> Evidence {
        let clock = ManualClock::new();
        let mock = Mock::builder().clock(clock.clone()).build();
        let send = async |method: Method, path: &str| {
            let key = format!("Bearer {}", mock.api_key());
            let request = Request::builder()
                .method(method)
                .uri(format!("https://mock.test/kling/v1/videos/effects{path}"));
            let request = request.header("authorization", key).body(Bytes::new());
            mock.transport().send(request.unwrap()).await.unwrap();
        };
        send(Method::POST, "").await;
        let mut before = 0;
        for at in arrivals {
            clock.advance(Duration::from_millis(at - before)).unwrap();
            before = *at;
            send(Method::GET, "/1").await;
        }
        Evidence {
            host: Host::Comet,
            key: mock.api_key().to_owned(),
            journal: mock.journal(),
            charges: 0,
            runs: vec![CommandOutput::default()],
            file: None,
            expected_file: None,
        }
    }

    #[tokio::test]
    async fn a_delayed_query_does_not_count_as_polling_too_fast() {
        // Sent every 200 ms; the first query was delayed by 190 ms.
        assert_eq!(interval(&evidence_of(&[390, 400, 600, 800]).await), Ok(()));
        // The first query is sent immediately.
        assert_eq!(interval(&evidence_of(&[1, 200, 400, 600]).await), Ok(()));
        assert!(interval(&evidence_of(&[100, 200, 300, 400]).await).is_err());
    }
}
