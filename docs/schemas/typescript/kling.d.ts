// Generated from docs/schemas/json/bundle.schema.json by `cargo xtask schema --languages`.
// That schema also has the constraints that types cannot express, such as the format of ids.

/**
 * The status of a task. `succeed` and `failed` are terminal. Gateways may use other words and other letter case.
 */
export type TaskStatus = TaskStatusKnown | (string & {});
/**
 * The quality of a video. Only for old scenes.
 */
export type Mode = ModeKnown | (string & {});
/**
 * The model that generates a video. Only for old scenes.
 */
export type ModelName = ModelNameKnown | (string & {});
/**
 * The input of an effect: one image or two.
 */
export type EffectInput = SingleImageInput | DualImageInput;
/**
 * The body of an error, from the service or from a gateway. The HTTP status may be any; the code takes precedence.
 */
export type ErrorBody = ErrorEnvelope | GatewayErrorEnvelope;
/**
 * The known values of Mode.
 */
export type ModeKnown = "std" | "pro";
/**
 * The known values of ModelName.
 */
export type ModelNameKnown = "kling-v1" | "kling-v1-5" | "kling-v1-6";
/**
 * The id of a rule. Ids are never renamed or reused.
 */
export type Rule = RuleKnown | (string & {});
/**
 * The known values of Rule.
 */
export type RuleKnown =
  | "request.type"
  | "scene.missing"
  | "scene.type"
  | "scene.shape"
  | "scene.unknown"
  | "scene.retired"
  | "input.missing"
  | "input.type"
  | "image.both"
  | "model.type"
  | "model.unknown"
  | "mode.type"
  | "mode.unknown"
  | "image.missing"
  | "scene.arity"
  | "scene.arity_dated"
  | "images.type"
  | "images.count"
  | "image.type"
  | "image.empty"
  | "image.url"
  | "image.url_scheme"
  | "image.url_local"
  | "image.data_prefix"
  | "image.whitespace"
  | "image.url_safe_alphabet"
  | "image.not_base64"
  | "image.padding"
  | "image.format"
  | "image.damaged"
  | "image.pixels"
  | "image.huge"
  | "image.aspect"
  | "image.bytes"
  | "duration.missing"
  | "duration.type"
  | "duration.shape"
  | "duration.unknown"
  | "callback.type"
  | "callback.url"
  | "external_id.type"
  | "external_id.empty"
  | "external_id.length"
  | "external_id.control"
  | "external_id.dots";
/**
 * Whether a violation prevents the request.
 */
export type Severity = "error" | "warning";
/**
 * The body that is posted to `callback_url` when a task changes: the task itself, its newer flat form, or the task in an envelope.
 */
export type TaskCallback = Task | FlatTask | CallbackEnvelope;
/**
 * The known values of TaskStatus.
 */
export type TaskStatusKnown = "submitted" | "processing" | "succeed" | "failed";

/**
 * All types, by name.
 */
export interface KlingEffects {
  BalanceDeduction: BalanceDeduction;
  Billing: Billing;
  CallbackEnvelope: CallbackEnvelope;
  DualImageInput: DualImageInput;
  EffectInput: EffectInput;
  EffectRequest: EffectRequest;
  ErrorBody: ErrorBody;
  ErrorEnvelope: ErrorEnvelope;
  FlatTask: FlatTask;
  GatewayError: GatewayError;
  GatewayErrorEnvelope: GatewayErrorEnvelope;
  Image: Image;
  Mode: Mode;
  ModeKnown: ModeKnown;
  ModelName: ModelName;
  ModelNameKnown: ModelNameKnown;
  Output: Output;
  Rule: Rule;
  RuleKnown: RuleKnown;
  Severity: Severity;
  SingleImageInput: SingleImageInput;
  Task: Task;
  TaskCallback: TaskCallback;
  TaskEnvelope: TaskEnvelope;
  TaskInfo: TaskInfo;
  TaskListEnvelope: TaskListEnvelope;
  TaskResult: TaskResult;
  TaskStatus: TaskStatus;
  TaskStatusKnown: TaskStatusKnown;
  Video: Video;
  Violation: Violation;
  WatermarkInfo: WatermarkInfo;
}
/**
 * The amount that was deducted from the balance for a task.
 */
export interface BalanceDeduction {
  /**
   * The amount before discounts: a decimal number in a string.
   */
  list_price?: string | null;
  /**
   * The amount after discounts: a decimal number in a string.
   */
  quota?: string | null;
  [k: string]: unknown;
}
/**
 * A charge for a task, in the newer flat form.
 */
