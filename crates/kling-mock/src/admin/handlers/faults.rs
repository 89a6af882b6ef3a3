//! Armed faults.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::Outcome;
use crate::admin::Answer;
use crate::admin::error::AdminError;
use crate::admin::input::Call;
use crate::fault::Fault;
use crate::mock::ResetScope;
use crate::verify::FaultHits;

pub(in crate::admin) fn faults(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&json!({ "faults": call.mock.faults() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    fault: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsRequest {
    faults: Vec<String>,
}

fn parse_fault(text: &str, pointer: &str) -> Result<Fault, AdminError> {
    let fault: Result<Fault, _> = text.parse();
    fault.map_err(|error| AdminError::bad_body(error.to_string(), pointer))
}

pub(in crate::admin) fn arm(call: &Call<'_>) -> Outcome {
    let request: FaultRequest = call.body()?;
    let id = call.mock.arm(parse_fault(&request.fault, "/fault")?);
    let armed = find_fault(call, &id.to_string())?;
    Ok(Answer::with(StatusCode::CREATED, &armed))
}

pub(in crate::admin) fn replace_faults(call: &Call<'_>) -> Outcome {
    let request: FaultsRequest = call.body()?;
    let texts = request.faults.iter().enumerate();
    // All or none.
    let faults = texts.map(|(index, text)| parse_fault(text, &format!("/faults/{index}")));
    let faults: Vec<Fault> = faults.collect::<Result<_, _>>()?;
    let armed = call.mock.replace_faults(faults);
    Ok(Answer::ok(&json!({ "faults": armed })))
}

pub(in crate::admin) fn disarm_all(call: &Call<'_>) -> Outcome {
    call.mock.reset_scope(ResetScope::Faults);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn find_fault(call: &Call<'_>, id: &str) -> Result<FaultHits, AdminError> {
    let mut faults = call.mock.faults().into_iter();
    let found = faults.find(|fault| fault.id.to_string() == id);
    found.ok_or_else(|| AdminError::unknown("fault", id))
}

pub(in crate::admin) fn fault(call: &Call<'_>) -> Outcome {
    Ok(Answer::ok(&find_fault(call, call.id)?))
}

pub(in crate::admin) fn replace_fault(call: &Call<'_>) -> Outcome {
    let found = find_fault(call, call.id)?;
    let request: FaultRequest = call.body()?;
    let fault = parse_fault(&request.fault, "/fault")?;
    call.mock.replace_fault(found.id, fault);
    self::fault(call)
}

pub(in crate::admin) fn disarm(call: &Call<'_>) -> Outcome {
    let found = find_fault(call, call.id)?;
    call.mock.disarm(found.id);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
