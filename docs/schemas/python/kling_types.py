# Generated from docs/schemas/json/bundle.schema.json by `cargo xtask schema --languages`.
# That schema also has the constraints that types cannot express, such as the format of ids.

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict


class BalanceDeduction(TypedDict):
    """
    The amount that was deducted from the balance for a task.
    """

    list_price: NotRequired[str | None]
    """
    The amount before discounts: a decimal number in a string.
    """
    quota: NotRequired[str | None]
    """
    The amount after discounts: a decimal number in a string.
    """


class Billing(TypedDict):
    """
    A charge for a task, in the newer flat form.
    """

    amount: NotRequired[str | None]
    """
    The amount: a decimal number in a string.
    """
    cash_type: NotRequired[str | None]
    """
    The kind of balance.
    """
    charge_type: NotRequired[str | None]
    """
    What was charged: units of a resource pack (`unit`), or money (`cash`).
    """
    currency: NotRequired[str | None]
    """
    The currency.
    """
    list_price: NotRequired[str | None]
    """
    The amount before discounts: a decimal number in a string.
    """
    package_type: NotRequired[str | None]
    """
    The kind of resource pack.
    """


class ErrorEnvelope(TypedDict):
    """
    An error in the service's form. Gateways use it too, with a word as the code, and may quote the service's body as text in `message`.
    """

    code: int | str
    """
    The error code: a number of Kling's table, or a gateway's word.
    """
    message: NotRequired[str | None]
    """
    The error message.
    """
    request_id: NotRequired[str | None]
    """
    The request id, to be quoted to support.
    """


class GatewayError(TypedDict):
    """
    A gateway's description of an error.
    """

    code: NotRequired[int | str | None]
    """
    The gateway's error code, such as `invalid_request`; may be empty.
    """
    message: NotRequired[str | None]
    """
    The error message, which often ends in `(request id: …)`.
    """
    param: NotRequired[str | None]
    """
    The member of the request that caused the error; may be empty.
    """
    type: NotRequired[str | None]
    """
    The type of the error, such as `comet_api_error`.
    """


class GatewayErrorEnvelope(TypedDict):
    """
    An error in the form of gateways.
    """

    error: GatewayError
    """
    The error.
    """


class Image(TypedDict):
    """
    A generated image.
    """

    index: NotRequired[int | None]
    """
    The position in the series, starting at 0.
    """
    url: NotRequired[str | None]
    """
    The download URL, which needs no credentials.
    """


ModeKnown: TypeAlias = Literal['std', 'pro']
"""
The known values of Mode.
"""


ModelNameKnown: TypeAlias = Literal['kling-v1', 'kling-v1-5', 'kling-v1-6']
"""
The known values of ModelName.
"""


class Output(TypedDict):
    """
    A result of a task, in the newer flat form.
    """

    duration: NotRequired[str | None]
    """
    The duration in seconds: a decimal number in a string.
    """
    id: NotRequired[str | None]
    """
    The id of the result.
    """
    type: NotRequired[str | None]
    """
    The kind of result: `video` for an effect.
    """
    url: NotRequired[str | None]
    """
    The download URL, which needs no credentials. It is signed, so keep it secret.
    """
    watermark_url: NotRequired[str | None]
    """
    The URL of the watermarked copy; may be empty.
    """


RuleKnown: TypeAlias = Literal['request.type', 'scene.missing', 'scene.type', 'scene.shape', 'scene.unknown', 'scene.retired', 'input.missing', 'input.type', 'image.both', 'model.type', 'model.unknown', 'mode.type', 'mode.unknown', 'image.missing', 'scene.arity', 'scene.arity_dated', 'images.type', 'images.count', 'image.type', 'image.empty', 'image.url', 'image.url_scheme', 'image.url_local', 'image.data_prefix', 'image.whitespace', 'image.url_safe_alphabet', 'image.not_base64', 'image.padding', 'image.format', 'image.damaged', 'image.pixels', 'image.huge', 'image.aspect', 'image.bytes', 'duration.missing', 'duration.type', 'duration.shape', 'duration.unknown', 'callback.type', 'callback.url', 'external_id.type', 'external_id.empty', 'external_id.length', 'external_id.control', 'external_id.dots']
"""
The known values of Rule.
"""


Severity: TypeAlias = Literal['error', 'warning']
"""
Whether a violation prevents the request.
"""


TaskStatusKnown: TypeAlias = Literal['submitted', 'processing', 'succeed', 'failed']
"""
The known values of TaskStatus.
"""


