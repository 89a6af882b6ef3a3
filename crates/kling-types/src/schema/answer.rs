//! Schema mirrors of [`crate::TaskEnvelope`] and everything in it, of the bodies that
//! [`crate::ServiceError`] reads, and of [`crate::Violation`].
//!
//! Optional members may be null, since gateways send null for absent members (documented
//! and seen live).
#![expect(dead_code, reason = "only used to derive schemas")]

use schemars::JsonSchema;

use super::one_of;
use super::words::{Decimal, ErrorCode, Id, Rule, TaskStatus, UnixMillis, WireCode};

/// The response to a create and to a query for one task. An error has the same form,
/// with a code other than 0 and without a task.
#[derive(JsonSchema)]
pub(super) struct TaskEnvelope {
    /// 0 on success. Gateways may send `"0"` or `"success"`, and words for errors.
    code: WireCode,
    /// A message: `SUCCEED`, `success` or empty on success.
    message: Option<String>,
    /// The request id, to be quoted to support. Absent in CometAPI's responses to creates.
    request_id: Option<String>,
    /// The task.
    data: Option<Task>,
}

/// The response to a list of tasks, newest first. It has no total: a page with fewer
/// tasks than requested is the last one.
#[derive(JsonSchema)]
pub(super) struct TaskListEnvelope {
    /// 0 on success.
    code: WireCode,
    /// A message.
    message: Option<String>,
    /// The request id, to be quoted to support.
    request_id: Option<String>,
    /// The tasks of this page.
    data: Option<Vec<Task>>,
}

/// A task, as in the responses to creates, queries and lists, and in callbacks.
#[derive(JsonSchema)]
#[expect(clippy::struct_field_names, reason = "names of the wire format")]
pub(super) struct Task {
    /// The service's id of the task: an opaque string, too long for a number.
    task_id: Id,
    /// The status. Absent if a gateway wraps the task in a record of its own, which has
    /// its status in `status` and the task in `data`.
    task_status: Option<TaskStatus>,
    /// The reason for a failure; otherwise empty or absent. The response for a failed
    /// task has HTTP status 200 and code 0, so only this member has the reason.
    task_status_msg: Option<String>,
    /// Information that the caller supplied.
    task_info: Option<TaskInfo>,
    /// The result; empty or absent until the task succeeds.
    task_result: Option<TaskResult>,
    /// Whether a watermarked copy was requested. Absent in lists.
    watermark_info: Option<WatermarkInfo>,
    /// The units deducted from a resource pack: a decimal number in a string.
    final_unit_deduction: Option<Decimal>,
    /// The amount deducted from the balance.
    final_balance_deduction: Option<BalanceDeduction>,
    /// The creation time, in milliseconds since 1970-01-01T00:00:00Z.
    created_at: Option<UnixMillis>,
    /// The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
    updated_at: Option<UnixMillis>,
}

/// Information about a task that the caller supplied.
#[derive(JsonSchema)]
pub(super) struct TaskInfo {
    /// The caller's id of the task.
    #[schemars(extend("examples" = ["order-4711"]))]
    external_task_id: Option<String>,
    /// The source video. Only in callbacks.
    parent_video: Option<Video>,
}

/// The result of a task.
#[derive(JsonSchema)]
pub(super) struct TaskResult {
    /// The videos: one for an effect.
    videos: Option<Vec<Video>>,
    /// The images: none for an effect.
    images: Option<Vec<Image>>,
}

/// A generated video. The service deletes it 30 days after the task ended.
#[derive(JsonSchema)]
pub(super) struct Video {
    /// The id of the video.
    id: Option<Id>,
    /// The download URL, which needs no credentials. It is signed, so keep it secret.
    url: Option<String>,
    /// The URL of the watermarked copy; may be empty.
    watermark_url: Option<String>,
    /// The duration in seconds: a decimal number in a string.
    #[schemars(extend("examples" = ["5.1"]))]
    duration: Option<Decimal>,
}

/// A generated image.
#[derive(JsonSchema)]
pub(super) struct Image {
    /// The position in the series, starting at 0.
    index: Option<i64>,
    /// The download URL, which needs no credentials.
    url: Option<String>,
}

/// Whether a watermarked copy was requested.
#[derive(JsonSchema)]
pub(super) struct WatermarkInfo {
    /// True if a watermarked copy was requested.
    enabled: Option<bool>,
}

/// The amount that was deducted from the balance for a task.
#[derive(JsonSchema)]
pub(super) struct BalanceDeduction {
    /// The amount after discounts: a decimal number in a string.
    quota: Option<Decimal>,
    /// The amount before discounts: a decimal number in a string.
    list_price: Option<Decimal>,
}

