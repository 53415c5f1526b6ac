"""Events that wait on disk: joined once, found if altered, safe when a line is torn (G9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.audit import Decision, spool
from core.stores import databases
from tests.audit_events import chain_faults as faults


@pytest.fixture
def file(database: Any) -> Path:
    """The spool file of this thread, with three events."""
    for number in range(3):
        spool.append(Decision("record.read", None, patient_id=7, target=f"patient:{number}"))
    return next(Path(database.spool_dir).glob("command-spool-*.jsonl"))


def drained() -> int:
    with databases.write() as session:
        return spool.drain(session)


def test_events_are_joined_once_and_the_file_goes_after_the_commit(file: Path) -> None:
    with databases.write() as session:
        assert spool.drain(session) == 3
        session.rollback()
    assert file.exists()
    assert drained() == 3
    assert file.exists()
    assert drained() == 0
    assert not file.exists()
    assert faults(file.stem) == []


def test_a_chain_goes_on_after_its_file_has_gone(file: Path) -> None:
    assert (drained(), drained()) == (3, 0)
    spool.append(Decision("record.read", None, patient_id=7))
    assert drained() == 1
    assert faults(file.stem) == []


def test_an_altered_event_is_found(file: Path) -> None:
    file.write_text(file.read_text().replace("patient:1", "patient:9"))
    drained()
    assert [fault.what for fault in faults(file.stem)] == ["was altered"]


def test_a_removed_event_is_found(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0] + lines[2])
    drained()
    assert faults(file.stem) != []


def test_a_torn_last_line_loses_nothing_else(file: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"at": "2026-')
    assert drained() == 3
    assert faults(file.stem) == []
