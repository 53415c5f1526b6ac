"""Access events in both tiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import RowMapping, Select, func, select

from core import audit
from core.audit import Origin
from core.models import AccessEvent, Role
from core.services import archive
from core.stores import archived, databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient
from workers.archive import driver

NOW = datetime(2026, 11, 12, 2, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Trail:
    """Twelve looks at one patient and a refusal at another, one a day, in order; `cold` of them are archived."""

    patient_id: int
    other_id: int
    events: tuple[int, ...]
    cold: int


def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each read of an archive may take from now on, as it is asked; 0 for a page's own limit."""
    asked, waits = archived.fetch, list[float]()

    def fetch(record_type: str, query: Select[Any], *, seconds: float | None = None) -> list[RowMapping]:
        waits.append(seconds or 0)
        return asked(record_type, query, seconds=seconds)

    monkeypatch.setattr(archived, "fetch", fetch)
    return waits


@pytest.fixture
def trail(database: Any, sync_replica: Callable[[], None]) -> Trail:
    """The cold ones have been moved, and the standby knows."""
    with databases.write() as session:
        patient, other = make_patient(session), make_patient(session, name="Other")
        doctor = make_account(session, role=Role.CLINICIAN)
    events = []
    token = audit.origin.set(Origin("staff", "192.0.2.7", "f00d"))
    for days in range(12, -1, -1):
        with databases.write() as session:
            whose, outcome = (other, "deny") if days == 11 else (patient, "allow")
            event = audit.record(session, "chart.viewed", by=doctor, patient_id=whose.id, outcome=outcome,
                                 target=f"patient:{whose.id}", at=NOW - timedelta(days=days))  # fmt: skip
            events.append(event.id)
    audit.origin.reset(token)
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="log", by=None, as_of=NOW).id
    driver.drive(run_id)
    sync_replica()
    with databases.read(Store.HOT) as session:
        hot = session.scalar(select(func.count()).where(AccessEvent.id.in_(events)))
    return Trail(patient.id, other.id, tuple(events), len(events) - (hot or 0))