/// The body that is posted to `callback_url` when a task changes: the task itself, its
/// newer flat form, or the task in an envelope.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum TaskCallback {
    Task(Task),
    Flat(FlatTask),
    Enveloped(CallbackEnvelope),
}

/// A task in an envelope, as in the response to a query. This form of callback is not
/// documented, but receivers should accept it.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"anyOf": [{"required": ["task_id"]}, {"required": ["id"]}]}))]
pub(super) struct CallbackEnvelope {
    /// 0 on success.
    code: Option<WireCode>,
    /// A message.
    message: Option<String>,
    /// The request id, to be quoted to support.
    request_id: Option<String>,
    /// The task.
    data: Task,
}

/// A task in the newer flat form.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"required": ["task_id"]}))]
pub(super) struct FlatTask {
    /// The service's id of the task: an opaque string, too long for a number.
    id: Id,
    /// The status; `succeeded` corresponds to `succeed` in the other form.
    status: TaskStatus,
    /// The reason for a failure; otherwise empty or absent.
    message: Option<String>,
    /// The creation time, in milliseconds since 1970-01-01T00:00:00Z.
    create_time: Option<UnixMillis>,
    /// The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
    update_time: Option<UnixMillis>,
    /// The caller's id of the task.
    #[schemars(extend("examples" = ["order-4711"]))]
    external_id: Option<String>,
    /// The results; empty until the task succeeds.
    outputs: Option<Vec<Output>>,
    /// The charges.
    billing: Option<Vec<Billing>>,
}

/// A result of a task, in the newer flat form.
#[derive(JsonSchema)]
struct Output {
    /// The kind of result: `video` for an effect.
    #[schemars(extend("examples" = ["video"]))]
    r#type: Option<String>,
    /// The id of the result.
    id: Option<Id>,
    /// The download URL, which needs no credentials. It is signed, so keep it secret.
    url: Option<String>,
    /// The URL of the watermarked copy; may be empty.
    watermark_url: Option<String>,
    /// The duration in seconds: a decimal number in a string.
    #[schemars(extend("examples" = ["3.041"]))]
    duration: Option<Decimal>,
}

/// A charge for a task, in the newer flat form.
#[derive(JsonSchema)]
struct Billing {
    /// What was charged: units of a resource pack (`unit`), or money (`cash`).
    #[schemars(extend("examples" = ["unit", "cash"]))]
    charge_type: Option<String>,
    /// The amount: a decimal number in a string.
    #[schemars(extend("examples" = ["2.4"]))]
    amount: Option<Decimal>,
    /// The kind of resource pack.
    #[schemars(extend("examples" = ["video"]))]
    package_type: Option<String>,
    /// The kind of balance.
    cash_type: Option<String>,
    /// The currency.
    currency: Option<String>,
    /// The amount before discounts: a decimal number in a string.
    list_price: Option<Decimal>,
}

/// The body of an error, from the service or from a gateway. The HTTP status may be any;
/// the code takes precedence.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum ErrorBody {
    Envelope(ErrorEnvelope),
    Gateway(GatewayErrorEnvelope),
}

/// An error in the service's form. Gateways use it too, with a word as the code, and may
/// quote the service's body as text in `message`.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"required": ["error"]}))]
pub(super) struct ErrorEnvelope {
    /// The error code: a number of Kling's table, or a gateway's word.
    code: ErrorCode,
    /// The error message.
    message: Option<String>,
    /// The request id, to be quoted to support.
    request_id: Option<String>,
}

/// An error in the form of gateways.
#[derive(JsonSchema)]
pub(super) struct GatewayErrorEnvelope {
    /// The error.
    error: GatewayError,
}

/// A gateway's description of an error.
#[derive(JsonSchema)]
struct GatewayError {
    /// The error message, which often ends in `(request id: …)`.
    message: Option<String>,
    /// The type of the error, such as `comet_api_error`.
    r#type: Option<String>,
    /// The gateway's error code, such as `invalid_request`; may be empty.
    #[schemars(extend("examples" = ["invalid_request", ""]))]
    code: Option<WireCode>,
    /// The member of the request that caused the error; may be empty.
    param: Option<String>,
}

/// An error or a warning about a request, as reported by this project's validators rather
/// than by the service.
#[derive(JsonSchema)]
pub(super) struct Violation {
    /// The place, as a JSON Pointer (RFC 6901) into the body. For a missing member, the
    /// place where it belongs.
    #[schemars(extend("examples" = ["/input/images/1", ""]))]
    pointer: String,
    /// The rule that is violated.
    rule: Rule,
    /// Whether the service refuses the request (error), or might refuse it (warning).
    severity: Severity,
    /// What is wrong and how to fix it, without a full stop at the end.
    message: String,
}

/// Whether a violation prevents the request.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}
