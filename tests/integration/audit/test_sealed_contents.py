"""A row that left for the archive is rewritten by nobody unseen: what its batch held is sealed on the trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select

from core.models import Batch
from core.queries.batch_seals import SEALED, Seals
from core.services import batch_sealing
from core.stores import databases
from core.stores.databases import Store
from tests.integration.audit.sealing import (
    ALTERED,
    LEFT,
    NOTE,
    VISIT,
    Sync,
    as_archiver,
    batch_name,
    erase_now,
    faults,
    kept,
    patients,
    rewrite,
    taken,
    verdict,
)


def test_a_row_that_is_written_anew_with_other_words_is_found(patients: list[int], taken: Engine) -> None:
    rewrite(taken)
    assert faults() == {batch_name(): ALTERED.format(4)}


__all__ = ["kept", "patients", "taken"]


def test_it_is_found_of_each_column(patients: list[int], taken: Engine) -> None:
    rewrite(taken, table=VISIT, patient_id=patients[1], of=patients[0])
    assert faults() == {batch_name(): "visit: its 4 row(s) do not say what was sealed"}


def test_a_row_that_is_added_to_a_batch_is_found(patients: list[int], taken: Engine) -> None:
    with taken.begin() as archive:
        row = archive.execute(select(NOTE).limit(1)).mappings().one()
        archive.execute(insert(NOTE), {**row, "id": 10**9})
    assert faults() == {batch_name(): "note: 5 row(s) are there, and 4 were sealed"}


def test_a_row_under_a_number_that_no_batch_has_is_found(patients: list[int], taken: Engine) -> None:
    with taken.begin() as archive:
        row = archive.execute(select(NOTE).limit(1)).mappings().one()
        archive.execute(insert(NOTE), {**row, "id": 10**9, "batch_id": 0})
    assert faults() == {"batch 0 of visit": "1 row(s) in the archive of a batch that was never released"}


def test_a_batch_that_says_it_was_released_and_is_sealed_by_nobody_is_found(
    patients: list[int], taken: Engine, sync_replica: Sync
) -> None:
    with databases.write() as session:
        values = {c.name: getattr(session.scalars(select(Batch)).one(), c.name) for c in Batch.__table__.columns}
        made = Batch(**{name: value for name, value in values.items() if name != "id"})
        session.add(made)
        session.flush()
        made_id = made.id
    with taken.begin() as archive:
        row = archive.execute(select(NOTE).limit(1)).mappings().one()
        archive.execute(insert(NOTE), {**row, "id": 10**9, "batch_id": made_id})
    sync_replica()
    assert faults() == {f"batch {made_id} of visit": "its 1 row(s) in the archive were never sealed"}


def test_the_archiver_tells_of_a_batch_once(patients: list[int], taken: Engine, sync_replica: Sync) -> None:
    """It has the key of its own kind, so it can add an event: not one that stands for the first."""
    rewrite(taken)
    with databases.write() as session:
        batch = session.scalars(select(Batch)).one()
        as_archiver(lambda: batch_sealing.record(session, batch, _as_it_is(), action=SEALED))
    sync_replica()
    told = [fault.what for fault in verdict().faults]
    assert "its contents were sealed twice, and not alike" in told
    assert ALTERED.format(4) in told


def _as_it_is() -> list[Any]:
    from core.archiving import hashes
    from core.models import Base
    from core.queries.batch_seals import Seal

    with databases.read(Store.VISITS) as archive:
        tables = {"visit": VISIT, "note": NOTE}
        found = {
            name: hashes.of_rows(archive.connection(), Base.metadata.tables[name], 2, select(table.c.id))
            for name, table in tables.items()
        }
    return [Seal(name, one.rows, 2, one.contents) for name, one in found.items()]


def test_a_hash_of_what_left_can_not_be_made_up(patients: list[int], taken: Engine, sync_replica: Sync) -> None:
    """Whoever takes a row away and says that it left must say what it was."""
    erase_now(patients[0])
    sync_replica()
    with taken.begin() as archive:
        row = archive.execute(select(LEFT).where(LEFT.c.table_name == "note").limit(1)).mappings().one()
        archive.execute(delete(LEFT).where(LEFT.c.row_id == row["row_id"], LEFT.c.table_name == "note"))
        archive.execute(insert(LEFT), {**row, "kept": b'{"2": "' + b"00" * 32 + b'"}'})
    assert faults() == {batch_name(): ALTERED.format(2)}


@pytest.mark.parametrize(
    ("target", "purpose"),
    [
        (None, None),
        ("batch:x", f"note, 1 rows, columns 2, contents {'0' * 64}, 1 of 1"),
        ("batch:1", f"account, 1 rows, columns 2, contents {'0' * 64}, 1 of 1"),
        ("batch:1", "note"),
    ],
)
def test_a_seal_in_words_of_nobodys_is_a_fault(target: str | None, purpose: str | None) -> None:
    seals = Seals()
    seals.take(SEALED, target, purpose)
    assert [fault.what for fault in seals.end()] == ["its contents are sealed in words that are none of ours"]


def test_a_seal_that_is_not_whole_is_a_fault() -> None:
    seals = Seals()
    seals.take(SEALED, "batch:1", f"note, 1 rows, columns 2, contents {'0' * 64}, 1 of 2")
    assert [fault.what for fault in seals.end()] == ["1 of 2 seals of its contents are there"]
