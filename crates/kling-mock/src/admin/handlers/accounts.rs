//! Accounts, with their webhook secrets and their time.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::account::AccountRequest;
use crate::admin::error::AdminError;
use crate::admin::input::{Call, Time};
use crate::callback::Rotation;
use crate::engine::{AccountChange, AccountInfo};

pub(in crate::admin) fn accounts(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "accounts": call.mock.accounts() })))
}

fn find_account(call: &Call<'_>, name: &str) -> Result<AccountInfo, AdminError> {
    let mut accounts = call.mock.accounts().into_iter();
    let found = accounts.find(|account| account.name == name);
    found.ok_or_else(|| AdminError::unknown("account", name))
}

pub(in crate::admin) fn account(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&find_account(call, call.id)?))
}

pub(in crate::admin) fn add_account(call: &Call<'_>) -> Outcome {
    let request: AccountRequest = call.body()?;
    let name = request.name().to_owned();
    let api_key = call.mock.add_account(&request.account()?)?;
    let body = json!({ "account": find_account(call, &name)?, "api_key": api_key });
    Ok(Answer::with(StatusCode::CREATED, &body))
}

pub(in crate::admin) fn change_account(call: &Call<'_>) -> Outcome {
    call.known_account(call.id)?;
    let change: AccountChange = call.body()?;
    call.mock.change_account(call.id, &change)?;
    account(call)
}

pub(in crate::admin) fn remove_account(call: &Call<'_>) -> Outcome {
    call.known_account(call.id)?;
    call.mock.remove_account(call.id)?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(in crate::admin) fn totals(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    Ok(Answer::ok(&call.mock.totals_of(account)))
}

pub(in crate::admin) fn secret(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    Ok(Answer::ok(
        &json!({ "secret": call.mock.webhook_secret(account) }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretRequest {
    secret: String,
}

pub(in crate::admin) fn rotate_secret(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    let rotation = match call.text("mode").unwrap_or("standard") {
        "standard" => Rotation::Standard,
        "emergency" => Rotation::Emergency,
        other => {
            let message = format!("mode: {other:?} is neither standard nor emergency");
            return Err(AdminError::bad_query(message));
        }
    };
    let request: SecretRequest = call.body()?;
    let rotated = call
        .mock
        .rotate_webhook_secret(account, &request.secret, rotation);
    rotated.map_err(|why| AdminError::bad_body(why, "/secret"))?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceRequest {
    advance: Time,
}

pub(in crate::admin) async fn advance_account(call: &Call<'_>) -> Outcome {
    let account = call.known_account(call.id)?;
    let request: AdvanceRequest = call.body()?;
    call.mock.advance_account(account, request.advance.0)?;
    call.mock.settle().await;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}
