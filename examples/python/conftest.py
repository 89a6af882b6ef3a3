"""A pytest fixture that runs `kling mock`, with the standard library alone.

The program is `kling` on the PATH, or what KLING_BIN says.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request

import pytest


class Mock:
    """A running fake service."""

    def __init__(self, base_url, api_key):
        self.base_url = base_url
        self.api_key = api_key

    def call(self, method, path, body=None):
        """A call to the service: the status and the JSON of the answer."""
        return self._send(method, path, body, {"Authorization": f"Bearer {self.api_key}"})

    def admin(self, method, path, body=None):
        """A call to the mock itself; what goes wrong there fails the test."""
        status, answer = self._send(method, f"/__mock{path}", body, {})
        assert status < 300, answer
        return answer

    def _send(self, method, path, body, headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data, headers, method=method)
        request.add_header("Content-Type", "application/json")
        # Nothing that is meant for this machine goes through a proxy.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")


@pytest.fixture(scope="session")
def running_mock():
    """One process for all tests, on a clock that only they move."""
    program = os.environ.get("KLING_BIN", "kling")
    command = [program, "mock", "--provider", "kling", "--clock", "manual", "--plan", "after(10s, 5m)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            # One line of JSON, when it is ready.
            ready = json.loads(process.stdout.readline())
            yield Mock(ready["base_url"], ready["api_key"])
        finally:
            process.terminate()


@pytest.fixture
def mock(running_mock):
    """The service, as new."""
    running_mock.admin("POST", "/reset")
    return running_mock
