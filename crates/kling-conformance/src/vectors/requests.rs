//! Vectors of create bodies, validated by `kling-types` both as JSON and as typed
//! requests.

use kling_types::EffectRequest;
use kling_types::validate::{Checks, Violation, validate_json_with};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::task::{ensure_round_trip, text, verdict};

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let Ok(mut body) = serde_json::from_str::<Value>(&text(test)) else {
        return Ok(json!({"result": "invalid", "violations": [], "warnings": []}));
    };
    if let Some(fill) = test.get("fill") {
        lengthen(&mut body, fill)?;
    }
    let checks = checks(&test["checks"])?;
    let found = validate_json_with(&body, &checks);
    if body.is_object() {
        let typed = EffectRequest::deserialize(&body).map_err(|error| error.to_string())?;
        ensure_round_trip(&typed, &body)?;
        let of_typed = typed.validate_with(&checks);
        if of_typed != found {
            return Err(format!(
                "the typed request has other violations: {of_typed:?}"
            ));
        }
    }
    let pairs = |errors: bool| -> Vec<Value> {
        let wanted = found.iter().filter(|it| it.is_error() == errors);
        wanted.map(|it| json!([it.pointer, it.rule.id()])).collect()
    };
    Ok(json!({
        "result": verdict(!found.iter().any(Violation::is_error)),
        "violations": pairs(true),
        "warnings": pairs(false),
    }))
}

fn checks(of: &Value) -> Result<Checks, String> {
    let mut checks = Checks::default();
    if let Some(required) = of["duration_required"].as_bool() {
        checks = checks.with_duration_required(required);
    }
    if let Some(pictures) = of["pictures"].as_bool() {
        checks = checks.with_pictures(pictures);
    }
    if let Some(day) = of["as_of"].as_str() {
        let day = day.parse().map_err(|_| format!("{day:?} is not a date"))?;
        checks = checks.as_of(day);
    }
    Ok(checks)
}

/// Extends a member by repeating a text, so that long values need not be in the file.
fn lengthen(body: &mut Value, fill: &Value) -> Result<(), String> {
    let pointer = fill["pointer"].as_str().unwrap_or_default();
    let until = fill["until"].as_u64().unwrap_or_default();
    let until = usize::try_from(until).unwrap_or_default();
    let (Some(Value::String(member)), Some(piece)) =
        (body.pointer_mut(pointer), fill["text"].as_str())
    else {
        return Err("`fill` needs a pointer to a string, and a string".to_owned());
    };
    let missing = until.saturating_sub(member.chars().count());
    let pieces = missing.div_ceil(piece.chars().count().max(1));
    member.push_str(&piece.repeat(pieces));
    member.push_str(fill["then"].as_str().unwrap_or_default());
    Ok(())
}
