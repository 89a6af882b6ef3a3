//! Tasks, and plan rules for new ones.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::account::parse_plan;
use crate::admin::error::AdminError;
use crate::admin::input::Call;
use crate::engine::NewTask;
use crate::plan::PlanRule;

pub(in crate::admin) fn tasks(call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let skip = count(call.number("skip", 0, u64::MAX)?);
    let limit = count(call.number("limit", 100, 10_000)?);
    let tasks = call.mock.tasks(&account, skip, limit);
    Ok(Answer::ok(&json!({ "tasks": tasks })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTaskRequest {
    scene: String,
    account: Option<String>,
    external_task_id: Option<String>,
    plan: Option<String>,
    seconds: Option<u16>,
}

pub(in crate::admin) fn add_task(call: &Call<'_>) -> Outcome {
    let request: NewTaskRequest = call.body()?;
    let mut task = NewTask::new(request.scene);
    if let Some(account) = request.account {
        task = task.account(call.known_account(&account)?);
    }
    if let Some(id) = request.external_task_id {
        task = task.external_task_id(id);
    }
    if let Some(plan) = request.plan {
        task = task.plan(parse_plan(&plan)?);
    }
    if let Some(seconds) = request.seconds {
        task = task.seconds(seconds);
    }
    let added = call.mock.add_task(&task)?;
    Ok(Answer::with(StatusCode::CREATED, &added))
}

pub(in crate::admin) fn task(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&call.mock.task(call.id)?))
}

/// Exactly one member must be given.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SteerRequest {
    release: Option<bool>,
    succeed: Option<bool>,
    fail: Option<String>,
    plan: Option<String>,
}

pub(in crate::admin) async fn steer_task(call: &Call<'_>) -> Outcome {
    let request: SteerRequest = call.body()?;
    let (mock, id) = (call.mock, call.id);
    let steered = match (request.release, request.succeed, request.fail, request.plan) {
        (Some(true), None, None, None) => mock.release(id)?,
        (None, Some(true), None, None) => mock.finish(id, None)?,
        (None, None, Some(message), None) => mock.finish(id, Some(&message))?,
        (None, None, None, Some(plan)) => mock.replan(id, &parse_plan(&plan)?)?,
        _ => {
            let why = "give exactly one of `release`: true, `succeed`: true, `fail` and `plan`";
            return Err(AdminError::bad_body(why, ""));
        }
    };
    call.mock.settle().await;
    Ok(Answer::ok(&steered))
}

pub(in crate::admin) fn plans(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "plans": call.mock.plan_rules() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanRequest {
    plan: String,
    account: Option<String>,
    scene: Option<String>,
    external_task_id: Option<String>,
    times: Option<u32>,
}

pub(in crate::admin) fn add_plan_rule(call: &Call<'_>) -> Outcome {
    let request: PlanRequest = call.body()?;
    let mut rule = PlanRule::new(parse_plan(&request.plan)?);
    if let Some(account) = request.account {
        rule = rule.account(call.known_account(&account)?);
    }
    if let Some(scene) = request.scene {
        rule = rule.scene(scene);
    }
    if let Some(id) = request.external_task_id {
        rule = rule.external_task_id(id);
    }
    if let Some(times) = request.times {
        if times == 0 {
            let why = "`times` must be at least 1";
            return Err(AdminError::bad_body(why, "/times"));
        }
        rule = rule.times(times);
    }
    call.mock.add_plan_rule(rule);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(in crate::admin) fn clear_plan_rules(call: &Call<'_>) -> Outcome {
    call.mock.clear_plan_rules();
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
