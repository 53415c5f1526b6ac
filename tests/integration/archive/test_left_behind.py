"""Archive commands that stop: the run is paused or taken up again, and nobody waits for ever."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result

from commands import interrupts
from commands.archive import following, group
from core.jobs import outbox
from core.models import ArchiveRun, RunState
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import start
from workers.archive import driver


def strata_archive(*arguments: str) -> Result:
    return CliRunner().invoke(group, [*arguments])


def state(run_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(ArchiveRun, run_id).state


@pytest.fixture
def stopped(population: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C comes while the command moves rows, and the driver takes it for a lost connection."""
    drive = driver.drive

    def interrupted(run_id: int) -> None:
        monkeypatch.setattr(driver, "drive", drive)
        with databases.write() as session:
            archive.move(session.get_one(ArchiveRun, run_id), RunState.RUNNING)
        monkeypatch.setattr(interrupts, "asked", True)

    monkeypatch.setattr(interrupts, "asked", False)
    monkeypatch.setattr(driver, "drive", interrupted)


def test_a_run_that_is_stopped_is_paused_and_resume_lets_it_go_on(
    stopped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = strata_archive("run", "--type", "visit")
    assert ended.exit_code != 0
    assert "stands still: `strata archive resume --run 1` lets it go on" in ended.stderr
    assert state(1) == RunState.PAUSED
    monkeypatch.setattr(interrupts, "asked", False)
    assert strata_archive("resume").exit_code == 0
    assert state(1) == RunState.DONE


@pytest.mark.parametrize("words", [("run", "--type", "visit"), ("resume",)])
def test_a_run_that_a_killed_command_left_behind_goes_on(population: Any, words: tuple[str, ...]) -> None:
    run_id = start("visit")
    assert state(run_id) == RunState.PLANNING
    ended = strata_archive(*words)
    assert (ended.exit_code, state(run_id)) == (0, RunState.DONE), ended.output


def test_a_run_that_workers_move_is_waited_for(population: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = start("visit")
    monkeypatch.setattr(outbox, "is_listened_to", lambda _queue: True)
    refused = strata_archive("run", "--type", "visit")
    assert (refused.exit_code, "wait for it" in refused.stderr) == (1, True)
    following.leave(run_id)
    assert state(run_id) == RunState.PLANNING


def test_a_plan_is_not_shown_as_a_run_that_moved(population: Any) -> None:
    shown = strata_archive("plan", "--type", "visit")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("plan (visits): ")
    assert shown.stdout.endswith(" are cold; nothing is moved\n")
