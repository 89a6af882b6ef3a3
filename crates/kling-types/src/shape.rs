//! The other shapes in which a task may arrive, read into the same type.
//!
//! - *flat*: Kling's newer form `{id, status, message, create_time,
//!   update_time, external_id, outputs[], billing[]}`, in callbacks and in the
//!   unified list (*documented*), and an OpenAI-like relative of it at gateways;
//! - *wrapped*: a gateway's own record `{task_id, status, progress, data}` with
//!   the task, or a whole envelope around it, in `data` (*seen live* on CometAPI
//!   until 2026-04, and in the source of gateways).

use serde_json::{Value, json};

use crate::amount::Amount;
use crate::callback::CallbackShape;
use crate::ids::{ExternalTaskId, TaskId};
use crate::status::{TaskState, TaskStatus};
use crate::task::{BalanceDeduction, Image, Task, TaskInfo, TaskResult, Video};
use crate::wire::{Extra, Field, FromWire, Members, Read};

/// The maximum nesting of `data` around a task: the answer's envelope, a gateway's
/// record, and the envelope that the gateway received.
const MAX_WRAPPERS: u8 = 3;

impl FromWire for Task {
    fn from_wire(value: &Value) -> Option<Read<Self>> {
        // The envelope's own `data` is open already.
        find(value.as_object()?, MAX_WRAPPERS - 1, None).map(|(task, _)| task)
    }
}

impl Task {
    /// Finds the task in a body: alone, flat, in an envelope, or in a gateway's record.
    /// `None` if there is no task.
    ///
    /// If there are two ids, the outer one counts, because the host that answers knows
    /// the task by it.
    pub fn find(body: &Value) -> Option<Task> {
        find_in_body(body.as_object()?).map(|(task, _)| task)
    }
}

/// The task in a body that may also be an envelope.
pub(crate) fn find_in_body(body: &Extra) -> Option<(Task, CallbackShape)> {
    find(body, MAX_WRAPPERS, None).map(|(task, shape)| (task.value, shape))
}

/// `record` is the enclosing object with an id, for a task without one.
fn find(
    members: &Extra,
    wrappers: u8,
    record: Option<&Extra>,
) -> Option<(Read<Task>, CallbackShape)> {
    let has_id = || members.contains_key("task_id") || members.contains_key("id");
    if wrappers > 0
        && !members.contains_key("task_status")
        && let Some(Value::Object(inner)) = members.get("data")
        && let Some((inner, _)) = find(
            inner,
            wrappers - 1,
            if has_id() { Some(members) } else { record },
        )
    {
        let task = Read::respelled(unwrap(members, inner.value))?;
        return Some((task, CallbackShape::Enveloped));
    }
    let Ok(mut task) = Task::from_members(members) else {
        // Without an id, or with one under another name.
        let task = flat(members).or_else(|| named(members, record?))?;
        return Some((Read::respelled(task)?, CallbackShape::Flat));
    };
    if let Some(reason) = reason_for(&task, members) {
        task.status_msg = Some(reason);
        return Some((Read::respelled(task)?, CallbackShape::Legacy));
    }
    let exact = !task.status.as_str().is_empty();
    // A gateway's record before there is anything to wrap, or the flat shape
    // with the older name of the id beside the newer one.
    if !exact && let Some(status) = other_status(members) {
        task.status = status;
        task.status_msg = task.status_msg.or_else(|| reason(members));
        task.result = task.result.or_else(|| outputs(members));
        return Some((Read::respelled(task)?, CallbackShape::Legacy));
    }
    Some((Read::exact(task)?, CallbackShape::Legacy))
}

/// A task that has no id, with the record's.
fn named(members: &Extra, record: &Extra) -> Option<Task> {
    let ids = [record.get("task_id"), record.get("id")];
    let id = ids.into_iter().flatten().find_map(TaskId::from_wire)?;
    let is_task = members.contains_key("task_status") || members.contains_key("task_result");
    let mut members = is_task.then(|| members.clone())?;
    members.insert("task_id".to_owned(), id.value.into_string().into());
    Task::from_members(&members).ok()
}

/// The task inside a gateway's record. The record's id is the one that the gateway
/// accepts in queries. A failure that only the record reports is the gateway's own: it
/// has stopped polling (*inferred*). So is a status that only the record has.
fn unwrap(record: &Extra, mut task: Task) -> Task {
    // The task's own members take precedence; the record may have more (seen live).
    if let Some(reason) = reason_for(&task, record) {
        task.status_msg = Some(reason);
    }
    if let Some(id) = record.get("task_id").and_then(TaskId::from_wire) {
        task.id = id.value;
    }
    let Some(status) = other_status(record).filter(|_| !task.status.is_terminal()) else {
        return task;
    };
    if status.state() == TaskState::Failed {
        task.status = status;
        task.status_msg = reason(record).or(task.status_msg);
    } else if task.status.as_str().is_empty() {
        task.status = status;
    }
    task
}

/// The status under its other name, if it is a word.
fn other_status(members: &Extra) -> Option<TaskStatus> {
    let status = TaskStatus::read(members.get("status"))?.value;
    (!status.as_str().is_empty()).then_some(status)
}

/// The reason of a failed task in the enclosing objects, if the task has none itself.
pub(crate) fn reason_for(task: &Task, around: &Extra) -> Option<String> {
    let is_untold = task.state() == TaskState::Failed && task.failure_reason().is_none();
    is_untold.then(|| reason(around))?
}

