"""How a program in Python is tested against the fake service."""

import urllib.error

import pytest

EFFECTS = "/v1/videos/effects"
REQUEST = {
    "effect_scene": "hug_pro",
    "input": {
        "images": ["https://example.com/left.jpg", "https://example.com/right.jpg"],
        "duration": "5",
    },
    "external_task_id": "order-1",
}


def test_a_task_from_its_creation_to_its_video(mock):
    status, created = mock.call("POST", EFFECTS, REQUEST)
    assert (status, created["code"]) == (200, 0)
    task_id = created["data"]["task_id"]

    seen = []
    for step in ["0s", "10s", "5m"]:
        mock.admin("POST", "/clock", {"advance": step})
        _, answer = mock.call("GET", f"{EFFECTS}/{task_id}")
        seen.append(answer["data"]["task_status"])
    assert seen == ["submitted", "processing", "succeed"]
    assert answer["data"]["task_result"]["videos"][0]["url"].startswith(mock.base_url)


def test_a_lost_answer_is_paid_once(mock):
    # Carried out and billed; then the connection is reset.
    mock.admin("POST", "/faults", {"fault": "create#1@after:reset"})
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        mock.call("POST", EFFECTS, REQUEST)

    # What a careful program does: look for its own id, and adopt the task.
    status, found = mock.call("GET", f"{EFFECTS}/order-1")
    assert status == 200
    # What a careless one does is refused, as the id is taken.
    status, again = mock.call("POST", EFFECTS, REQUEST)
    assert (status, again["code"]) == (400, 1201)

    charges = mock.admin("GET", "/charges")["charges"]
    assert [charge["task_id"] for charge in charges] == [found["data"]["task_id"]]
    assert mock.admin("GET", "/ledger")["total"] == "1"
    mock.admin("POST", "/verify", {"charged_once": ["order-1"]})


def test_five_minutes_take_no_time(mock):
    mock.call("POST", EFFECTS, REQUEST)
    before = mock.admin("GET", "/clock")["now"]
    moved = mock.admin("POST", "/clock", {"until_idle": "1h"})
    assert moved["idle"]
    assert moved["now"] - before == 310_000
    assert mock.admin("GET", "/tasks")["tasks"][0]["status"] == "succeed"
