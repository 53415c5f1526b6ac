"""An archived batch that is sealed, and whoever has taken the archiver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, delete, func, insert, select

from core import audit
from core.audit import Origin
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Batch, BatchKind
from core.models.record_types import ARCHIVE_METADATA, DEPARTED
from core.queries import audit_chains
from core.queries.audit_chains import Extent
from core.services import erasure
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_note, make_patient, make_visit
from tests.integration.web.conftest import move_to_archive
from workers import audit_heads as task
from workers.archive import erase

VISIT, NOTE = (ARCHIVE_METADATA["visits"].tables[name] for name in ("visit", "note"))
LEFT = ARCHIVE_METADATA["visits"].tables[DEPARTED]
ALTERED = "note: its {} row(s) do not say what was sealed"

Sync = Callable[[], None]


def as_archiver(act: Callable[[], Any]) -> Any:
    token = audit.origin.set(Origin("archiver"))
    try:
        return act()
    finally:
        audit.origin.reset(token)


@pytest.fixture
def kept(database: Any, tmp_path: Path) -> Any:
    """Heads are kept in a folder; copies of restored rows go at once."""
    changed = {"audit_heads_url": tmp_path.as_uri(), "restored_grace_seconds": 0.0}
    return databases.configure(database.model_copy(update=changed)).settings


def two_patients() -> list[int]:
    with databases.write() as session:
        made = [make_patient(session), make_patient(session, name="Other")]
        for patient in made:
            for days in (700, 600):
                make_note(session, make_visit(session, patient, started_at=NOW - timedelta(days=days)))
        return [patient.id for patient in made]


@pytest.fixture
def patients(kept: Any, sync_replica: Sync) -> list[int]:
    """Two patients' visits, two each, with a note each, in one archived batch; heads were kept since."""
    found = two_patients()
    as_archiver(move_to_archive)
    task.keep()
    sync_replica()
    assert faults() == {}
    return found


@pytest.fixture
def taken(kept: Any) -> Engine:
    """The archive of visits, for whoever has taken the archiver."""
    name = "taken_archiver_of_visits"
    password = setup.make_login("taken_archiver", DatabaseRole.ARCHIVER)
    setup.make_archive_login("visits", name, DatabaseRole.ARCHIVER, password)
    return create_engine(archive_readers.as_login(kept.archive_visits_url, name, password))


def verdict(sample: int | None = None) -> audit_chains.Verdict:
    return audit_chains.verify(Extent(sample))


def faults() -> dict[str, str]:
    return {fault.writer: fault.what for fault in verdict().faults}


def rewrite(taken: Engine, *, of: int | None = None, table: Any = NOTE, **values: Any) -> None:
    """A row is taken away and written anew, under its batch, with other words."""
    values = values or {"text": "Feels worse."}
    with taken.begin() as archive:
        query = select(table).order_by(table.c.id).limit(1)
        row = archive.execute(query if of is None else query.where(table.c.patient_id == of)).mappings().one()
        archive.execute(delete(table).where(table.c.id == row["id"]))
        archive.execute(insert(table), {**row, **values})


def batch_name() -> str:
    with databases.read(Store.HOT) as session:
        batch_id = session.scalars(select(Batch.id).where(Batch.kind == BatchKind.ROOTS)).first()
    return f"batch {batch_id} of visit"


def rows_left() -> int:
    with databases.read(Store.VISITS) as archive:
        return archive.scalar(select(func.count()).select_from(LEFT)) or 0


def erase_now(patient_id: int) -> None:
    with databases.write() as session:
        erased = erasure.erase_patient(session, patient_id=patient_id, reason="asked", by=None).id
    as_archiver(lambda: erase.erase(erased))