/// Whether an envelope's message only says that the query succeeded (*seen live*).
fn is_yes(message: &str) -> bool {
    let message = message.trim();
    message == "成功"
        || ["succeed", "success", "successful", "ok"]
            .iter()
            .any(|yes| message.eq_ignore_ascii_case(yes))
}

/// The reason of a failed task, in the places where gateways put it.
fn reason(members: &Extra) -> Option<String> {
    let error = members.get("error");
    let in_error = error.and_then(|error| error.get("message"));
    [
        members.get("fail_reason"),
        error,
        in_error,
        members.get("message"),
    ]
    .into_iter()
    .filter_map(|text| text?.as_str())
    .find(|text| !text.trim().is_empty() && !is_yes(text))
    .map(str::to_owned)
}

/// The members that the flat shape's fields take.
const FLAT_KEYS: &[&str] = &[
    "id",
    "status",
    "message",
    "external_id",
    "create_time",
    "update_time",
];

fn flat(members: &Extra) -> Option<Task> {
    let status = other_status(members)?;
    let mut fields = Members::of(members, FLAT_KEYS);
    let mut task = Task::new(fields.take("id")?, status);
    fields.forget("status");
    if task.state() == TaskState::Failed {
        task.status_msg = reason(members);
    }
    let message: Option<String> = fields.take("message")?;
    task.status_msg = task.status_msg.or(message);
    let external_id: Option<ExternalTaskId> = fields.take("external_id")?;
    task.info = external_id.map(|id| TaskInfo {
        external_task_id: Some(id),
        ..TaskInfo::default()
    });
    task.created_at = fields.take("create_time")?;
    task.updated_at = fields.take("update_time")?;
    task.result = outputs(members);
    if let Some(Value::Array(items)) = members.get("billing") {
        task.unit_deduction = charge(items, "unit", "amount");
        task.balance_deduction = charge(items, "cash", "amount").map(|quota| BalanceDeduction {
            quota: Some(quota),
            list_price: charge(items, "cash", "list_price"),
            ..BalanceDeduction::default()
        });
    }
    task.extra = fields.rest();
    Some(task)
}

fn outputs(members: &Extra) -> Option<TaskResult> {
    let mut result = TaskResult::default();
    match (members.get("outputs"), members.get("metadata")) {
        (Some(Value::Array(items)), _) => {
            for item in items {
                match item.get("type").and_then(Value::as_str) {
                    Some("image") => {
                        result
                            .images
                            .extend(Image::from_wire(item).map(|r| r.value));
                    }
                    Some("video") | None => {
                        result
                            .videos
                            .extend(Video::from_wire(item).map(|r| r.value));
                    }
                    // Sound and other kinds stay in `extra`.
                    Some(_) => {}
                }
            }
        }
        // The OpenAI-like relative.
        (None, Some(metadata)) => {
            let url = metadata.get("url").and_then(Value::as_str)?;
            result.videos.push(Video {
                url: Some(url.to_owned()),
                ..Video::default()
            });
        }
        _ => return None,
    }
    Some(result)
}

/// The sum of one kind of charge; `None` if there is none, or it has too many
/// digits to be exact.
fn charge(billing: &[Value], charge_type: &str, amount: &str) -> Option<Amount> {
    billing
        .iter()
        .filter(|item| item.get("charge_type").and_then(Value::as_str) == Some(charge_type))
        .filter_map(|item| Some(Amount::from_wire(item.get(amount)?)?.value))
        .map(Some)
        .reduce(|sum, amount| sum?.checked_add(amount?))?
}

/// The task in the flat shape, with the members that the shape has.
pub(crate) fn to_flat(task: &Task) -> Extra {
    let status = match task.status.as_str() {
        "succeed" => "succeeded",
        word => word,
    };
    let mut members = Extra::new();
    let mut set = |key: &str, value: Value| members.insert(key.to_owned(), value);
    set("id", task.id.as_str().into());
    set("status", status.into());
    set(
        "message",
        task.status_msg.as_deref().unwrap_or_default().into(),
    );
    if let Some(id) = task.external_id() {
        set("external_id", id.as_str().into());
    }
    for (key, time) in [
        ("create_time", task.created_at),
        ("update_time", task.updated_at),
    ] {
        if let Some(time) = time {
            set(key, time.get().into());
        }
    }
    let images = task.result.iter().flat_map(|result| &result.images);
    let outputs: Vec<Value> = (task.videos().iter().map(|video| output("video", video)))
        .chain(images.map(|image| output("image", image)))
        .collect();
    set("outputs", outputs.into());

    let mut billing = Vec::new();
    if let Some(units) = task.unit_deduction {
        billing.push(json!({"charge_type": "unit", "amount": units, "package_type": "video"}));
    }
    if let Some(BalanceDeduction {
        quota: Some(quota),
        list_price,
        ..
    }) = &task.balance_deduction
    {
        let mut item = json!({"charge_type": "cash", "amount": quota});
        if let Some(list_price) = list_price {
            item["list_price"] = json!(list_price);
        }
        billing.push(item);
    }
    if !billing.is_empty() {
        set("billing", billing.into());
    }
    members
}

fn output(kind: &str, object: &impl serde::Serialize) -> Value {
    let mut item = json!(object);
    if let Some(members) = item.as_object_mut() {
        members.insert("type".to_owned(), kind.into());
    }
    item
}
