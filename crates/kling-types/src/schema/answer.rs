//! Schema mirrors of [`crate::TaskEnvelope`] and everything in it, of the bodies that
//! [`crate::ServiceError`] reads, and of [`crate::Violation`].
//!
//! Optional members may be null: gateways send nulls for what is not there
//! (seen live and documented).
#![expect(dead_code, reason = "mirrors are derived from, never made")]

use schemars::JsonSchema;

use super::one_of;
use super::words::{Decimal, ErrorCode, Id, Rule, TaskStatus, UnixMillis, WireCode};

/// The answer to a create and to a query of one task. A refusal has the same
/// form, without a task and with a code other than 0.
#[derive(JsonSchema)]
pub(super) struct TaskEnvelope {
    /// 0 for success. Gateways write `"0"` or `"success"`, and words for errors.
    code: WireCode,
    /// Free text: `SUCCEED`, `success` or empty on success.
    message: Option<String>,
    /// The id to quote to support. Absent on CometAPI's creates.
    request_id: Option<String>,
    /// The task.
    data: Option<Task>,
}

/// The answer to a list of tasks, newest first. It tells no total: a page
/// shorter than asked for is the last one.
#[derive(JsonSchema)]
pub(super) struct TaskListEnvelope {
    /// 0 for success.
    code: WireCode,
    /// Free text.
    message: Option<String>,
    /// The id to quote to support.
    request_id: Option<String>,
    /// The tasks of this page.
    data: Option<Vec<Task>>,
}

/// One task, as a create, a query, a list and a callback show it.
#[derive(JsonSchema)]
#[expect(clippy::struct_field_names, reason = "they are the wire's")]
pub(super) struct Task {
    /// The service's id for it: opaque text, too long for a number.
    task_id: Id,
    /// Where it stands. Absent where a gateway puts its own record around the
    /// task: then `status` has its word, and `data` the task.
    task_status: Option<TaskStatus>,
    /// Why it failed; empty or absent otherwise. A failed task is an HTTP 200
    /// with code 0: this text is the only reason there is.
    task_status_msg: Option<String>,
    /// What the caller said about it.
    task_info: Option<TaskInfo>,
    /// What it made; empty or absent until it succeeds.
    task_result: Option<TaskResult>,
    /// Whether a watermarked copy was asked for. Absent in lists.
    watermark_info: Option<WatermarkInfo>,
    /// Units taken from a resource pack: a decimal number in a string.
    final_unit_deduction: Option<Decimal>,
    /// Money taken from the balance.
    final_balance_deduction: Option<BalanceDeduction>,
    /// When it was created: milliseconds since 1970-01-01T00:00:00Z.
    created_at: Option<UnixMillis>,
    /// When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
    updated_at: Option<UnixMillis>,
}

/// What the caller said about a task.
#[derive(JsonSchema)]
pub(super) struct TaskInfo {
    /// The caller's own id.
    #[schemars(extend("examples" = ["order-4711"]))]
    external_task_id: Option<String>,
    /// The video it was made from. In callbacks.
    parent_video: Option<Video>,
}

/// What a task made.
#[derive(JsonSchema)]
pub(super) struct TaskResult {
    /// Videos: one for an effect.
    videos: Option<Vec<Video>>,
    /// Images: none for an effect.
    images: Option<Vec<Image>>,
}

/// A finished video. The service deletes it 30 days after the task ended.
#[derive(JsonSchema)]
pub(super) struct Video {
    /// The video's own id.
    id: Option<Id>,
    /// Where to download it, without credentials. Signed: keep it secret.
    url: Option<String>,
    /// The copy with a watermark; may be empty.
    watermark_url: Option<String>,
    /// How long it is, in seconds: a decimal number in a string.
    #[schemars(extend("examples" = ["5.1"]))]
    duration: Option<Decimal>,
}

/// A finished image.
#[derive(JsonSchema)]
pub(super) struct Image {
    /// Its place in the series, from 0.
    index: Option<i64>,
    /// Where to download it, without credentials.
    url: Option<String>,
}

/// Whether a watermarked copy was asked for.
#[derive(JsonSchema)]
pub(super) struct WatermarkInfo {
    /// True if so.
    enabled: Option<bool>,
}

/// Money that a task took from the balance.
#[derive(JsonSchema)]
pub(super) struct BalanceDeduction {
    /// After discounts: a decimal number in a string.
    quota: Option<Decimal>,
    /// Before discounts: a decimal number in a string.
    list_price: Option<Decimal>,
}

/// What is posted to `callback_url` when a task changes: the task alone, the
/// newer flat form of it, or the task in an envelope.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum TaskCallback {
    Task(Task),
    Flat(FlatTask),
    Enveloped(CallbackEnvelope),
}

