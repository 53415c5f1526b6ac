"""Batches from before contents were sealed are counted, and sealed from now on if asked; a sample says what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, delete

from commands.audit import group
from core.queries import audit_chains
from core.services import batch_sealing
from core.stores import databases
from tests.integration.audit.sealing import (
    ALTERED,
    NOTE,
    Sync,
    as_archiver,
    batch_name,
    erase_now,
    faults,
    kept,
    patients,
    rewrite,
    taken,
    two_patients,
    verdict,
)
from tests.integration.web.conftest import move_to_archive
from tests.tiers import Tiers
from workers import audit_heads as task


@pytest.fixture
def older(kept: Any, sync_replica: Sync, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """As `patients`, by a version that sealed nothing."""
    with monkeypatch.context() as before:
        before.setattr(batch_sealing, "record", lambda *_args, **_values: 0)
        found = two_patients()
        as_archiver(move_to_archive)
    task.keep()
    sync_replica()
    return found


__all__ = ["kept", "patients", "taken"]


def test_what_left_before_contents_were_sealed_is_counted_and_no_fault(older: list[int], sync_replica: Sync) -> None:
    assert faults() == {}
    looked = verdict().looked
    assert (looked.sealed, looked.batches, len(looked.unsealed), looked.unsealed_rows) == (0, 0, 1, 8)
    two_patients()
    as_archiver(move_to_archive)
    sync_replica()
    assert (faults(), verdict().looked.batches, len(verdict().looked.unsealed)) == ({}, 1, 1)


def test_what_left_before_can_be_sealed_from_now_on(older: list[int], taken: Engine, sync_replica: Sync) -> None:
    for batch_id in audit_chains.unsealed():
        with databases.write() as session:
            assert batch_sealing.seal_later(session, batch_id=batch_id) == 8
    task.keep()
    sync_replica()
    assert (faults(), verdict().looked.batches, verdict().looked.unsealed) == ({}, 1, [])
    erase_now(older[0])
    sync_replica()
    assert faults() == {}
    rewrite(taken)
    assert faults() == {batch_name(): ALTERED.format(2)}


def test_nothing_is_sealed_while_the_trail_does_not_hold(patients: list[int], taken: Engine) -> None:
    with taken.begin() as archive:
        archive.execute(delete(NOTE))
    with pytest.raises(audit_chains.Broken, match=r"1 fault\(s\)"):
        audit_chains.unsealed()


def test_only_a_released_batch_is_sealed_later(patients: list[int]) -> None:
    with databases.write() as session, pytest.raises(batch_sealing.NotSealed):
        batch_sealing.seal_later(session, batch_id=10**9)


def test_a_sample_says_of_how_many_it_looked_at(patients: list[int], taken: Engine, sync_replica: Sync) -> None:
    two_patients()
    as_archiver(move_to_archive)
    sync_replica()
    assert replace(verdict(1).looked, rows=0).batches == 1
    assert (verdict(1).looked.sealed, verdict(0).looked.batches, verdict().looked.batches) == (2, 0, 2)
    rewrite(taken)
    assert verdict(0).faults == ()


def test_an_archive_that_is_silent_is_named_and_the_trail_is_verified(patients: list[int], tiers: Tiers) -> None:
    tiers.of["visits"].kill()
    found = verdict()
    assert (found.faults, found.silent, found.looked.batches) == ((), ("visits",), 0)
    assert found.events > 0


def test_the_commands_say_what_was_looked_at(older: list[int], sync_replica: Sync) -> None:
    said = CliRunner().invoke(group, ["verify"], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "looked at all 0 sealed batches, 0 rows" in said.output
    assert "1 batches with 8 rows were archived before contents were sealed" in said.output
    assert "1 batches with 8 rows are sealed from now on" in CliRunner().invoke(group, ["seal"]).output
    task.keep()
    sync_replica()
    told = json.loads(CliRunner().invoke(group, ["verify", "--json"]).stdout)["contents"]
    assert told == {"sealed_batches": 1, "looked_at": 1, "rows": 8, "unsealed_batches": 0, "unsealed_rows": 0}
    assert "looked at 0 of 1 sealed batches" in CliRunner().invoke(group, ["verify", "--sample", "0"]).output
    assert "0 batches with 0 rows are sealed" in CliRunner().invoke(group, ["seal"]).output
