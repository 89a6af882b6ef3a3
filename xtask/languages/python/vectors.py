"""The schema of requests refuses what the vectors say that a schema refuses, and
nothing else. And no text of a form of its own may end in a line end: Python's `$`
matches before one.

    python vectors.py EffectRequest.schema.json requests.json
"""

import json
import sys

from jsonschema import Draft202012Validator


def lengthened(body, fill):
    """The body with a text repeated at the end of a member."""
    *parents, last = fill["pointer"].split("/")[1:]
    place = body
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    last = int(last) if isinstance(place, list) else last
    missing = fill["until"] - len(place[last])
    place[last] += fill["text"] * missing + fill.get("then", "")
    return body


def layer(test, validator):
    try:
        body = json.loads(test["raw"]) if "raw" in test else test["body"]
    except ValueError:
        return "parse"
    if "fill" in test:
        body = lengthened(body, test["fill"])
    return "rules" if validator.is_valid(body) else "schema"


def with_line_ends(body):
    """The body, each time with a line end after one of the texts that have a form."""
    for member in ("effect_scene", "external_task_id"):
        if member in body:
            yield {**body, member: body[member] + "\n"}
    if "duration" in body["input"]:
        duration = body["input"]["duration"] + "\n"
        yield {**body, "input": {**body["input"], "duration": duration}}


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    groups = json.load(file)["groups"]
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
held = wrong = 0
for group in groups:
    for test in group["tests"]:
        if test["result"] == "acceptable":
            continue
        found, told = layer(test, validator), test.get("layer", "rules")
        held += 1
        if found != told:
            wrong += 1
            print(f"{group['id']}/{test['id']}: {found}, not {told}", file=sys.stderr)
        if test["result"] == "valid" and "body" in test:
            for body in with_line_ends(test["body"]):
                if validator.is_valid(body):
                    wrong += 1
                    print(f"{group['id']}/{test['id']}: with a line end", file=sys.stderr)
if wrong or not held:
    sys.exit(f"{wrong} wrong, in {held} vectors of requests")
print(f"{held} vectors of requests")
