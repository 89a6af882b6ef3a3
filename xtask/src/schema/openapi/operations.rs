//! The operations of the service, and its callback.

use kling_types::routes;
use serde_json::{Map, Value, json};

use super::super::samples::Samples;
use super::{examples, json_body, reference, refusals};

pub(super) fn paths(samples: &Samples) -> Result<Value, String> {
    let mut paths = Map::new();
    paths.insert(
        routes::EFFECTS.to_owned(),
        json!({"post": create(samples)?, "get": list(samples)?}),
    );
    paths.insert(
        format!("{}/{{id}}", routes::EFFECTS),
        json!({"get": query(samples)?}),
    );
    Ok(paths.into())
}

fn create(samples: &Samples) -> Result<Value, String> {
    let requests = samples
        .iter()
        .filter(|sample| sample.kind == "EffectRequest");
    let mut answers = answers(
        "The submitted task. It can be queried immediately.",
        &json_body(
            "TaskEnvelope",
            &shown(
                samples,
                &[
                    "resp.cometapi.effects.create.json",
                    "resp.kling.effects.create.docshape.json",
                ],
            )?,
        ),
        refusals::OF_CREATE,
    );
    answers["200"]["links"] = json!({"task": {
        "operationId": "getEffectTask",
        "parameters": {"id": "$response.body#/data/task_id"},
        "description": "The id by which the task is queried.",
    }});
    Ok(json!({
        "operationId": "createEffectTask",
        "tags": ["effects"],
        "summary": "Create a task",
        "description": "Starts generating a video, and is charged. Do not retry it unless it is certain \
            that no task was created: see `external_task_id`.",
        "requestBody": {
            "required": true,
            "description": "The effect and its input.",
            "content": json_body("EffectRequest", &examples(requests)),
        },
        "responses": answers,
        "callbacks": {"taskChanged": {
            "{$request.body#/callback_url}": reference(TASK_CHANGED),
        }},
    }))
}

fn query(samples: &Samples) -> Result<Value, String> {
    Ok(json!({
        "operationId": "getEffectTask",
        "tags": ["effects"],
        "summary": "Query a task",
        "description": "Is free and does not occupy a slot. The task and its video are kept for 30 days \
            after the task ended.",
        "parameters": [{
            "name": "id",
            "in": "path",
            "required": true,
            "description": "The task's id. On Kling, also the caller's `external_task_id`. It is a \
                single path segment: percent-encode it.",
            "schema": {"type": "string", "minLength": 1},
            "examples": {
                "task_id": {"summary": "The service's id.", "value": "930831534075682845"},
                "external_task_id": {"summary": "The caller's id; Kling only.", "value": "my-task-1"},
            },
        }],
        "responses": answers(
            "The task, whether or not it has failed.",
            &json_body("TaskEnvelope", &shown(samples, &[
                "resp.cometapi.query.processing.json",
                "resp.kling.effects.query.failed.docshape.json",
                "resp.kling.effects.query.succeed.docshape.json",
            ])?),
            refusals::OF_READ,
        ),
    }))
}

fn list(samples: &Samples) -> Result<Value, String> {
    let parameter = |name, description, default, most| {
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "schema": {"type": "integer", "minimum": 1, "maximum": most, "default": default},
        })
    };
    Ok(json!({
        "operationId": "listEffectTasks",
        "tags": ["effects"],
        "summary": "List tasks",
        "description": "The account's tasks, newest first. There is no total: a page with fewer tasks \
            than requested is the last one. CometAPI does not document this operation.",
        "parameters": [
            parameter("pageNum", "The page number, starting at 1.", 1, 1000),
            parameter("pageSize", "The number of tasks per page.", 30, 500),
        ],
        "responses": answers(
            "A page of tasks.",
            &json_body("TaskListEnvelope", &shown(samples, &["resp.kling.effects.list.docshape.json"])?),
            refusals::OF_READ,
        ),
    }))
}

/// The location of [`webhook`] in `components`.
pub(super) const TASK_CHANGED: &str = "pathItems/taskChanged";

/// The callback to `callback_url`.
pub(super) fn webhook(samples: &Samples) -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "description": description,
            "schema": {"type": "string"},
            "example": example,
        })
    };
    let bodies = samples
        .iter()
        .filter(|sample| sample.kind == "TaskCallback");
    json!({"post": {
        "operationId": "taskChanged",
        "tags": ["effects"],
        "summary": "A task has changed",
        "description": "Posted to the task's `callback_url` at each status change. A change may be posted \
            more than once. Kling signs callbacks according to Standard Webhooks if the account has \
            a secret. CometAPI documents no signature: treat its callbacks as hints, and query the \
            task.",
        "security": [],
        "parameters": [
            header("webhook-id", "The id of this message. Only if the account has a secret.", "9876543210"),
            header("webhook-timestamp", "The sending time, in seconds since 1970-01-01T00:00:00Z: reject \
                times that are off by more than 300 s. Only if the account has a secret.", "1781080794"),
            header("webhook-signature", "One or more of `v1,BASE64`, separated by spaces: HMAC-SHA256 \
                of `ID.TIMESTAMP.BODY` with the secret's bytes. One match suffices. Only if the \
                account has a secret.", "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="),
        ],
        "requestBody": {
            "required": true,
            "description": "The task in its new status.",
            "content": json_body("TaskCallback", &examples(bodies)),
        },
        "responses": {
            "200": {"description": "Received."},
            "4XX": {"description": "Rejected because of the signature or the time. Whether the callback is \
                retried is not documented."},
        },
    }})
}

fn shown(samples: &Samples, files: &[&str]) -> Result<Map<String, Value>, String> {
    let mut found = Vec::new();
    for file in files {
        found.push(samples.get(file)?);
    }
    Ok(examples(found))
}

/// The successful response, and the errors.
fn answers(description: &str, content: &Value, refused: &[u16]) -> Map<String, Value> {
    let mut answers = refusals::references(refused);
    let success = json!({"description": description, "content": content});
    answers.insert("200".to_owned(), success);
    answers
}