/// One task in an envelope, as a query answers it. Nobody has published a
/// callback of this form; receivers had better take it.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"anyOf": [{"required": ["task_id"]}, {"required": ["id"]}]}))]
pub(super) struct CallbackEnvelope {
    /// 0 for success.
    code: Option<WireCode>,
    /// Free text.
    message: Option<String>,
    /// The id to quote to support.
    request_id: Option<String>,
    /// The task.
    data: Task,
}

/// One task in the newer flat form.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"required": ["task_id"]}))]
pub(super) struct FlatTask {
    /// The service's id for it: opaque text, too long for a number.
    id: Id,
    /// Where it stands; `succeeded` here is `succeed` elsewhere.
    status: TaskStatus,
    /// Why it failed; empty or absent otherwise.
    message: Option<String>,
    /// When it was created: milliseconds since 1970-01-01T00:00:00Z.
    create_time: Option<UnixMillis>,
    /// When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
    update_time: Option<UnixMillis>,
    /// The caller's own id.
    #[schemars(extend("examples" = ["order-4711"]))]
    external_id: Option<String>,
    /// What it made; empty until it succeeds.
    outputs: Option<Vec<Output>>,
    /// What it cost.
    billing: Option<Vec<Billing>>,
}

/// Something that a task made, in the newer flat form.
#[derive(JsonSchema)]
struct Output {
    /// What it is: `video` for an effect.
    #[schemars(extend("examples" = ["video"]))]
    r#type: Option<String>,
    /// Its own id.
    id: Option<Id>,
    /// Where to download it, without credentials. Signed: keep it secret.
    url: Option<String>,
    /// The copy with a watermark; may be empty.
    watermark_url: Option<String>,
    /// How long it is, in seconds: a decimal number in a string.
    #[schemars(extend("examples" = ["3.041"]))]
    duration: Option<Decimal>,
}

/// One charge for a task, in the newer flat form.
#[derive(JsonSchema)]
struct Billing {
    /// In units of a resource pack (`unit`) or in money (`cash`).
    #[schemars(extend("examples" = ["unit", "cash"]))]
    charge_type: Option<String>,
    /// How much: a decimal number in a string.
    #[schemars(extend("examples" = ["2.4"]))]
    amount: Option<Decimal>,
    /// Of which kind of pack.
    #[schemars(extend("examples" = ["video"]))]
    package_type: Option<String>,
    /// Of which kind of balance.
    cash_type: Option<String>,
    /// In which currency.
    currency: Option<String>,
    /// Before discounts: a decimal number in a string.
    list_price: Option<Decimal>,
}

/// The body of a refusal, from the service or from a gateway before it. The
/// HTTP status beside it may be any; the code counts first.
#[derive(JsonSchema)]
#[schemars(untagged, transform = one_of)]
pub(super) enum ErrorBody {
    Envelope(ErrorEnvelope),
    Gateway(GatewayErrorEnvelope),
}

/// A refusal in the service's own form. Gateways use it too, with a word as the
/// code, and may quote the service's body as text in `message`.
#[derive(JsonSchema)]
#[schemars(extend("not" = {"required": ["error"]}))]
pub(super) struct ErrorEnvelope {
    /// What is wrong: a number of Kling's table, or a gateway's word.
    code: ErrorCode,
    /// What is wrong, as a sentence.
    message: Option<String>,
    /// The id to quote to support.
    request_id: Option<String>,
}

/// A refusal in the form of gateways.
#[derive(JsonSchema)]
pub(super) struct GatewayErrorEnvelope {
    /// What is wrong.
    error: GatewayError,
}

/// What a gateway says is wrong.
#[derive(JsonSchema)]
struct GatewayError {
    /// What is wrong, as a sentence that often ends in `(request id: …)`.
    message: Option<String>,
    /// Who says so, such as `comet_api_error`.
    r#type: Option<String>,
    /// The gateway's word for it, such as `invalid_request`; may be empty.
    #[schemars(extend("examples" = ["invalid_request", ""]))]
    code: Option<WireCode>,
    /// The member of the request it is about; may be empty.
    param: Option<String>,
}

/// One thing wrong with a request, or worth a warning. Not of the service: what
/// this project's validators report.
#[derive(JsonSchema)]
pub(super) struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the body. What is missing is named
    /// by the place where it belongs.
    #[schemars(extend("examples" = ["/input/images/1", ""]))]
    pointer: String,
    /// Which rule.
    rule: Rule,
    /// Whether the service refuses the request, or only might.
    severity: Severity,
    /// What is wrong and what to do, as a sentence without its end.
    message: String,
}

/// Whether a violation stops a request.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
}
