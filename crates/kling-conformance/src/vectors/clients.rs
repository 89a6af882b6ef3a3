//! Vectors of client behaviour, run against a scripted server.

use http::{HeaderMap, Method, header};
use kling_http::{Client, Error, TaskId};
use kling_types::{EffectRequest, Task};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::block_on_paused_clock;
use super::script::{Host, KEY, Received, provider};
use super::task::verdict;
use crate::exchange::has_null;

pub(super) fn run(test: &Value) -> Result<Value, String> {
    let serve = test["serve"].as_array().ok_or("`serve` is not a list")?;
    let host = Host::new(serve)?;
    let name = test["host"].as_str().unwrap_or_default();
    let client = host.builder(provider(name)).build();
    let client = client.map_err(|error| error.to_string())?;
    let outcome = block_on_paused_clock(act(&client, &test["do"]))??;

    let received = host.received();
    received.iter().try_for_each(check_request)?;
    let mut creates = received.iter().filter(|it| it.method == Method::POST);
    if let Some(first) = creates.next()
        && creates.any(|again| again.body != first.body)
    {
        return Err("the bodies of the creates differ".to_owned());
    }
    let expected = test["requests"].as_array();
    let requests = received.iter().enumerate().map(|(index, request)| {
        let expected = expected.and_then(|list| list.get(index));
        shown(request, expected.unwrap_or(&Value::Null))
    });
    Ok(json!({
        "result": verdict(outcome.is_ok()),
        "requests": requests.collect::<Vec<_>>(),
        "outcome": describe(&outcome, &test["outcome"]),
    }))
}

/// The outcome for the caller: a task's ids and, after a wait, the URLs.
struct Finished {
    task_id: String,
    external_id: Option<String>,
    urls: Vec<String>,
}

async fn act(client: &Client, what: &Value) -> Result<Result<Finished, Error>, String> {
    let id = |key: &str| what[key].as_str().and_then(TaskId::new);
    let request = what.get("create").or(what.get("wait"));
    if let Some(request) = request {
        let request = EffectRequest::deserialize(request).map_err(|error| error.to_string())?;
        let task = match client.effects().create(request).await {
            Ok(task) => task,
            Err(error) => return Ok(Err(error)),
        };
        if what.get("create").is_some() {
            return Ok(Ok(Finished {
                task_id: task.id().to_string(),
                external_id: task.external_id().map(ToString::to_string),
                urls: Vec::new(),
            }));
        }
        return Ok(task.wait().await.map(|done| finished(&done)));
    }
    if let Some(id) = id("query") {
        let answer = client.effects().task(id).fetch().await;
        return Ok(answer.map(|task| finished(&task)));
    }
    let id = id("resume").ok_or("`do` is none of create, wait, query, resume")?;
    Ok(client
        .effects()
        .task(id)
        .wait()
        .await
        .map(|done| finished(&done)))
}

fn finished(task: &Task) -> Finished {
    let urls = task.videos().iter().filter_map(|video| video.address());
    Finished {
        task_id: task.id.to_string(),
        external_id: task.external_id().map(ToString::to_string),
        urls: urls.map(str::to_owned).collect(),
    }
}

/// Checks what every request must have.
fn check_request(request: &Received) -> Result<(), String> {
    let header = |headers: &HeaderMap, name| -> Option<String> {
        Some(headers.get(name)?.to_str().ok()?.to_owned())
    };
    let authorization = header(&request.headers, header::AUTHORIZATION);
    if authorization.as_deref() != Some(&format!("Bearer {KEY}")) {
        return Err("a request without the key".to_owned());
    }
    if request.body.is_empty() {
        return Ok(());
    }
    if header(&request.headers, header::CONTENT_TYPE).as_deref() != Some("application/json") {
        return Err("a body without the content type application/json".to_owned());
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) if has_null(&body) => Err(format!("a null in the body: {body}")),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("a body that is not JSON: {error}")),
    }
}

/// A request in the format of the vectors, with the members of the body that the vector
/// expects.
fn shown(request: &Received, expected: &Value) -> Value {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let wanted = expected["members"].as_object().into_iter().flatten();
    let members: Map<String, Value> = wanted
        .map(|(pointer, _)| {
            let found = body.pointer(pointer).cloned().unwrap_or_default();
            (pointer.clone(), found)
        })
        .collect();
    let present = expected["present"].as_array().into_iter().flatten();
    let present: Vec<&Value> = present
        .filter(|pointer| {
            pointer
                .as_str()
                .is_some_and(|it| body.pointer(it).is_some())
        })
        .collect();
    json!({
        "method": request.method.as_str(),
        "path": request.path,
        "members": members,
        "present": present,
    })
}

fn describe(outcome: &Result<Finished, Error>, expected: &Value) -> Value {
    match outcome {
        Ok(finished) => json!({
            "task_id": finished.task_id,
            "external_task_id": finished.external_id,
            "urls": finished.urls,
        }),
        Err(error) => {
            let text = error.to_string();
            let says = expected["says"].as_str().filter(|says| text.contains(says));
            json!({
                "error": error.kind().name(),
                "maybe_sent": error.maybe_sent(),
                "task_id": error.task_id(),
                "external_task_id": error.external_task_id(),
                "code": error.api_code(),
                "says": says.unwrap_or(&text),
            })
        }
    }
}
