//! Callbacks.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::error::AdminError;
use crate::admin::input::Call;

pub(in crate::admin) fn callbacks(call: &Call<'_>) -> Outcome {
    let attempts = call.mock.callback_attempts(&call.account()?);
    Ok(Answer::ok(&json!({ "attempts": attempts })))
}

pub(in crate::admin) async fn redeliver(call: &Call<'_>) -> Outcome {
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
struct TestCallbackRequest {
    url: String,
}

pub(in crate::admin) async fn test_callback(call: &Call<'_>) -> Outcome {
    let account = call.account()?;
    let request: TestCallbackRequest = call.body()?;
    let allowed = call.mock.may_call(&request.url);
    allowed.map_err(|why| AdminError::bad_body(why, "/url"))?;
    let scheduled = call.mock.test_callback(&account, &request.url);
    scheduled.map_err(AdminError::conflict)?;
    call.mock.settle().await;
    Ok(Answer::empty(StatusCode::ACCEPTED))
}
