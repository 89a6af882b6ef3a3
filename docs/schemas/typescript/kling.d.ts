// Made from docs/schemas/json/bundle.schema.json by `cargo xtask schema --languages`.
// What a type cannot say, such as the form of an id, is in that schema.

/**
 * Where a task stands. `succeed` and `failed` are final. Gateways have other words and other cases for the same.
 */
export type TaskStatus = TaskStatusKnown | (string & {});
/**
 * The quality of a clip. Old scenes only.
 */
export type Mode = ModeKnown | (string & {});
/**
 * The model that makes a clip. Old scenes only.
 */
export type ModelName = ModelNameKnown | (string & {});
/**
 * What an effect works on: one image or two.
 */
export type EffectInput = SingleImageInput | DualImageInput;
/**
 * The body of a refusal, from the service or from a gateway before it. The HTTP status beside it may be any; the code counts first.
 */
export type ErrorBody = ErrorEnvelope | GatewayErrorEnvelope;
/**
 * The words of Mode known so far.
 */
export type ModeKnown = "std" | "pro";
/**
 * The words of ModelName known so far.
 */
export type ModelNameKnown = "kling-v1" | "kling-v1-5" | "kling-v1-6";
/**
 * The id of a rule. Ids are never renamed and never used again.
 */
export type Rule = RuleKnown | (string & {});
/**
 * The words of Rule known so far.
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
 * Whether a violation stops a request.
 */
export type Severity = "error" | "warning";
/**
 * What is posted to `callback_url` when a task changes: the task alone, the newer flat form of it, or the task in an envelope.
 */
export type TaskCallback = Task | FlatTask | CallbackEnvelope;
/**
 * The words of TaskStatus known so far.
 */
export type TaskStatusKnown = "submitted" | "processing" | "succeed" | "failed";

/**
 * Every type by its name.
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
 * Money that a task took from the balance.
 */
export interface BalanceDeduction {
  /**
   * Before discounts: a decimal number in a string.
   */
  list_price?: string | null;
  /**
   * After discounts: a decimal number in a string.
   */
  quota?: string | null;
  [k: string]: unknown;
}
/**
 * One charge for a task, in the newer flat form.
 */
export interface Billing {
  /**
   * How much: a decimal number in a string.
   */
  amount?: string | null;
  /**
   * Of which kind of balance.
   */
  cash_type?: string | null;
  /**
   * In units of a resource pack (`unit`) or in money (`cash`).
   */
  charge_type?: string | null;
  /**
   * In which currency.
   */
  currency?: string | null;
  /**
   * Before discounts: a decimal number in a string.
   */
  list_price?: string | null;
  /**
   * Of which kind of pack.
   */
  package_type?: string | null;
  [k: string]: unknown;
}
/**
 * One task in an envelope, as a query answers it. Nobody has published a callback of this form; receivers had better take it.
 */
