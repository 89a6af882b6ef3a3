"""A client in the standard library alone, right where it costs money.

    kling conformance client --command 'python3 examples/python/client.py'

Copy what is of use; what is wrong in a client is told by `kling conformance
list`, in the checks that begin with client.
"""

import base64
import http.client
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.request
import uuid

KLING = os.environ["KLING_PROVIDER"] == "kling"
EFFECTS = os.environ["KLING_BASE_URL"] + ("" if KLING else "/kling") + "/v1/videos/effects"
KEY = os.environ["KLING_API_KEY" if KLING else "COMETAPI_KEY"]
INTERVAL = float(os.environ["KLING_POLL_INTERVAL"])
TRIES = 4


class Failed(Exception):
    """The job came to an end that is no video."""


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key along."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))


def send(method, url, body=None, key=None):
    """The status, headers and body of an answer; None if there is no whole one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers, refusal.read()
    except (OSError, ValueError, EOFError, http.client.HTTPException):
        return None


def read(body):
    """A body as an object; an empty one if it is something else."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def reason(said):
    error = said.get("error") if isinstance(said.get("error"), dict) else said
    return error.get("message") or "the service gave no reason"


def picture(image):
    """The URL as it is, or the file in base64 without a data: prefix."""
    if "://" in image:
        return image
    with open(image, "rb") as file:
        data = file.read()
    if data.startswith(b"\x89PNG") and min(struct.unpack(">II", data[16:24])) < 300:
        raise Failed(f"{image}: a side has less than 300 pixels, and the task would fail")
    return base64.b64encode(data).decode()


def request(external_id):
    images = [picture(image) for image in os.environ["KLING_IMAGES"].split(" ")]
    chosen = {"image": images[0]} if len(images) == 1 else {"images": images}
    if not KLING:
        chosen["duration"] = "5"  # a text, and wanted by CometAPI only
    return {"effect_scene": os.environ["KLING_SCENE"], "input": chosen, "external_task_id": external_id}


def pause(headers):
    """As long as the service asks for in seconds; else, also for a date, one second."""
    try:
        time.sleep(min(float(headers.get("Retry-After")), 60))
    except (TypeError, ValueError):
        time.sleep(1)


def create(body):
    """The task's id. Never sends a create again that may have been carried out."""
    for _ in range(TRIES):
        answer = send("POST", EFFECTS, body, KEY)
        said = read(answer[2]) if answer else {}
        data = said.get("data")
        if said.get("code") == 0 and isinstance(data, dict) and data.get("task_id"):
            return data["task_id"]
        if said.get("code") == 1302:  # too many requests: certainly nothing was done
            pause(answer[1])
            continue
        refused = said.get("code") or isinstance(said.get("error"), dict)
        # A web page, or nothing, is no refusal: something may have been done.
        if answer is None or answer[0] >= 500 or not refused:
            return look_up(body["external_task_id"])
        raise Failed(reason(said))
    raise Failed("the service is busy")


def look_up(external_id):
    """After an answer that was lost or can't be read: Kling finds a task by its external id, CometAPI may not."""
    answer = send("GET", f"{EFFECTS}/{external_id}", key=KEY) if KLING else None
    data = read(answer[2]).get("data") if answer else None
    if not isinstance(data, dict) or not data.get("task_id"):
        raise Failed(f"the task {external_id} may have been created and charged: there was no answer that can be read")
    return data["task_id"]


def wait(task_id):
    """The video's address. A query that fails is not the end of a paid task."""
    deadline = time.monotonic() + float(os.environ["KLING_TIMEOUT"])
    while time.monotonic() < deadline:
        time.sleep(INTERVAL)
        answer = send("GET", f"{EFFECTS}/{task_id}", key=KEY)
        if answer is None or answer[0] >= 500:
            continue
        if answer[0] == 429:
            pause(answer[1])
            continue
        said = read(answer[2])
        task = said.get("data")
        while isinstance(task, dict) and isinstance(task.get("data"), dict):
            task = task["data"]  # a gateway's own envelope
        if answer[0] >= 400 or not isinstance(task, dict):
            raise Failed(reason(said))
        if task.get("task_status") == "failed":
            raise Failed(task.get("task_status_msg") or "the task failed without a reason")
        if task.get("task_status") in ("succeed", "succeeded"):
            videos = (task.get("task_result") or {}).get("videos") or [{}]
            if not videos[0].get("url"):
                raise Failed("the task succeeded, but made no video")
            return videos[0]["url"]
        # Any other word, known or not, is no end.
    raise Failed(f"the task {task_id} did not end in time; it is still running, and is charged")


def save(url):
    """Fetches the file whole, without the key: results lie on other hosts."""
    output = os.environ["KLING_OUTPUT"]
    for _ in range(TRIES):
        answer = send("GET", url)
        if answer is None:
            continue
        if answer[0] != 200:
            raise Failed(f"the video was refused with HTTP {answer[0]}")
        with open(output + ".part", "wb") as file:
            file.write(answer[2])
        os.replace(output + ".part", output)
        return
    raise Failed("the download broke off again and again")


def main():
    # The line is printed whatever happens: with the ids a paid task is found again.
    result = {"external_task_id": str(uuid.uuid4()), "error": "interrupted"}
    try:
        result["task_id"] = create(request(result["external_task_id"]))
        save(wait(result["task_id"]))
        result["error"] = None
    except Exception as why:
        result["error"] = str(why) or type(why).__name__
    finally:
        print(json.dumps(result))
    return 1 if result["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
