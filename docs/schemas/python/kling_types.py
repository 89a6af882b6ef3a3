# Made from docs/schemas/json/bundle.schema.json by `cargo xtask schema --languages`.
# What a type cannot say, such as the form of an id, is in that schema.

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict


class BalanceDeduction(TypedDict):
    """
    Money that a task took from the balance.
    """

    list_price: NotRequired[str | None]
    """
    Before discounts: a decimal number in a string.
    """
    quota: NotRequired[str | None]
    """
    After discounts: a decimal number in a string.
    """


class Billing(TypedDict):
    """
    One charge for a task, in the newer flat form.
    """

    amount: NotRequired[str | None]
    """
    How much: a decimal number in a string.
    """
    cash_type: NotRequired[str | None]
    """
    Of which kind of balance.
    """
    charge_type: NotRequired[str | None]
    """
    In units of a resource pack (`unit`) or in money (`cash`).
    """
    currency: NotRequired[str | None]
    """
    In which currency.
    """
    list_price: NotRequired[str | None]
    """
    Before discounts: a decimal number in a string.
    """
    package_type: NotRequired[str | None]
    """
    Of which kind of pack.
    """


class ErrorEnvelope(TypedDict):
    """
    A refusal in the service's own form. Gateways use it too, with a word as the code, and may quote the service's body as text in `message`.
    """

    code: int | str
    """
    What is wrong: a number of Kling's table, or a gateway's word.
    """
    message: NotRequired[str | None]
    """
    What is wrong, as a sentence.
    """
    request_id: NotRequired[str | None]
    """
    The id to quote to support.
    """


class GatewayError(TypedDict):
    """
    What a gateway says is wrong.
    """

    code: NotRequired[int | str | None]
    """
    The gateway's word for it, such as `invalid_request`; may be empty.
    """
    message: NotRequired[str | None]
    """
    What is wrong, as a sentence that often ends in `(request id: …)`.
    """
    param: NotRequired[str | None]
    """
    The member of the request it is about; may be empty.
    """
    type: NotRequired[str | None]
    """
    Who says so, such as `comet_api_error`.
    """


class GatewayErrorEnvelope(TypedDict):
    """
    A refusal in the form of gateways.
    """

    error: GatewayError
    """
    What is wrong.
    """


class Image(TypedDict):
    """
    A finished image.
    """

    index: NotRequired[int | None]
    """
    Its place in the series, from 0.
    """
    url: NotRequired[str | None]
    """
    Where to download it, without credentials.
    """


ModeKnown: TypeAlias = Literal['std', 'pro']
"""
The words of Mode known so far.
"""


ModelNameKnown: TypeAlias = Literal['kling-v1', 'kling-v1-5', 'kling-v1-6']
"""
The words of ModelName known so far.
"""


class Output(TypedDict):
    """
    Something that a task made, in the newer flat form.
    """

    duration: NotRequired[str | None]
    """
    How long it is, in seconds: a decimal number in a string.
    """
    id: NotRequired[str | None]
    """
    Its own id.
    """
    type: NotRequired[str | None]
    """
    What it is: `video` for an effect.
    """
    url: NotRequired[str | None]
    """
    Where to download it, without credentials. Signed: keep it secret.
    """
    watermark_url: NotRequired[str | None]
    """
    The copy with a watermark; may be empty.
    """


RuleKnown: TypeAlias = Literal['request.type', 'scene.missing', 'scene.type', 'scene.shape', 'scene.unknown', 'scene.retired', 'input.missing', 'input.type', 'image.both', 'model.type', 'model.unknown', 'mode.type', 'mode.unknown', 'image.missing', 'scene.arity', 'scene.arity_dated', 'images.type', 'images.count', 'image.type', 'image.empty', 'image.url', 'image.url_scheme', 'image.url_local', 'image.data_prefix', 'image.whitespace', 'image.url_safe_alphabet', 'image.not_base64', 'image.padding', 'image.format', 'image.damaged', 'image.pixels', 'image.huge', 'image.aspect', 'image.bytes', 'duration.missing', 'duration.type', 'duration.shape', 'duration.unknown', 'callback.type', 'callback.url', 'external_id.type', 'external_id.empty', 'external_id.length', 'external_id.control', 'external_id.dots']
"""
The words of Rule known so far.
"""


