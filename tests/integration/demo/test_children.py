import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.demo import children as module
from commands.demo.children import MARK, Children
from core.embedded import processes
from tests.integration.demo.waiting import until

FOREVER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); time.sleep(600)"
KILLED_DEMO = """
import os, signal, sys
from pathlib import Path
from commands.demo.children import Children
children = Children(Path(sys.argv[1]), Path.cwd(), print)
children.start("orphan", [sys.executable, "-c", "import time; time.sleep(600)"], {})
os.kill(os.getpid(), signal.SIGKILL)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def children(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(module, "STOP_SECONDS", 1)
    (tmp_path / "logs").mkdir()
    made = Children(tmp_path, Path.cwd(), said.append)
    yield made
    made.stop()


def running(folder: Path) -> list[processes.Process]:
    return processes.marked(MARK, str(folder))


def test_a_child_that_dies_is_started_again_and_named(children: Children, said: list[str], tmp_path: Path) -> None:
    children.start("worker-1", python(FOREVER), {})
    until(lambda: len(running(tmp_path)) == 1)
    [first] = running(tmp_path)
    first.kill()
    until(lambda: [child.pid for child in running(tmp_path)] not in ([], [first.pid]), meanwhile=children.revive)
    assert said[0].startswith("worker-1 ended with status -9")


def test_pauses_grow_while_a_child_keeps_dying(children: Children, said: list[str]) -> None:
    children.start("broken", python("raise SystemExit(3)"), {})
    until(lambda: len(said) >= 3, meanwhile=children.revive)
    pauses = [child.pause_seconds for child in children.kept]
    assert pauses[0] >= 0.1 * 2**3


def test_stop_ends_what_the_children_started_even_if_it_does_not_listen(children: Children, tmp_path: Path) -> None:
    children.start("parent", python(PARENT), {})
    until(lambda: len(running(tmp_path)) == 2)
    children.stop()
    assert running(tmp_path) == []


def test_a_killed_run_is_cleaned_up_and_nothing_else(children: Children, said: list[str], tmp_path: Path) -> None:
    stranger = subprocess.Popen(python(FOREVER))
    subprocess.run([*python(KILLED_DEMO), str(tmp_path)], check=False)
    assert len(running(tmp_path)) == 1
    children.end_leftovers()
    assert running(tmp_path) == []
    assert said == ["Ending the processes that a killed run left behind"]
    assert stranger.poll() is None
    stranger.send_signal(signal.SIGKILL)
    stranger.wait()


def test_each_child_writes_its_own_log(children: Children) -> None:
    children.start("talker", python("print('hello'); import time; time.sleep(600)"), {})
    until(lambda: children.log_of("talker").read_text() == "hello\n")
