"""What the types let a caller write, and what they do not.

mypy --strict refuses an `ignore` that ignores nothing: so each line that has one
is refused without it.
"""

from kling_types import DualImageInput, EffectRequest, SingleImageInput, Task, TaskEnvelope

single: EffectRequest = {
    "effect_scene": "pet_lion_pro",
    "input": {"image": "https://example.com/cat.jpg"},
}

dual: EffectRequest = {
    "effect_scene": "hug_pro",
    "input": {
        "images": ["https://example.com/a.jpg", "https://example.com/b.jpg"],
        "duration": "5",
        "mode": "pro",
    },
    "external_task_id": "order-4711",
}

# Words that nobody knows yet.
later: SingleImageInput = {"image": "https://example.com/cat.jpg", "mode": "ultra"}


def video(envelope: TaskEnvelope) -> str | None:
    task = envelope.get("data")
    if task is None or task.get("task_status") != "succeed":
        return None
    videos = (task.get("task_result") or {}).get("videos") or []
    return videos[0].get("url") if videos else None


def status(task: Task) -> str:
    return task["task_status"]  # type: ignore[return-value]  # may be null


seconds: DualImageInput = {"images": ["a", "b"], "duration": 5}  # type: ignore[typeddict-item]
nothing: EffectRequest = {"input": {"image": "a"}}  # type: ignore[typeddict-item]
none: SingleImageInput = {"duration": "5"}  # type: ignore[typeddict-item]
null: EffectRequest = {"effect_scene": "x", "input": {"image": "a"}, "callback_url": None}  # type: ignore[typeddict-item]
typo: DualImageInput = {"images": ["a", "b"], "moed": "pro"}  # type: ignore[typeddict-unknown-key]
number: Task = {"task_id": 2032273960331935744}  # type: ignore[typeddict-item]