Severity: TypeAlias = Literal['error', 'warning']
"""
Whether a violation stops a request.
"""


TaskStatusKnown: TypeAlias = Literal['submitted', 'processing', 'succeed', 'failed']
"""
The words of TaskStatus known so far.
"""


class Video(TypedDict):
    """
    A finished video. The service deletes it 30 days after the task ended.
    """

    duration: NotRequired[str | None]
    """
    How long it is, in seconds: a decimal number in a string.
    """
    id: NotRequired[str | None]
    """
    The video's own id.
    """
    url: NotRequired[str | None]
    """
    Where to download it, without credentials. Signed: keep it secret.
    """
    watermark_url: NotRequired[str | None]
    """
    The copy with a watermark; may be empty.
    """


class WatermarkInfo(TypedDict):
    """
    Whether a watermarked copy was asked for.
    """

    enabled: NotRequired[bool | None]
    """
    True if so.
    """


ErrorBody: TypeAlias = ErrorEnvelope | GatewayErrorEnvelope
"""
The body of a refusal, from the service or from a gateway before it. The HTTP status beside it may be any; the code counts first.
"""


Mode: TypeAlias = ModeKnown | str
"""
The quality of a clip. Old scenes only.
"""


ModelName: TypeAlias = ModelNameKnown | str
"""
The model that makes a clip. Old scenes only.
"""


Rule: TypeAlias = RuleKnown | str
"""
The id of a rule. Ids are never renamed and never used again.
"""


class SingleImageInput(TypedDict):
    """
    The input of a scene that takes one image.
    """

    duration: NotRequired[str]
    """
    The length of the clip in seconds, as a string. CometAPI requires it; Kling documents none since 2026-03.
    """
    image: str
    """
    The image: a public http(s) URL, or the file itself (JPEG or PNG) in standard base64: one line, padded, without a `data:` prefix.
    """
    mode: NotRequired[Mode]
    """
    The quality, where an old scene wants one.
    """
    model_name: NotRequired[ModelName]
    """
    The model, where an old scene wants one.
    """


class TaskInfo(TypedDict):
    """
    What the caller said about a task.
    """

    external_task_id: NotRequired[str | None]
    """
    The caller's own id.
    """
    parent_video: NotRequired[Video | None]
    """
    The video it was made from. In callbacks.
    """


class TaskResult(TypedDict):
    """
    What a task made.
    """

    images: NotRequired[list[Image] | None]
    """
    Images: none for an effect.
    """
    videos: NotRequired[list[Video] | None]
    """
    Videos: one for an effect.
    """


TaskStatus: TypeAlias = TaskStatusKnown | str
"""
Where a task stands. `succeed` and `failed` are final. Gateways have other words and other cases for the same.
"""


class Violation(TypedDict):
    """
    One thing wrong with a request, or worth a warning. Not of the service: what this project's validators report.
    """

    message: str
    """
    What is wrong and what to do, as a sentence without its end.
    """
    pointer: str
    """
    Where: a JSON Pointer (RFC 6901) into the body. What is missing is named by the place where it belongs.
    """
    rule: Rule
    """
    Which rule.
    """
    severity: Severity
    """
    Whether the service refuses the request, or only might.
    """


class DualImageInput(TypedDict):
    """
    The input of a scene that takes two images.
    """

    duration: NotRequired[str]
    """
    The length of the clip in seconds, as a string. CometAPI requires it; Kling documents none since 2026-03.
    """
    images: list[str]
    """
    The images: the first appears on the left, the second on the right.
    """
    mode: NotRequired[Mode]
    """
    The quality, where an old scene wants one.
    """
    model_name: NotRequired[ModelName]
    """
    The model, where an old scene wants one.
    """


EffectInput: TypeAlias = SingleImageInput | DualImageInput
"""
What an effect works on: one image or two.
"""


