//! Checks of how a client handles refusals and lost answers, where money is at stake.

use serde_json::Value;

use super::seen::Seen;
use crate::exchange::told;
use crate::target::Stop;

type Judged = Result<(), Stop>;

pub(super) fn permanent(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure_failed("the create was refused for good, and it told of a success")?;
    seen.ensure_creates(1)
}

pub(super) fn says_why(seen: &Seen) -> Judged {
    let refused = seen.create()?.answer_body().json().unwrap_or_default();
    let told = |place: &Value| place["message"].as_str().map(str::to_owned);
    let why = told(&refused).or_else(|| told(&refused["error"]));
    let why = why.ok_or_else(|| Stop::Broken("the refusal has no message".to_owned()))?;
    let error = seen.error();
    seen.ensure(
        error.contains(&why),
        &format!("the service said {why:?}, and its error is {error:?}"),
    )
}

pub(super) fn in_a_200(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure_failed("HTTP 200 with code 1201 is a refusal, and it told of a success")?;
    seen.ensure(
        seen.queries().next().is_none(),
        "code 1201 is a refusal, and it asks after a task",
    )
}

pub(super) fn again(seen: &Seen) -> Judged {
    seen.ensure_succeeded("the service was busy for a second, and it gave up")
}

pub(super) fn one_charge(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure(
        seen.charges == 1,
        &format!("the job was charged {} times", seen.charges),
    )
}

pub(super) fn found(seen: &Seen) -> Judged {
    seen.ensure_succeeded("the task is there under its external id, and it gave up")
}

pub(super) fn names_id(seen: &Seen) -> Judged {
    seen.ensure_failed("nobody knows what became of the create, and it told of a success")?;
    let sent = seen.body()?["external_task_id"].clone();
    let id = seen.told("external_task_id");
    let is = told(id.as_deref());
    seen.ensure(
        id.is_some() && id.as_deref() == sent.as_str(),
        &format!("it may have been charged, and external_task_id of its result is {is}"),
    )
}
