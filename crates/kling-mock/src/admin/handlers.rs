//! What each route does. The twin of each in process is named in the table.

// The handlers have one shape, whether they can fail or not.
#![allow(clippy::unnecessary_wraps)]

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use kling_types::UnixMillis;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::account::{AccountOrder, parse_plan};
use super::error::AdminError;
use super::input::{Call, Time, time};
use super::table::ROUTES;
use super::{Answer, PREFIX, openapi};
use crate::callback::Rotation;
use crate::engine::{AccountChange, AccountInfo, NewTask};
use crate::fault::Fault;
use crate::ledger::Charge;
use crate::mock::ResetScope;
use crate::plan::PlanRule;
use crate::profile::Profile;
use crate::verify::{Expectation, FaultHits};

type Outcome = Result<Answer, AdminError>;

/// Nobody holds a connection longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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

pub(super) fn clock(call: &Call<'_>) -> Outcome {
    let mock = call.mock;
    let speed = mock.clock_speed();
    Ok(Answer::ok(&json!({
        "mode": if speed.is_some() { "running" } else { "manual" },
        "speed": speed,
        "now": mock.now(),
        "next": mock.next_event(),
    })))
}

/// Exactly one of them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ClockOrder {
    advance: Option<Time>,
    set: Option<Moment>,
    next: Option<bool>,
    until_idle: Option<Time>,
}

/// Unix milliseconds, or a text such as `2026-01-01T00:01:30Z`.
struct Moment(UnixMillis);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "Unix milliseconds, or a text as 2026-01-01T00:00:00Z"
        )]
        enum Either {
            Millis(i64),
            Text(String),
        }
        let millis = match Either::deserialize(deserializer)? {
            Either::Millis(millis) => millis,
            Either::Text(text) => {
                let no_time =
                    |_| D::Error::custom(format!("{text:?} is not a time as 2026-01-01T00:00:00Z"));
                let time: Timestamp = text.parse().map_err(no_time)?;
                time.as_millisecond()
            }
        };
        Ok(Moment(UnixMillis::new(millis)))
    }
}

pub(super) async fn move_clock(call: &Call<'_>) -> Outcome {
    let mock = call.mock;
    let order: ClockOrder = call.body()?;
    let moved = match (order.advance, order.set, order.next, order.until_idle) {
        (Some(Time(by)), None, None, None) => mock.advance(by).await?,
        (None, Some(Moment(time)), None, None) => mock.set_time(time).await?,
        (None, None, Some(true), None) => mock.advance_to_next().await?,
        (None, None, None, Some(Time(limit))) => mock.run_until_idle(limit).await?,
        (None, None, Some(false), None) => {
            return Err(AdminError::bad_body("`next` is true or not there", "/next"));
        }
        _ => {
            let why = "give one of `advance`, `set`, `next` and `until_idle`";
            return Err(AdminError::bad_body(why, ""));
        }
    };
    Ok(Answer::ok(&moved))
}

pub(super) fn reset(call: &Call<'_>) -> Outcome {
    let scope: ResetScope = match call.text("scope") {
        None => ResetScope::All,
        Some(word) => word.parse().map_err(AdminError::bad_query)?,
    };
    call.mock.reset_only(scope);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) fn faults(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "faults": call.mock.faults() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    fault: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsOrder {
    faults: Vec<String>,
}

fn parse_fault(text: &str, pointer: &str) -> Result<Fault, AdminError> {
    let fault: Result<Fault, _> = text.parse();
    fault.map_err(|error| AdminError::bad_body(error.to_string(), pointer))
}

pub(super) fn arm(call: &Call<'_>) -> Outcome {
    let order: FaultOrder = call.body()?;
    let id = call.mock.arm(parse_fault(&order.fault, "/fault")?);
    let armed = find_fault(call, &id.to_string())?;
    Ok(Answer::with(StatusCode::CREATED, &armed))
}

pub(super) fn replace_faults(call: &Call<'_>) -> Outcome {
    let order: FaultsOrder = call.body()?;
    let texts = order.faults.iter().enumerate();
    // All of them, or none.
    let faults = texts.map(|(index, text)| parse_fault(text, &format!("/faults/{index}")));
    let faults: Vec<Fault> = faults.collect::<Result<_, _>>()?;
    let armed = call.mock.replace_faults(faults);
    Ok(Answer::ok(&json!({ "faults": armed })))
}

pub(super) fn disarm_all(call: &Call<'_>) -> Outcome {
    call.mock.reset_only(ResetScope::Faults);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn find_fault(call: &Call<'_>, id: &str) -> Result<FaultHits, AdminError> {
    let mut faults = call.mock.faults().into_iter();
    let found = faults.find(|fault| fault.id.to_string() == id);
    found.ok_or_else(|| AdminError::unknown("fault", id))
}

pub(super) fn fault(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&find_fault(call, call.id)?))
}