class EffectRequest(TypedDict):
    """
    The body of `POST /v1/videos/effects`: creates a task. What is not set is left out, never null.
    """

    callback_url: NotRequired[str]
    """
    Where the service posts each change of status: an absolute http(s) URL.
    """
    effect_scene: str
    """
    Which effect. Whether it takes one image or two depends on the scene.
    """
    external_task_id: NotRequired[str]
    """
    The caller's own id, unique per account. On Kling a second create with the same id is refused without a charge, and a query by it finds the task.
    """
    input: EffectInput
    """
    What it works on.
    """


class FlatTask(TypedDict):
    """
    One task in the newer flat form.
    """

    billing: NotRequired[list[Billing] | None]
    """
    What it cost.
    """
    create_time: NotRequired[int | None]
    """
    When it was created: milliseconds since 1970-01-01T00:00:00Z.
    """
    external_id: NotRequired[str | None]
    """
    The caller's own id.
    """
    id: str
    """
    The service's id for it: opaque text, too long for a number.
    """
    message: NotRequired[str | None]
    """
    Why it failed; empty or absent otherwise.
    """
    outputs: NotRequired[list[Output] | None]
    """
    What it made; empty until it succeeds.
    """
    status: TaskStatus
    """
    Where it stands; `succeeded` here is `succeed` elsewhere.
    """
    update_time: NotRequired[int | None]
    """
    When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
    """


class Task(TypedDict):
    """
    One task, as a create, a query, a list and a callback show it.
    """

    created_at: NotRequired[int | None]
    """
    When it was created: milliseconds since 1970-01-01T00:00:00Z.
    """
    final_balance_deduction: NotRequired[BalanceDeduction | None]
    """
    Money taken from the balance.
    """
    final_unit_deduction: NotRequired[str | None]
    """
    Units taken from a resource pack: a decimal number in a string.
    """
    task_id: str
    """
    The service's id for it: opaque text, too long for a number.
    """
    task_info: NotRequired[TaskInfo | None]
    """
    What the caller said about it.
    """
    task_result: NotRequired[TaskResult | None]
    """
    What it made; empty or absent until it succeeds.
    """
    task_status: NotRequired[TaskStatus | None]
    """
    Where it stands. Absent where a gateway puts its own record around the task: then `status` has its word, and `data` the task.
    """
    task_status_msg: NotRequired[str | None]
    """
    Why it failed; empty or absent otherwise. A failed task is an HTTP 200 with code 0: this text is the only reason there is.
    """
    updated_at: NotRequired[int | None]
    """
    When its status changed last: milliseconds since 1970-01-01T00:00:00Z.
    """
    watermark_info: NotRequired[WatermarkInfo | None]
    """
    Whether a watermarked copy was asked for. Absent in lists.
    """


class TaskEnvelope(TypedDict):
    """
    The answer to a create and to a query of one task. A refusal has the same form, without a task and with a code other than 0.
    """

    code: int | str
    """
    0 for success. Gateways write `"0"` or `"success"`, and words for errors.
    """
    data: NotRequired[Task | None]
    """
    The task.
    """
    message: NotRequired[str | None]
    """
    Free text: `SUCCEED`, `success` or empty on success.
    """
    request_id: NotRequired[str | None]
    """
    The id to quote to support. Absent on CometAPI's creates.
    """


class TaskListEnvelope(TypedDict):
    """
    The answer to a list of tasks, newest first. It tells no total: a page shorter than asked for is the last one.
    """

    code: int | str
    """
    0 for success.
    """
    data: NotRequired[list[Task] | None]
    """
    The tasks of this page.
    """
    message: NotRequired[str | None]
    """
    Free text.
    """
    request_id: NotRequired[str | None]
    """
    The id to quote to support.
    """


class CallbackEnvelope(TypedDict):
    """
    One task in an envelope, as a query answers it. Nobody has published a callback of this form; receivers had better take it.
    """

    code: NotRequired[int | str | None]
    """
    0 for success.
    """
    data: Task
    """
    The task.
    """
    message: NotRequired[str | None]
    """
    Free text.
    """
    request_id: NotRequired[str | None]
    """
    The id to quote to support.
    """


TaskCallback: TypeAlias = Task | FlatTask | CallbackEnvelope
"""
What is posted to `callback_url` when a task changes: the task alone, the newer flat form of it, or the task in an envelope.
"""


class KlingEffects(TypedDict):
    """
    Every type by its name.
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
