//! What can be asked of the service, and what it posts.

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
        "The task, submitted. It can be queried at once.",
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
        "description": "The task's id is what a query takes.",
    }});
    Ok(json!({
        "operationId": "createEffectTask",
        "tags": ["effects"],
        "summary": "Create a task",
        "description": "Starts making a video, and costs. Do not send it again unless it is known \
            that nothing was made: see `external_task_id`.",
        "requestBody": {
            "required": true,
            "description": "Which effect, and on what.",
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
        "description": "Costs nothing and takes no slot. The answer is kept for 30 days after the \
            task's end, and so is the video.",
        "parameters": [{
            "name": "id",
            "in": "path",
            "required": true,
            "description": "The task's id. At Kling the caller's `external_task_id` will do, too. \
                One segment of the path: percent-encode it.",
            "schema": {"type": "string", "minLength": 1},
            "examples": {
                "task_id": {"summary": "The service's id.", "value": "930831534075682845"},
                "external_task_id": {"summary": "The caller's own id; Kling only.", "value": "my-task-1"},
            },
        }],
        "responses": answers(
            "The task as it stands: also when it has failed.",
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
        "description": "The account's tasks, newest first. No total is told: a page shorter than \
            asked for is the last. CometAPI does not document it.",
        "parameters": [
            parameter("pageNum", "Which page, from 1.", 1, 1000),
            parameter("pageSize", "How many tasks a page has.", 30, 500),
        ],
        "responses": answers(
            "One page of tasks.",
            &json_body("TaskListEnvelope", &shown(samples, &["resp.kling.effects.list.docshape.json"])?),
            refusals::OF_READ,
        ),
    }))
}

/// Where [`webhook`] is, below `components`.
pub(super) const TASK_CHANGED: &str = "pathItems/taskChanged";

/// The post to `callback_url`.
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
        "description": "Posted to the task's `callback_url` at each change of its status. The same \
            change may be posted twice. Kling signs it in the way of Standard Webhooks, where the \
            account has a secret; CometAPI documents no signature: there, take it for a hint, and \
            query the task.",
        "security": [],
        "parameters": [
            header("webhook-id", "The id of this message. With a secret only.", "9876543210"),
            header("webhook-timestamp", "When it was sent, in seconds since 1970-01-01T00:00:00Z: \
                refuse what is more than 300 s off. With a secret only.", "1781080794"),
            header("webhook-signature", "One or more of `v1,BASE64`, separated by spaces: HMAC-SHA256 \
                of `ID.TIMESTAMP.BODY` with the secret's bytes. One match suffices. With a secret \
                only.", "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="),
        ],
        "requestBody": {
            "required": true,
            "description": "The task as it stands.",
            "content": json_body("TaskCallback", &examples(bodies)),
        },
        "responses": {
            "200": {"description": "Received."},
            "4XX": {"description": "Refused: the signature is wrong, or the time. Whether it is posted \
                again is not documented."},
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

/// The answer that says yes, and those that say no.
fn answers(description: &str, content: &Value, refused: &[u16]) -> Map<String, Value> {
    let mut answers = refusals::references(refused);
    let yes = json!({"description": description, "content": content});
    answers.insert("200".to_owned(), yes);
    answers
}