class Video(TypedDict):
    """
    A generated video. The service deletes it 30 days after the task ended.
    """

    duration: NotRequired[str | None]
    """
    The duration in seconds: a decimal number in a string.
    """
    id: NotRequired[str | None]
    """
    The id of the video.
    """
    url: NotRequired[str | None]
    """
    The download URL, which needs no credentials. It is signed, so keep it secret.
    """
    watermark_url: NotRequired[str | None]
    """
    The URL of the watermarked copy; may be empty.
    """


class WatermarkInfo(TypedDict):
    """
    Whether a watermarked copy was requested.
    """

    enabled: NotRequired[bool | None]
    """
    True if a watermarked copy was requested.
    """


ErrorBody: TypeAlias = ErrorEnvelope | GatewayErrorEnvelope
"""
The body of an error, from the service or from a gateway. The HTTP status may be any; the code takes precedence.
"""


Mode: TypeAlias = ModeKnown | str
"""
The quality of a video. Only for old scenes.
"""


ModelName: TypeAlias = ModelNameKnown | str
"""
The model that generates a video. Only for old scenes.
"""


Rule: TypeAlias = RuleKnown | str
"""
The id of a rule. Ids are never renamed or reused.
"""


class SingleImageInput(TypedDict):
    """
    The input of a scene that takes one image.
    """

    duration: NotRequired[str]
    """
    The duration of the video in seconds, as a string. CometAPI requires it; Kling has not documented it since 2026-03.
    """
    image: str
    """
    The image: a public http(s) URL, or the file itself (JPEG or PNG) as standard base64, padded, on one line and without a `data:` prefix.
    """
    mode: NotRequired[Mode]
    """
    The quality, for old scenes that require one.
    """
    model_name: NotRequired[ModelName]
    """
    The model, for old scenes that require one.
    """


class TaskInfo(TypedDict):
    """
    Information about a task that the caller supplied.
    """

    external_task_id: NotRequired[str | None]
    """
    The caller's id of the task.
    """
    parent_video: NotRequired[Video | None]
    """
    The source video. Only in callbacks.
    """


class TaskResult(TypedDict):
    """
    The result of a task.
    """

    images: NotRequired[list[Image] | None]
    """
    The images: none for an effect.
    """
    videos: NotRequired[list[Video] | None]
    """
    The videos: one for an effect.
    """


TaskStatus: TypeAlias = TaskStatusKnown | str
"""
The status of a task. `succeed` and `failed` are terminal. Gateways may use other words and other letter case.
"""


class Violation(TypedDict):
    """
    An error or a warning about a request, as reported by this project's validators rather than by the service.
    """

    message: str
    """
    What is wrong and how to fix it, without a full stop at the end.
    """
    pointer: str
    """
    The place, as a JSON Pointer (RFC 6901) into the body. For a missing member, the place where it belongs.
    """
    rule: Rule
    """
    The rule that is violated.
    """
    severity: Severity
    """
    Whether the service refuses the request (error), or might refuse it (warning).
    """


class DualImageInput(TypedDict):
    """
    The input of a scene that takes two images.
    """

    duration: NotRequired[str]
    """
    The duration of the video in seconds, as a string. CometAPI requires it; Kling has not documented it since 2026-03.
    """
    images: list[str]
    """
    The images: the first appears on the left, the second on the right.
    """
    mode: NotRequired[Mode]
    """
    The quality, for old scenes that require one.
    """
    model_name: NotRequired[ModelName]
    """
    The model, for old scenes that require one.
    """


EffectInput: TypeAlias = SingleImageInput | DualImageInput
"""
The input of an effect: one image or two.
"""


class EffectRequest(TypedDict):
    """
    The body of `POST /v1/videos/effects`, which creates a task. Unset members are omitted, never null.
    """

    callback_url: NotRequired[str]
    """
    The absolute http(s) URL to which the service posts each status change.
    """
    effect_scene: str
    """
    The effect. The scene determines whether it takes one image or two.
    """
    external_task_id: NotRequired[str]
    """
    The caller's id of the task, unique per account. On Kling, a second create with the same id is refused without a charge, and the task can be queried by it.
    """
    input: EffectInput
    """
    The input of the effect.
    """


class FlatTask(TypedDict):
    """
    A task in the newer flat form.
    """

    billing: NotRequired[list[Billing] | None]
    """
    The charges.
    """
    create_time: NotRequired[int | None]
    """
    The creation time, in milliseconds since 1970-01-01T00:00:00Z.
    """
    external_id: NotRequired[str | None]
    """
    The caller's id of the task.
    """
    id: str
    """
    The service's id of the task: an opaque string, too long for a number.
    """
    message: NotRequired[str | None]
    """
    The reason for a failure; otherwise empty or absent.
    """
    outputs: NotRequired[list[Output] | None]
    """
    The results; empty until the task succeeds.
    """
    status: TaskStatus
    """
    The status; `succeeded` corresponds to `succeed` in the other form.
    """
    update_time: NotRequired[int | None]
    """
    The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
    """


