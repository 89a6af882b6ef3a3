"""The types take every sample, and lose nothing of it.

    python roundtrip.py SAMPLES.json
"""

import json
import sys
import typing

import typing_extensions
from pydantic import TypeAdapter

# pydantic reads this form of the class only, where Python is older than 3.12.
typing.TypedDict = typing_extensions.TypedDict
import kling_types  # noqa: E402

for name in dir(kling_types):
    if typing_extensions.is_typeddict(getattr(kling_types, name)):
        # Members without a name are welcome everywhere.
        setattr(getattr(kling_types, name), "__pydantic_config__", {"extra": "allow"})

with open(sys.argv[1], encoding="utf-8") as file:
    samples = json.load(file)
for sample in samples:
    adapter = TypeAdapter(getattr(kling_types, sample["type"]))
    read = adapter.validate_python(sample["body"], strict=True)
    written = json.loads(adapter.dump_json(read))
    if written != sample["body"]:
        sys.exit(f"{sample['file']}\n  is     {sample['body']}\n  became {written}")

# A type that takes everything would have passed, too.
for sample in samples:
    wrong = {"code": [], "effect_scene": 5, "task_id": 5, "id": 5, "error": 5}
    try:
        TypeAdapter(getattr(kling_types, sample["type"])).validate_python(wrong, strict=True)
    except ValueError:
        continue
    sys.exit(f"{sample['type']} takes anything")
print(f"{len(samples)} samples")