export interface CallbackEnvelope {
  /**
   * 0 for success.
   */
  code?: number | string | null;
  /**
   * The task.
   */
  data: Task;
  /**
   * Free text.
   */
  message?: string | null;
  /**
   * The id to quote to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * One task, as a create, a query, a list and a callback show it.
 */
export interface Task {
  /**
   * When it was created: milliseconds since 1970-01-01T00:00:00Z.
   */
  created_at?: number | null;
  /**
   * Money taken from the balance.
   */
  final_balance_deduction?: BalanceDeduction | null;
  /**
   * Units taken from a resource pack: a decimal number in a string.
   */
  final_unit_deduction?: string | null;
  /**
   * The service's id for it: opaque text, too long for a number.
   */
  task_id: string;
  /**
   * What the caller said about it.
   */
  task_info?: TaskInfo | null;
  /**
   * What it made; empty or absent until it succeeds.
   */
  task_result?: TaskResult | null;
  /**
   * Where it stands. Absent where a gateway puts its own record around the task: then `status` has its word, and `data` the task.
   */
  task_status?: TaskStatus | null;
  /**
   * Why it failed; empty or absent otherwise. A failed task is an HTTP 200 with code 0: this text is the only reason there is.
   */
  task_status_msg?: string | null;
  /**
   * When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
   */
  updated_at?: number | null;
  /**
   * Whether a watermarked copy was asked for. Absent in lists.
   */
  watermark_info?: WatermarkInfo | null;
  [k: string]: unknown;
}
/**
 * What the caller said about a task.
 */
export interface TaskInfo {
  /**
   * The caller's own id.
   */
  external_task_id?: string | null;
  /**
   * The video it was made from. In callbacks.
   */
  parent_video?: Video | null;
  [k: string]: unknown;
}
/**
 * A finished video. The service deletes it 30 days after the task ended.
 */
export interface Video {
  /**
   * How long it is, in seconds: a decimal number in a string.
   */
  duration?: string | null;
  /**
   * The video's own id.
   */
  id?: string | null;
  /**
   * Where to download it, without credentials. Signed: keep it secret.
   */
  url?: string | null;
  /**
   * The copy with a watermark; may be empty.
   */
  watermark_url?: string | null;
  [k: string]: unknown;
}
/**
 * What a task made.
 */
export interface TaskResult {
  /**
   * Images: none for an effect.
   */
  images?: Image[] | null;
  /**
   * Videos: one for an effect.
   */
  videos?: Video[] | null;
  [k: string]: unknown;
}
/**
 * A finished image.
 */
export interface Image {
  /**
   * Its place in the series, from 0.
   */
  index?: number | null;
  /**
   * Where to download it, without credentials.
   */
  url?: string | null;
  [k: string]: unknown;
}
/**
 * Whether a watermarked copy was asked for.
 */
export interface WatermarkInfo {
  /**
   * True if so.
   */
  enabled?: boolean | null;
  [k: string]: unknown;
}
/**
 * The input of a scene that takes two images.
 */
export interface DualImageInput {
  /**
   * The length of the clip in seconds, as a string. CometAPI requires it; Kling documents none since 2026-03.
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
   * The quality, where an old scene wants one.
   */
  mode?: Mode;
  /**
   * The model, where an old scene wants one.
   */
  model_name?: ModelName;
  [k: string]: unknown;
}
/**
 * The input of a scene that takes one image.
 */
export interface SingleImageInput {
  /**
   * The length of the clip in seconds, as a string. CometAPI requires it; Kling documents none since 2026-03.
   */
  duration?: string;
  /**
   * The image: a public http(s) URL, or the file itself (JPEG or PNG) in standard base64: one line, padded, without a `data:` prefix.
   */
  image: string;
  /**
   * The quality, where an old scene wants one.
   */
  mode?: Mode;
  /**
   * The model, where an old scene wants one.
   */
  model_name?: ModelName;
  [k: string]: unknown;
}
/**
 * The body of `POST /v1/videos/effects`: creates a task. What is not set is left out, never null.
 */
export interface EffectRequest {
  /**
   * Where the service posts each change of status: an absolute http(s) URL.
   */
  callback_url?: string;
  /**
   * Which effect. Whether it takes one image or two depends on the scene.
   */
  effect_scene: string;
  /**
   * The caller's own id, unique per account. On Kling a second create with the same id is refused without a charge, and a query by it finds the task.
   */
  external_task_id?: string;
  /**
   * What it works on.
   */
  input: EffectInput;
  [k: string]: unknown;
}
/**
 * A refusal in the service's own form. Gateways use it too, with a word as the code, and may quote the service's body as text in `message`.
 */
export interface ErrorEnvelope {
  /**
   * What is wrong: a number of Kling's table, or a gateway's word.
   */
  code: number | string;
  /**
   * What is wrong, as a sentence.
   */
  message?: string | null;
  /**
   * The id to quote to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * A refusal in the form of gateways.
 */
export interface GatewayErrorEnvelope {
  /**
   * What is wrong.
   */
  error: GatewayError;
  [k: string]: unknown;
}
/**
 * What a gateway says is wrong.
 */
export interface GatewayError {
  /**
   * The gateway's word for it, such as `invalid_request`; may be empty.
   */
  code?: number | string | null;
  /**
   * What is wrong, as a sentence that often ends in `(request id: …)`.
   */
  message?: string | null;
  /**
   * The member of the request it is about; may be empty.
   */
  param?: string | null;
  /**
   * Who says so, such as `comet_api_error`.
   */
  type?: string | null;
  [k: string]: unknown;
}
/**
 * One task in the newer flat form.
 */
export interface FlatTask {
  /**
   * What it cost.
   */
  billing?: Billing[] | null;
  /**
   * When it was created: milliseconds since 1970-01-01T00:00:00Z.
   */
  create_time?: number | null;
  /**
   * The caller's own id.
   */
  external_id?: string | null;
  /**
   * The service's id for it: opaque text, too long for a number.
   */
  id: string;
  /**
   * Why it failed; empty or absent otherwise.
   */
  message?: string | null;
  /**
   * What it made; empty until it succeeds.
   */
  outputs?: Output[] | null;
  /**
   * Where it stands; `succeeded` here is `succeed` elsewhere.
   */
  status: TaskStatus;
  /**
   * When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
   */
  update_time?: number | null;
  [k: string]: unknown;
}
/**
 * Something that a task made, in the newer flat form.
 */
export interface Output {
  /**
   * How long it is, in seconds: a decimal number in a string.
   */
  duration?: string | null;
  /**
   * Its own id.
   */
  id?: string | null;
  /**
   * What it is: `video` for an effect.
   */
  type?: string | null;
  /**
   * Where to download it, without credentials. Signed: keep it secret.
   */
  url?: string | null;
  /**
   * The copy with a watermark; may be empty.
   */
  watermark_url?: string | null;
  [k: string]: unknown;
}
/**
 * The answer to a create and to a query of one task. A refusal has the same form, without a task and with a code other than 0.
 */
export interface TaskEnvelope {
  /**
   * 0 for success. Gateways write `"0"` or `"success"`, and words for errors.
   */
  code: number | string;
  /**
   * The task.
   */
  data?: Task | null;
  /**
   * Free text: `SUCCEED`, `success` or empty on success.
   */
  message?: string | null;
  /**
   * The id to quote to support. Absent on CometAPI's creates.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * The answer to a list of tasks, newest first. It tells no total: a page shorter than asked for is the last one.
 */
export interface TaskListEnvelope {
  /**
   * 0 for success.
   */
  code: number | string;
  /**
   * The tasks of this page.
   */
  data?: Task[] | null;
  /**
   * Free text.
   */
  message?: string | null;
  /**
   * The id to quote to support.
   */
  request_id?: string | null;
  [k: string]: unknown;
}
/**
 * One thing wrong with a request, or worth a warning. Not of the service: what this project's validators report.
 */
export interface Violation {
  /**
   * What is wrong and what to do, as a sentence without its end.
   */
  message: string;
  /**
   * Where: a JSON Pointer (RFC 6901) into the body. What is missing is named by the place where it belongs.
   */
  pointer: string;
  /**
   * Which rule.
   */
  rule: Rule;
  /**
   * Whether the service refuses the request, or only might.
   */
  severity: Severity;
  [k: string]: unknown;
}
