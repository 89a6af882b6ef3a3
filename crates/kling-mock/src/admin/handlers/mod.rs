//! The handler of each route, by what the route is about. The table of routes names
//! the method of `Mock` that does the same in process.

// All handlers have the same signature, also those that can't fail.
#![allow(clippy::unnecessary_wraps)]

use http::StatusCode;
use serde_json::json;

use super::error::AdminError;
use super::input::Call;
use super::table::ROUTES;
use super::{Answer, PREFIX, openapi};
use crate::mock::ResetScope;
use crate::profile::Profile;

mod accounts;
mod callbacks;
mod clock;
mod evidence;
mod faults;
mod tasks;

pub(super) use accounts::{
    account, accounts, add_account, advance_account, change_account, remove_account, rotate_secret,
    secret, totals,
};
pub(super) use callbacks::{callbacks, redeliver, test_callback};
pub(super) use clock::{clock, move_clock};
pub(super) use evidence::{charges, clear_journal, journal, ledger, verify};
pub(super) use faults::{arm, disarm, disarm_all, fault, faults, replace_fault, replace_faults};
pub(super) use tasks::{add_plan_rule, add_task, clear_plan_rules, plans, steer_task, task, tasks};

type Outcome = Result<Answer, AdminError>;

pub(super) fn health(_: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "status": "ok" })))
}

pub(super) fn version(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "provider": call.mock.profile_name(),
        "seed": call.mock.seed(),
    })))
}

pub(super) fn limits(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({
        "limits": call.mock.limits(),
        "switches": Profile::switches(),
    })))
}

pub(super) fn stats(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&call.mock.stats()))
}

pub(super) fn document(_: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&openapi::document()))
}

pub(super) fn routes(_: &Call<'_>) -> Outcome {
    let routes = ROUTES.iter().map(|route| {
        json!({
            "method": route.method.as_str(),
            "path": format!("{PREFIX}{}", route.path),
            "name": route.name,
            "summary": route.summary,
            "in_process": route.twin,
        })
    });
    let routes: Vec<_> = routes.collect();
    Ok(Answer::ok(&json!({ "routes": routes })))
}

pub(super) fn reset(call: &Call<'_>) -> Outcome {
    let scope: ResetScope = match call.text("scope") {
        None => ResetScope::All,
        Some(word) => word.parse().map_err(AdminError::bad_query)?,
    };
    call.mock.reset_scope(scope);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
