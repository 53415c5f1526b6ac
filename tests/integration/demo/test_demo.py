"""The demo as its user sees it: started, found by other commands, stopped, killed, started again."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from commands.demo.children import MARK
from core.embedded import home, ports, processes
from core.embedded.state import FILE_NAME
from tests.integration.demo.waiting import until

ROOT = Path(__file__).parents[3]
# What is promised of an idle machine, and what a busy one may take.
SECOND_START_SECONDS, STOP_SECONDS = 20, 10
PATIENCE_SECONDS = 150


class Run:
    """One `strata demo` process with its output."""

    def __init__(self, data_dir: Path, options: list[str]) -> None:
        self.data_dir = data_dir
        self.output = Path(tempfile.mkstemp(prefix="output-", dir=data_dir.parent)[1])
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", "demo", "--data-dir", str(data_dir), *options],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_announced(self) -> dict[str, Any]:
        path = self.data_dir / "demo.json"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            content = json.loads(path.read_text()) if path.exists() else {}
            if content.get("pid") == self.process.pid:
                return content
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.05)

    def end(self, number: signal.Signals) -> float:
        """Send a signal; returns the seconds until it had ended."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE_SECONDS)
        return time.monotonic() - begun


@pytest.fixture
def options() -> list[str]:
    return ["--patients", "20", "--public-port", str(ports.pick()), "--staff-port", str(ports.pick())]


@pytest.fixture
def start(options: list[str], tmp_path: Path) -> Iterator[Callable[[], Run]]:
    data_dir = tmp_path / ".strata"
    runs: list[Run] = []

    def start_one() -> Run:
        runs.append(Run(data_dir, options))
        return runs[-1]

    yield start_one
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)
    home.remove(data_dir)


def left_running(data_dir: Path) -> list[str]:
    servers = (data_dir / "servers").resolve()
    below = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(servers))]
    names = []
    for process in [*below, *processes.marked(MARK, str(data_dir))]:
        with suppress(psutil.NoSuchProcess):
            names.append(process.name())
    return names


def strata(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "STRATA_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def assert_no_process_has_an_owners_secret(data_dir: Path) -> None:
    """Of the programs beside the servers, none has in its environment what its own login can't do."""
    owners = json.loads((data_dir / FILE_NAME).read_text())["passwords"].values()
    programs = processes.marked(MARK, str(data_dir))
    assert len(programs) >= 7
    for program in programs:
        held = " ".join(program.environ().values())
        assert not [password for password in owners if password in held], program.cmdline()


def ready(url: str) -> int:
    host, port = url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    connection.request("GET", "/readyz", headers={"Host": host})
    return connection.getresponse().status


@pytest.mark.timeout(400)
def test_the_demo_from_first_start_to_killed_and_cleaned_up(start: Callable[[], Run]) -> None:
    first = start()
    announced = first.wait_until_announced()
    data_dir = first.data_dir
    assert [ready(announced[name]) for name in ("public_url", "staff_url")] == [200, 200]
    roles = [sign_in["role"] for sign_in in announced["sign_ins"]]
    assert roles == ["clinician", "admin", "auditor", "patient", "patient"]

    assert_no_process_has_an_owners_secret(data_dir)
    health = strata(data_dir, "doctor", "--json")
    assert health.returncode == 0, health.stdout + health.stderr

    children = {process.pid for process in processes.marked(MARK, str(data_dir))}
    refused = start()
    assert refused.process.wait(60) == 1
    assert "already running" in refused.output.read_text()
    assert {process.pid for process in processes.marked(MARK, str(data_dir))} == children
    assert ready(announced["public_url"]) == 200

    first.end(signal.SIGINT)
    assert left_running(data_dir) == []
    assert json.loads((data_dir / "demo.json").read_text())["pid"] is None
    assert "is not set" in strata(data_dir, "doctor").stderr

    second = start()
    again = second.wait_until_announced()
    assert again["sign_ins"] == announced["sign_ins"]

    second.end(signal.SIGKILL)
    assert left_running(data_dir)
    third = start()
    third.wait_until_announced()
    assert "that a killed run left behind" in third.output.read_text()
    third.end(signal.SIGTERM)
    assert left_running(data_dir) == []


@pytest.mark.long
@pytest.mark.timeout(400)
def test_an_idle_machine_starts_again_and_stops_within_the_promised_time(start: Callable[[], Run]) -> None:
    first = start()
    first.wait_until_announced()
    assert first.end(signal.SIGINT) < STOP_SECONDS
    begun = time.monotonic()
    second = start()
    second.wait_until_announced()
    assert time.monotonic() - begun < SECOND_START_SECONDS
    assert second.end(signal.SIGTERM) < STOP_SECONDS


def test_ctrl_c_during_the_first_start_leaves_nothing(options: list[str], tmp_path: Path) -> None:
    run = Run(tmp_path / ".strata", options)
    try:
        until(lambda: "Starting PostgreSQL" in run.output.read_text())
        until(lambda: bool(left_running(run.data_dir)))
        run.end(signal.SIGINT)
        assert left_running(run.data_dir) == []
    finally:
        home.remove(run.data_dir)


def test_a_busy_port_is_one_clear_line(options: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        run = Run(tmp_path / ".strata", [*options, "--staff-port", str(port)])
        assert run.process.wait(60) == 1
    assert f"Port {port} is taken by another program. Mend: end that program" in run.output.read_text()
    assert left_running(run.data_dir) == []
