"""The offline model over HTTP: OpenAI's protocol, and controls only where they were asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from evals.offline_model.server import OfflineModel

ROOT = Path(__file__).parents[3]


def ask(server: OfflineModel, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    connection.request(method, path, body if isinstance(body, str | None) else json.dumps(body))
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_it_says_that_it_is_rules(model: OfflineModel) -> None:
    assert ask(model, "GET", "/healthz") == (200, {"status": "ok", "model": "strata-offline-rules"})
    status, models = ask(model, "GET", "/v1/models")
    assert (status, [item["id"] for item in models["data"]]) == (200, ["strata-offline-rules"])
    assert ask(model, "GET", "/")[0] == 404


@pytest.mark.parametrize("body", ["{", "[]", "null", {"messages": []}, {"messages": [{"role": "user"}]}])
def test_a_bad_request_is_told_so(model: OfflineModel, body: Any) -> None:
    status, answer = ask(model, "POST", "/v1/chat/completions", body)
    assert status == 400
    assert answer["error"]["message"]


def test_controls_are_off_unless_asked_for(model: OfflineModel) -> None:
    assert ask(model, "POST", "/control", {"misbehave": "empty", "times": 1})[0] == 200
    assert ask(model, "POST", "/control", {"misbehave": "dance"})[0] == 400
    with OfflineModel() as guarded:
        assert ask(guarded, "POST", "/control", {"misbehave": "empty"})[0] == 404
        assert guarded.behaviour.next() == "off"


def test_the_command_serves_and_names_a_taken_port(model: OfflineModel) -> None:
    port = str(urlsplit(model.url).port)
    ended = subprocess.run(
        [sys.executable, "-m", "evals.offline_model", "--port", port],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "Choose another --port" in ended.stderr
    running = subprocess.Popen(
        [sys.executable, "-m", "evals.offline_model"], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    assert "fixed rules, not a language model, at http://127.0.0.1:" in running.stderr.readline()
    running.terminate()
    assert running.wait(60) == 0