pub(super) fn replace_fault(call: &Call<'_>) -> Outcome {
    let found = find_fault(call, call.id)?;
    let order: FaultOrder = call.body()?;
    let fault = parse_fault(&order.fault, "/fault")?;
    call.mock.replace_fault(found.id, fault);
    self::fault(call)
}

pub(super) fn disarm(call: &Call<'_>) -> Outcome {
    let found = find_fault(call, call.id)?;
    call.mock.disarm(found.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn journal(call: &Call<'_>) -> Outcome {
    let after = call.number("after", 0, u64::MAX)?;
    let limit = call.number("limit", 100, 10_000)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let wait = time(call.text("wait").unwrap_or("0s"))
        .map_err(|why| AdminError::bad_query(format!("wait: {why}")))?;
    let page = call.mock.journal_wait(after, limit, wait.min(LONGEST_WAIT));
    Ok(Answer::ok(&page.await))
}

pub(super) fn clear_journal(call: &Call<'_>) -> Outcome {
    call.mock.reset_only(ResetScope::Journal);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// A failure is an error, so that nobody overlooks it.
pub(super) fn verify(call: &Call<'_>) -> Outcome {
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

pub(super) fn ledger(call: &Call<'_>) -> Outcome {
    let ledger = call.mock.ledger();
    let Some(name) = call.text("account") else {
        return Ok(Answer::ok(
            &json!({ "total": ledger.total(), "accounts": ledger.totals() }),
        ));
    };
    // An account that is closed still has its charges.
    let total = ledger.total_of(name);
    if ledger.of_account(name).next().is_none() {
        call.known_account(name)?;
    }
    Ok(Answer::ok(
        &json!({ "total": total, "accounts": { name: total } }),
    ))
}

pub(super) fn charges(call: &Call<'_>) -> Outcome {
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

pub(super) fn accounts(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "accounts": call.mock.accounts() })))
}

fn find_account(call: &Call<'_>, name: &str) -> Result<AccountInfo, AdminError> {
    let mut accounts = call.mock.accounts().into_iter();
    let found = accounts.find(|account| account.name == name);
    found.ok_or_else(|| AdminError::unknown("account", name))
}

pub(super) fn account(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&find_account(call, call.id)?))
}

pub(super) fn add_account(call: &Call<'_>) -> Outcome {
    let order: AccountOrder = call.body()?;
    let name = order.name().to_owned();
    let api_key = call.mock.add_account(&order.account()?)?;
    let body = json!({ "account": find_account(call, &name)?, "api_key": api_key });
    Ok(Answer::with(StatusCode::CREATED, &body))
}

pub(super) fn change_account(call: &Call<'_>) -> Outcome {
    call.known_account(call.id)?;
    let change: AccountChange = call.body()?;
    call.mock.change_account(call.id, &change)?;
    account(call)
}

pub(super) fn remove_account(call: &Call<'_>) -> Outcome {
    call.known_account(call.id)?;
    call.mock.remove_account(call.id)?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) fn totals(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    Ok(Answer::ok(&call.mock.totals_of(account)))
}

