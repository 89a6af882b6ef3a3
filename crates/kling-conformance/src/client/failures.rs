//! Checks of how a client handles refused creates and lost responses, which decide
//! whether a job is charged twice.

use serde_json::Value;

use super::evidence::Evidence;
use crate::checks::Outcome;
use crate::exchange::or_absent;
use crate::target::Stop;

pub(super) fn permanent(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure_failed("the create was refused permanently, but it reported a success")?;
    evidence.ensure_creates(1)
}

pub(super) fn says_why(evidence: &Evidence) -> Outcome {
    let refused = evidence.create()?.answer_body().json().unwrap_or_default();
    let message = |place: &Value| place["message"].as_str().map(str::to_owned);
    let why = message(&refused).or_else(|| message(&refused["error"]));
    let why = why.ok_or_else(|| Stop::Internal("the refusal has no message".to_owned()))?;
    let error = evidence.error();
    evidence.ensure(
        error.contains(&why),
        &format!("the service's message was {why:?}, but its error is {error:?}"),
    )
}

pub(super) fn in_a_200(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure_failed("HTTP 200 with code 1201 is a refusal, but it reported a success")?;
    evidence.ensure(
        evidence.queries().next().is_none(),
        "code 1201 is a refusal, but it queried a task",
    )
}

pub(super) fn again(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("the service was busy for one second, and it gave up")
}

pub(super) fn one_charge(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure(
        evidence.charges == 1,
        &format!("the job was charged {} times", evidence.charges),
    )
}

pub(super) fn found(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("the task can be found by its external id, but it gave up")
}

pub(super) fn names_id(evidence: &Evidence) -> Outcome {
    evidence.ensure_failed(
        "it is unknown whether the create was carried out, but it reported a success",
    )?;
    let sent = evidence.body()?["external_task_id"].clone();
    let id = evidence.reported_id("external_task_id");
    let is = or_absent(id.as_deref());
    evidence.ensure(
        id.is_some() && id.as_deref() == sent.as_str(),
        &format!("the task may have been charged, but external_task_id in its result is {is}"),
    )
}
