//! Checks of Kling's list of tasks.

use http::Method;
use serde_json::Value;

use super::shared_task::SharedTask;
use super::{
    IMAGE, Outcome, accepted_id, ensure, ensure_eq, ensure_status, id_of, only_on, single_request,
};
use crate::target::{Host, Reply, Stop, Target};

fn has_list(target: &Target) -> Outcome {
    only_on(target, Host::Kling, "CometAPI documents no list")
}

async fn get(target: &Target, query: &str) -> Result<Reply, Stop> {
    let url = format!("{}{query}", target.effects_url());
    target
        .send(Method::GET, &url, Some(target.api_key()), "")
        .await
}

async fn page(target: &Target, query: &str) -> Result<Vec<Value>, Stop> {
    let reply = get(target, query).await?;
    ensure_status(&reply, 200)?;
    let data = reply.json()?["data"].as_array().cloned();
    Ok(data.ok_or_else(|| "data is not an array".to_owned())?)
}

pub(super) async fn shape(target: &Target) -> Outcome {
    has_list(target)?;
    let shared = SharedTask::get(target).await?;
    let id = shared.id()?;
    let items = page(target, "?pageNum=1&pageSize=500").await?;
    ensure(
        items.iter().any(|item| item["task_id"] == id.as_str()),
        || format!("task {id} is not among {} tasks", items.len()),
    )?;
    Ok(())
}

pub(super) async fn same_task(target: &Target) -> Outcome {
    has_list(target)?;
    let shared = SharedTask::get(target).await?;
    let (id, end) = (shared.id()?, shared.final_task()?);
    let items = page(target, "?pageNum=1&pageSize=500").await?;
    let item = items.iter().find(|item| item["task_id"] == id.as_str());
    let item = item.ok_or_else(|| format!("task {id} is not among {} tasks", items.len()))?;
    for member in ["task_status", "task_info", "created_at", "updated_at"] {
        let what = format!("{member} in the list");
        ensure_eq(&what, &item[member], &end[member])?;
    }
    // Not its URL, which may be signed again for each answer.
    let video = "/task_result/videos/0/id";
    let id = |task: &Value| task.pointer(video).cloned().unwrap_or_default();
    ensure_eq("the video's id in the list", &id(item), &id(end))?;
    Ok(())
}

pub(super) async fn newest_first(target: &Target) -> Outcome {
    has_list(target)?;
    SharedTask::get(target).await?;
    accepted_id(target, &single_request(IMAGE)).await?;
    let items = page(target, "?pageNum=1&pageSize=500").await?;
    let created: Vec<_> = items
        .iter()
        .map(|item| item["created_at"].as_i64())
        .collect();
    ensure(created.is_sorted_by(|a, b| a >= b), || {
        "an older task is listed before a newer one".to_owned()
    })?;
    Ok(())
}

fn ids(items: &[Value]) -> Result<Vec<String>, String> {
    items.iter().map(id_of).collect()
}

pub(super) async fn pages(target: &Target) -> Outcome {
    has_list(target)?;
    // At least three tasks.
    for _ in 0..3 {
        accepted_id(target, &single_request(IMAGE)).await?;
    }
    let all = ids(&page(target, "?pageNum=1&pageSize=4").await?)?;
    let mut joined = ids(&page(target, "?pageNum=1&pageSize=2").await?)?;
    for (size, page) in [(4, &all), (2, &joined)] {
        ensure(page.len() <= size, || {
            format!("a page of {size} has {} tasks", page.len())
        })?;
    }
    joined.extend(ids(&page(target, "?pageNum=2&pageSize=2").await?)?);
    ensure(all == joined, || {
        format!("a page of four has {all:?}, but two pages of two have {joined:?}")
    })?;
    let far = page(target, "?pageNum=1000&pageSize=500").await?;
    ensure(far.is_empty(), || {
        "a page far beyond the end has tasks".to_owned()
    })?;
    Ok(())
}

pub(super) async fn bounds(target: &Target) -> Outcome {
    has_list(target)?;
    for query in ["?pageNum=1000&pageSize=500", "?pageNum=1&pageSize=1"] {
        page(target, query).await?;
    }
    for query in [
        "?pageNum=0",
        "?pageNum=1001",
        "?pageSize=0",
        "?pageSize=501",
    ] {
        let status = get(target, query).await?.status.as_u16();
        ensure(status == 400, || {
            format!("{query} is HTTP {status} instead of 400")
        })?;
    }
    Ok(())
}

pub(super) async fn default_page(target: &Target) -> Outcome {
    has_list(target)?;
    if !target.virtual_time {
        return Err(Stop::Skip("needs 31 tasks".to_owned()));
    }
    for _ in 0..31 {
        accepted_id(target, &single_request(IMAGE)).await?;
    }
    let plain = ids(&page(target, "").await?)?;
    let first = ids(&page(target, "?pageNum=1&pageSize=30").await?)?;
    ensure(plain == first && plain.len() == 30, || {
        format!("{} tasks instead of 30", plain.len())
    })?;
    Ok(())
}

pub(super) async fn no_watermark(target: &Target) -> Outcome {
    has_list(target)?;
    SharedTask::get(target).await?;
    let items = page(target, "?pageNum=1&pageSize=500").await?;
    ensure(
        items
            .iter()
            .all(|item| item.get("watermark_info").is_none()),
        || "an item has watermark_info".to_owned(),
    )?;
    Ok(())
}