pub(super) fn secret(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    Ok(Answer::ok(
        &json!({ "secret": call.mock.webhook_secret(account) }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretOrder {
    secret: String,
}

pub(super) fn rotate_secret(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    let rotation = match call.text("mode").unwrap_or("standard") {
        "standard" => Rotation::Standard,
        "emergency" => Rotation::Emergency,
        other => {
            let message = format!("mode: {other:?} is neither standard nor emergency");
            return Err(AdminError::bad_query(message));
        }
    };
    let order: SecretOrder = call.body()?;
    let rotated = call
        .mock
        .rotate_webhook_secret(account, &order.secret, rotation);
    rotated.map_err(|why| AdminError::bad_body(why, "/secret"))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) fn tasks(call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let skip = count(call.number("skip", 0, u64::MAX)?);
    let limit = count(call.number("limit", 100, 10_000)?);
    let tasks = call.mock.tasks(&account, skip, limit);
    Ok(Answer::ok(&json!({ "tasks": tasks })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTaskOrder {
    scene: String,
    account: Option<String>,
    external_task_id: Option<String>,
    plan: Option<String>,
    seconds: Option<u16>,
}

pub(super) fn add_task(call: &Call<'_>) -> Outcome {
    let order: NewTaskOrder = call.body()?;
    let mut task = NewTask::new(order.scene);
    if let Some(account) = order.account {
        task = task.account(call.known_account(&account)?);
    }
    if let Some(id) = order.external_task_id {
        task = task.external_task_id(id);
    }
    if let Some(plan) = order.plan {
        task = task.plan(parse_plan(&plan)?);
    }
    if let Some(seconds) = order.seconds {
        task = task.seconds(seconds);
    }
    let added = call.mock.add_task(&task)?;
    Ok(Answer::with(StatusCode::CREATED, &added))
}

pub(super) fn task(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&call.mock.task(call.id)?))
}

/// Exactly one of them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TaskOrder {
    release: Option<bool>,
    succeed: Option<bool>,
    fail: Option<String>,
    plan: Option<String>,
}

pub(super) async fn steer_task(call: &Call<'_>) -> Outcome {
    let order: TaskOrder = call.body()?;
    let (mock, id) = (call.mock, call.id);
    let steered = match (order.release, order.succeed, order.fail, order.plan) {
        (Some(true), None, None, None) => mock.release(id)?,
        (None, Some(true), None, None) => mock.finish(id, None)?,
        (None, None, Some(message), None) => mock.finish(id, Some(&message))?,
        (None, None, None, Some(plan)) => mock.replan(id, &parse_plan(&plan)?)?,
        _ => {
            let why = "give one of `release`: true, `succeed`: true, `fail` and `plan`";
            return Err(AdminError::bad_body(why, ""));
        }
    };
    call.mock.settle().await;
    Ok(Answer::ok(&steered))
}

pub(super) fn plans(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "plans": call.mock.plan_rules() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanOrder {
    plan: String,
    account: Option<String>,
    scene: Option<String>,
    external_task_id: Option<String>,
    times: Option<u32>,
}

pub(super) fn plan_for(call: &Call<'_>) -> Outcome {
    let order: PlanOrder = call.body()?;
    let mut rule = PlanRule::new(parse_plan(&order.plan)?);
    if let Some(account) = order.account {
        rule = rule.account(call.known_account(&account)?);
    }
    if let Some(scene) = order.scene {
        rule = rule.scene(scene);
    }
    if let Some(id) = order.external_task_id {
        rule = rule.external_task_id(id);
    }
    if let Some(times) = order.times {
        if times == 0 {
            let why = "a rule is for one create at least";
            return Err(AdminError::bad_body(why, "/times"));
        }
        rule = rule.times(times);
    }
    call.mock.plan_for(rule);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) fn forget_plans(call: &Call<'_>) -> Outcome {
    call.mock.forget_plan_rules();
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceOrder {
    advance: Time,
}

pub(super) async fn advance_account(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    let order: AdvanceOrder = call.body()?;
    call.mock.advance_account(account, order.advance.0)?;
    call.mock.settle().await;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

pub(super) fn callbacks(call: &Call<'_>) -> Outcome {
    let attempts = call.mock.callback_attempts(&call.account()?);
    Ok(Answer::ok(&json!({ "attempts": attempts })))
}

pub(super) async fn redeliver(call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let unknown = || AdminError::unknown("callback", call.id);
    let callback = call.id.parse().map_err(|_| unknown())?;
    let scheduled = call.mock.redeliver(&account, callback);
    scheduled.map_err(|_| unknown())?;
    call.mock.settle().await;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestOrder {
    url: String,
}

pub(super) async fn test_callback(call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let order: TestOrder = call.body()?;
    let allowed = call.mock.may_call(&order.url);
    allowed.map_err(|why| AdminError::bad_body(why, "/url"))?;
    let scheduled = call.mock.test_callback(&account, &order.url);
    scheduled.map_err(AdminError::conflict)?;
    call.mock.settle().await;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}
