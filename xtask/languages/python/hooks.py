"""For schemathesis: half of the creates name a scene that the service has, and
images that it takes; or no create would ever be accepted. What is wrong on purpose
stays as it is."""

import json
import pathlib

import schemathesis
from jsonschema import Draft202012Validator

SCHEMAS = pathlib.Path(__file__).parents[3] / "docs/schemas/json"
TEXT = (SCHEMAS / "EffectRequest.schema.json").read_text(encoding="utf-8")
REQUEST = Draft202012Validator(json.loads(TEXT))
IMAGE = "https://example.com/photo.jpg"


@schemathesis.hook
def map_body(context, body):
    if len(str(body)) % 2 or not REQUEST.is_valid(body):
        return body
    given = body["input"]
    if "images" in given:
        body["effect_scene"], given["images"] = "hug_pro", [IMAGE, IMAGE]
    else:
        body["effect_scene"], given["image"] = "pet_lion_pro", IMAGE
    given["duration"] = "5"
    return body
