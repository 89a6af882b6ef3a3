//! Checks of authentication, rate limits and slots.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kling_http::{Clock as _, SystemClock};
use kling_mock::sign_jwt;
use serde_json::json;

use super::shared_task::poll_until_terminal;
use super::{IMAGE, Outcome, ensure, ensure_eq, ensure_status, id_of, single_request, task_of};
use crate::target::{Reply, Stop, Target};

async fn query_with_token(
    target: &Target,
    secret: Option<&str>,
    shift: i64,
) -> Result<Reply, Stop> {
    let keys = target.access_keys.as_ref();
    let (access, own) = keys.ok_or_else(|| {
        Stop::Skip("no access keys were given (--access-key-env, --secret-key-env)".to_owned())
    })?;
    let now: SystemTime = SystemClock.now();
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let token = sign_jwt(access, secret.unwrap_or(own), now.saturating_add(shift));
    target.query_as(&token, "no-such-task").await
}

pub(super) async fn token_accepted(target: &Target) -> Outcome {
    // With a valid token, the error is that the task does not exist.
    let reply = query_with_token(target, None, 0).await?;
    Ok(ensure_status(&reply, 400)?)
}

pub(super) async fn token_forged(target: &Target) -> Outcome {
    let reply = query_with_token(target, Some("another secret"), 0).await?;
    Ok(ensure_status(&reply, 401)?)
}

pub(super) async fn token_times(target: &Target) -> Outcome {
    const DAY: i64 = 24 * 60 * 60;
    for (shift, code) in [(DAY, 1003), (-DAY, 1004)] {
        let reply = query_with_token(target, None, shift).await?;
        ensure_status(&reply, 401)?;
        ensure_eq("code", &reply.json()?["code"], &json!(code))?;
    }
    Ok(())
}

/// Fills every slot; returns the key and the ids.
async fn fill_slots(target: &Target) -> Result<(&str, Vec<String>), Stop> {
    let slots = target.slots.as_ref();
    let (key, slots) = slots.ok_or_else(|| {
        Stop::Skip("no account with slots was given (--slots-key-env, --slots)".to_owned())
    })?;
    let mut ids = Vec::new();
    for _ in 0..*slots {
        let reply = target.create_as(key, &single_request(IMAGE)).await?;
        ids.push(id_of(&task_of(&reply)?)?);
    }
    Ok((key, ids))
}

/// Waits until all tasks end, so that the next check finds every slot free.
async fn free_slots(target: &Target, key: &str, ids: &[String]) -> Outcome {
    for id in ids {
        poll_until_terminal(target, key, id).await?;
    }
    Ok(())
}

pub(super) async fn slots_refused(target: &Target) -> Outcome {
    let (key, ids) = fill_slots(target).await?;
    let reply = target.create_as(key, &single_request(IMAGE)).await?;
    free_slots(target, key, &ids).await?;
    ensure_status(&reply, 429)?;
    Ok(ensure_eq("code", &reply.json()?["code"], &json!(1303))?)
}

pub(super) async fn slots_queries(target: &Target) -> Outcome {
    let (key, ids) = fill_slots(target).await?;
    let mut statuses = Vec::new();
    for id in &ids {
        statuses.push(target.query_as(key, id).await?.status.as_u16());
    }
    free_slots(target, key, &ids).await?;
    ensure(statuses.iter().all(|status| *status == 200), || {
        format!("with every slot occupied, the queries return {statuses:?}")
    })?;
    Ok(())
}

pub(super) async fn slots_freed(target: &Target) -> Outcome {
    let (key, ids) = fill_slots(target).await?;
    free_slots(target, key, &ids).await?;
    let reply = target.create_as(key, &single_request(IMAGE)).await?;
    let id = id_of(&task_of(&reply)?)?;
    poll_until_terminal(target, key, &id).await?;
    Ok(())
}