class Task(TypedDict):
    """
    A task, as in the responses to creates, queries and lists, and in callbacks.
    """

    created_at: NotRequired[int | None]
    """
    The creation time, in milliseconds since 1970-01-01T00:00:00Z.
    """
    final_balance_deduction: NotRequired[BalanceDeduction | None]
    """
    The amount deducted from the balance.
    """
    final_unit_deduction: NotRequired[str | None]
    """
    The units deducted from a resource pack: a decimal number in a string.
    """
    task_id: str
    """
    The service's id of the task: an opaque string, too long for a number.
    """
    task_info: NotRequired[TaskInfo | None]
    """
    Information that the caller supplied.
    """
    task_result: NotRequired[TaskResult | None]
    """
    The result; empty or absent until the task succeeds.
    """
    task_status: NotRequired[TaskStatus | None]
    """
    The status. Absent if a gateway wraps the task in a record of its own, which has its status in `status` and the task in `data`.
    """
    task_status_msg: NotRequired[str | None]
    """
    The reason for a failure; otherwise empty or absent. The response for a failed task has HTTP status 200 and code 0, so only this member has the reason.
    """
    updated_at: NotRequired[int | None]
    """
    The time of the last status change, in milliseconds since 1970-01-01T00:00:00Z.
    """
    watermark_info: NotRequired[WatermarkInfo | None]
    """
    Whether a watermarked copy was requested. Absent in lists.
    """


class TaskEnvelope(TypedDict):
    """
    The response to a create and to a query for one task. An error has the same form, with a code other than 0 and without a task.
    """

    code: int | str
    """
    0 on success. Gateways may send `"0"` or `"success"`, and words for errors.
    """
    data: NotRequired[Task | None]
    """
    The task.
    """
    message: NotRequired[str | None]
    """
    A message: `SUCCEED`, `success` or empty on success.
    """
    request_id: NotRequired[str | None]
    """
    The request id, to be quoted to support. Absent in CometAPI's responses to creates.
    """


class TaskListEnvelope(TypedDict):
    """
    The response to a list of tasks, newest first. It has no total: a page with fewer tasks than requested is the last one.
    """

    code: int | str
    """
    0 on success.
    """
    data: NotRequired[list[Task] | None]
    """
    The tasks of this page.
    """
    message: NotRequired[str | None]
    """
    A message.
    """
    request_id: NotRequired[str | None]
    """
    The request id, to be quoted to support.
    """


class CallbackEnvelope(TypedDict):
    """
    A task in an envelope, as in the response to a query. This form of callback is not documented, but receivers should accept it.
    """

    code: NotRequired[int | str | None]
    """
    0 on success.
    """
    data: Task
    """
    The task.
    """
    message: NotRequired[str | None]
    """
    A message.
    """
    request_id: NotRequired[str | None]
    """
    The request id, to be quoted to support.
    """


TaskCallback: TypeAlias = Task | FlatTask | CallbackEnvelope
"""
The body that is posted to `callback_url` when a task changes: the task itself, its newer flat form, or the task in an envelope.
"""


class KlingEffects(TypedDict):
    """
    All types, by name.
    """

    BalanceDeduction: BalanceDeduction
    Billing: Billing
    CallbackEnvelope: CallbackEnvelope
    DualImageInput: DualImageInput
    EffectInput: EffectInput
    EffectRequest: EffectRequest
    ErrorBody: ErrorBody
    ErrorEnvelope: ErrorEnvelope
    FlatTask: FlatTask
    GatewayError: GatewayError
    GatewayErrorEnvelope: GatewayErrorEnvelope
    Image: Image
    Mode: Mode
    ModeKnown: ModeKnown
    ModelName: ModelName
    ModelNameKnown: ModelNameKnown
    Output: Output
    Rule: Rule
    RuleKnown: RuleKnown
    Severity: Severity
    SingleImageInput: SingleImageInput
    Task: Task
    TaskCallback: TaskCallback
    TaskEnvelope: TaskEnvelope
    TaskInfo: TaskInfo
    TaskListEnvelope: TaskListEnvelope
    TaskResult: TaskResult
    TaskStatus: TaskStatus
    TaskStatusKnown: TaskStatusKnown
    Video: Video
    Violation: Violation
    WatermarkInfo: WatermarkInfo
