//! The journal, the ledger, and verification.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::error::AdminError;
use crate::admin::input::{Call, time};
use crate::ledger::Charge;
use crate::mock::ResetScope;
use crate::verify::Expectation;

/// The longest time for which a request is held open.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

pub(in crate::admin) async fn journal(call: &Call<'_>) -> Outcome {
    let after = call.number("after", 0, u64::MAX)?;
    let limit = call.number("limit", 100, 10_000)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let wait = time(call.text("wait").unwrap_or("0s"))
        .map_err(|why| AdminError::bad_query(format!("wait: {why}")))?;
    let page = call.mock.journal_wait(after, limit, wait.min(LONGEST_WAIT));
    Ok(Answer::ok(&page.await))
}

pub(in crate::admin) fn clear_journal(call: &Call<'_>) -> Outcome {
    call.mock.reset_scope(ResetScope::Journal);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// A failure is an HTTP error, so that it can't be overlooked.
pub(in crate::admin) fn verify(call: &Call<'_>) -> Outcome {
    let expected: Expectation = call.body()?;
    match call.mock.verify(&expected) {
        Ok(()) => Ok(Answer::ok(&json!({ "ok": true }))),
        Err(error) => {
            let message = error.to_string();
            Err(AdminError::new(
                StatusCode::CONFLICT,
                "not_as_expected",
                message,
            ))
        }
    }
}

pub(in crate::admin) fn ledger(call: &Call<'_>) -> Outcome {
    let ledger = call.mock.ledger();
    let Some(name) = call.text("account") else {
        return Ok(Answer::ok(
            &json!({ "total": ledger.total(), "accounts": ledger.totals() }),
        ));
    };
    // A closed account still has its charges.
    let total = ledger.total_of(name);
    if ledger.of_account(name).next().is_none() {
        call.known_account(name)?;
    }
    Ok(Answer::ok(
        &json!({ "total": total, "accounts": { name: total } }),
    ))
}

pub(in crate::admin) fn charges(call: &Call<'_>) -> Outcome {
    let (account, task) = (call.text("account"), call.text("task"));
    let fits = |charge: &Charge| {
        let external = charge.external_task_id.as_ref().map(AsRef::as_ref);
        account.is_none_or(|name| charge.account == name)
            && task.is_none_or(|id| charge.task_id.as_str() == id || external == Some(id))
    };
    let ledger = call.mock.ledger();
    let charges: Vec<_> = ledger.charges().filter(fits).collect();
    Ok(Answer::ok(&json!({ "charges": charges })))
}