export interface Billing {
  /**
   * The amount: a decimal number in a string.
   */
  amount?: string | null;
  /**
   * The kind of balance.
   */
  cash_type?: string | null;
  /**
   * What was charged: units of a resource pack (`unit`), or money (`cash`).
   */
  charge_type?: string | null;
  /**
   * The currency.
   */
  currency?: string | null;
  /**
   * The amount before discounts: a decimal number in a string.
   */
  list_price?: string | null;
  /**
   * The kind of resource pack.
   */
  package_type?: string | null;
  [k: string]: unknown;
}
/**
 * A task in an envelope, as in the response to a query. This form of callback is not documented, but receivers should accept it.
 */
export interface CallbackEnvelope {
  /**
   * 0 on success.
   */
  code?: number | string | null;
  /**
   * The task.
   */
  data: Task;
  /**
   * A message.
   */
  message?: string | null;
  /**
   * The request id, to be quoted to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * A task, as in the responses to creates, queries and lists, and in callbacks.
 */
export interface Task {
  /**
   * The creation time, in milliseconds since 1970-01-01T00:00:00Z.
   */
  created_at?: number | null;
  /**
   * The amount deducted from the balance.
   */
  final_balance_deduction?: BalanceDeduction | null;
  /**
   * The units deducted from a resource pack: a decimal number in a string.
   */
  final_unit_deduction?: string | null;
  /**
   * The service's id of the task: an opaque string, too long for a number.
   */
  task_id: string;
  /**
   * Information that the caller supplied.
   */
  task_info?: TaskInfo | null;
  /**
   * The result; empty or absent until the task succeeds.
   */
  task_result?: TaskResult | null;
  /**
   * The status. Absent if a gateway wraps the task in a record of its own, which has its status in `status` and the task in `data`.
   */
  task_status?: TaskStatus | null;
  /**
   * The reason for a failure; otherwise empty or absent. The response for a failed task has HTTP status 200 and code 0, so only this member has the reason.
   */
  task_status_msg?: string | null;
  /**
   * The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
   */
  updated_at?: number | null;
  /**
   * Whether a watermarked copy was requested. Absent in lists.
   */
  watermark_info?: WatermarkInfo | null;
  [k: string]: unknown;
}
/**
 * Information about a task that the caller supplied.
 */
export interface TaskInfo {
  /**
   * The caller's id of the task.
   */
  external_task_id?: string | null;
  /**
   * The source video. Only in callbacks.
   */
  parent_video?: Video | null;
  [k: string]: unknown;
}
/**
 * A generated video. The service deletes it 30 days after the task ended.
 */
export interface Video {
  /**
   * The duration in seconds: a decimal number in a string.
   */
  duration?: string | null;
  /**
   * The id of the video.
   */
  id?: string | null;
  /**
   * The download URL, which needs no credentials. It is signed, so keep it secret.
   */
  url?: string | null;
  /**
   * The URL of the watermarked copy; may be empty.
   */
  watermark_url?: string | null;
  [k: string]: unknown;
}
/**
 * The result of a task.
 */
export interface TaskResult {
  /**
   * The images: none for an effect.
   */
  images?: Image[] | null;
  /**
   * The videos: one for an effect.
   */
  videos?: Video[] | null;
  [k: string]: unknown;
}
/**
 * A generated image.
 */
export interface Image {
  /**
   * The position in the series, starting at 0.
   */
  index?: number | null;
  /**
   * The download URL, which needs no credentials.
   */
  url?: string | null;
  [k: string]: unknown;
}
/**
 * Whether a watermarked copy was requested.
 */
export interface WatermarkInfo {
  /**
   * True if a watermarked copy was requested.
   */
  enabled?: boolean | null;
  [k: string]: unknown;
}
/**
 * The input of a scene that takes two images.
 */
export interface DualImageInput {
  /**
   * The duration of the video in seconds, as a string. CometAPI requires it; Kling has not documented it since 2026-03.
   */
  duration?: string;
  /**
   * The images: the first appears on the left, the second on the right.
   *
   * @minItems 2
   * @maxItems 2
   */
  images: [string, string];
  /**
   * The quality, for old scenes that require one.
   */
  mode?: Mode;
  /**
   * The model, for old scenes that require one.
   */
  model_name?: ModelName;
  [k: string]: unknown;
}
/**
 * The input of a scene that takes one image.
 */
export interface SingleImageInput {
  /**
   * The duration of the video in seconds, as a string. CometAPI requires it; Kling has not documented it since 2026-03.
   */
  duration?: string;
  /**
   * The image: a public http(s) URL, or the file itself (JPEG or PNG) as standard base64, padded, on one line and without a `data:` prefix.
   */
  image: string;
  /**
   * The quality, for old scenes that require one.
   */
  mode?: Mode;
  /**
   * The model, for old scenes that require one.
   */
  model_name?: ModelName;
  [k: string]: unknown;
}
/**
 * The body of `POST /v1/videos/effects`, which creates a task. Unset members are omitted, never null.
 */
export interface EffectRequest {
  /**
   * The absolute http(s) URL to which the service posts each status change.
   */
  callback_url?: string;
  /**
   * The effect. The scene determines whether it takes one image or two.
   */
  effect_scene: string;
  /**
   * The caller's id of the task, unique per account. On Kling, a second create with the same id is refused without a charge, and the task can be queried by it.
   */
  external_task_id?: string;
  /**
   * The input of the effect.
   */
  input: EffectInput;
  [k: string]: unknown;
}
/**
 * An error in the service's form. Gateways use it too, with a word as the code, and may quote the service's body as text in `message`.
 */
export interface ErrorEnvelope {
  /**
   * The error code: a number of Kling's table, or a gateway's word.
   */
  code: number | string;
  /**
   * The error message.
   */
  message?: string | null;
  /**
   * The request id, to be quoted to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * An error in the form of gateways.
 */
export interface GatewayErrorEnvelope {
  /**
   * The error.
   */
  error: GatewayError;
  [k: string]: unknown;
}
/**
 * A gateway's description of an error.
 */
export interface GatewayError {
  /**
   * The gateway's error code, such as `invalid_request`; may be empty.
   */
  code?: number | string | null;
  /**
   * The error message, which often ends in `(request id: …)`.
   */
  message?: string | null;
  /**
   * The member of the request that caused the error; may be empty.
   */
  param?: string | null;
  /**
   * The type of the error, such as `comet_api_error`.
   */
  type?: string | null;
  [k: string]: unknown;
}
/**
 * A task in the newer flat form.
 */
export interface FlatTask {
  /**
   * The charges.
   */
  billing?: Billing[] | null;
  /**
   * The creation time, in milliseconds since 1970-01-01T00:00:00Z.
   */
  create_time?: number | null;
  /**
   * The caller's id of the task.
   */
  external_id?: string | null;
  /**
   * The service's id of the task: an opaque string, too long for a number.
   */
  id: string;
  /**
   * The reason for a failure; otherwise empty or absent.
   */
  message?: string | null;
  /**
   * The results; empty until the task succeeds.
   */
  outputs?: Output[] | null;
  /**
   * The status; `succeeded` corresponds to `succeed` in the other form.
   */
  status: TaskStatus;
  /**
   * The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
   */
  update_time?: number | null;
  [k: string]: unknown;
}
/**
 * A result of a task, in the newer flat form.
 */
export interface Output {
  /**
   * The duration in seconds: a decimal number in a string.
   */
  duration?: string | null;
  /**
   * The id of the result.
   */
  id?: string | null;
  /**
   * The kind of result: `video` for an effect.
   */
  type?: string | null;
  /**
   * The download URL, which needs no credentials. It is signed, so keep it secret.
   */
  url?: string | null;
  /**
   * The URL of the watermarked copy; may be empty.
   */
  watermark_url?: string | null;
  [k: string]: unknown;
}
/**
 * The response to a create and to a query for one task. An error has the same form, with a code other than 0 and without a task.
 */
export interface TaskEnvelope {
  /**
   * 0 on success. Gateways may send `"0"` or `"success"`, and words for errors.
   */
  code: number | string;
  /**
   * The task.
   */
  data?: Task | null;
  /**
   * A message: `SUCCEED`, `success` or empty on success.
   */
  message?: string | null;
  /**
   * The request id, to be quoted to support. Absent in CometAPI's responses to creates.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * The response to a list of tasks, newest first. It has no total: a page with fewer tasks than requested is the last one.
 */
export interface TaskListEnvelope {
  /**
   * 0 on success.
   */
  code: number | string;
  /**
   * The tasks of this page.
   */
  data?: Task[] | null;
  /**
   * A message.
   */
  message?: string | null;
  /**
   * The request id, to be quoted to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * An error or a warning about a request, as reported by this project's validators rather than by the service.
 */
export interface Violation {
  /**
   * What is wrong and how to fix it, without a full stop at the end.
   */
  message: string;
  /**
   * The place, as a JSON Pointer (RFC 6901) into the body. For a missing member, the place where it belongs.
   */
  pointer: string;
  /**
   * The rule that is violated.
   */
  rule: Rule;
  /**
   * Whether the service refuses the request (error), or might refuse it (warning).
   */
  severity: Severity;
  [k: string]: unknown;
}
