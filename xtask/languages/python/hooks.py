"""For schemathesis: half of the creates name a scene that the service has, and
images that it takes; or no create would ever be accepted."""

import schemathesis

IMAGE = "https://example.com/photo.jpg"


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
        return body
    if len(str(body)) % 2:
        return body
    given = body["input"]
    if "images" in given:
        body["effect_scene"], given["images"] = "hug_pro", [IMAGE, IMAGE]
    else:
        body["effect_scene"], given["image"] = "pet_lion_pro", IMAGE
    given["duration"] = "5"
    return body
