"""What the client does where an answer is strange, without a service."""

import importlib
import json
import sys

import pytest

PAGE = (200, {}, b"<h1>Welcome</h1>")
FOUND = (200, {}, b'{"code": 0, "data": {"task_id": "878"}}')


@pytest.fixture
def client(monkeypatch, tmp_path):
    job = {
        "KLING_PROVIDER": "kling",
        "KLING_BASE_URL": "http://127.0.0.1:9",
        "KLING_API_KEY": "a key",
        "KLING_SCENE": "color_mixing",
        "KLING_IMAGES": "https://example.com/person.jpg",
        "KLING_OUTPUT": str(tmp_path / "missing" / "video.mp4"),
        "KLING_POLL_INTERVAL": "0",
        "KLING_TIMEOUT": "9",
    }
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    # It reads the environment when it is imported.
    sys.modules.pop("client", None)
    return importlib.import_module("client")


def answers(monkeypatch, client, *given):
    """Each call gets the next of these answers; the methods of the calls."""
    sent, given = [], list(given)

    def send(method, *_, **__):
        sent.append(method)
        return given.pop(0)

    monkeypatch.setattr(client, "send", send)
    return sent


@pytest.mark.parametrize("page", [PAGE, (200, {}, b""), (301, {}, b"<h1>Moved</h1>"), None])
def test_a_create_without_a_readable_answer_is_looked_up(monkeypatch, client, page):
    sent = answers(monkeypatch, client, page, FOUND)
    assert client.create({"external_task_id": "mine"}) == "878"
    assert sent == ["POST", "GET"]


def test_a_create_that_is_not_found_may_have_been_charged(monkeypatch, client):
    answers(monkeypatch, client, PAGE, (400, {}, b'{"code": 1201}'))
    with pytest.raises(client.Failed, match="mine may have been created and charged"):
        client.create({"external_task_id": "mine"})


@pytest.mark.parametrize("refusal", [b'{"code": 1201, "message": "no"}', b'{"error": {"message": "no"}}'])
def test_a_refusal_is_not_looked_up(monkeypatch, client, refusal):
    sent = answers(monkeypatch, client, (400, {}, refusal))
    with pytest.raises(client.Failed, match="^no$"):
        client.create({"external_task_id": "mine"})
    assert sent == ["POST"]


def test_a_video_that_cannot_be_saved_leaves_the_id(monkeypatch, client, capsys):
    ended = {"code": 0, "data": {"task_status": "succeed", "task_result": {"videos": [{"url": "u"}]}}}
    answers(monkeypatch, client, FOUND, (200, {}, json.dumps(ended).encode()), (200, {}, b"video"))
    assert client.main() == 1
    result = json.loads(capsys.readouterr().out)
    assert result["task_id"] == "878"
    assert "missing" in result["error"]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), ("86400", 60), (None, 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1)],
)
def test_a_wait_is_in_seconds_and_has_bounds(monkeypatch, client, header, seconds):
    slept = []

    def sleep(wait):
        slept.append(wait)

    monkeypatch.setattr(client.time, "sleep", sleep)
    client.pause({"Retry-After": header} if header else {})
    assert slept == [seconds]
