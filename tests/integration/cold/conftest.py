"""A patient with hot and archived visits, and a way to the archive that a test can break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import make_url

from core.models import Assay, Patient
from core.models.record_types import ARCHIVE_METADATA
from core.services import archive
from core.stores import archived, databases, replica_watch
from core.stores.databases import Store
from core.stores.outage import primary
from tests.factories import NOW, make_assay, make_note, make_observation, make_patient, make_prescription, make_visit
from tests.tcp_proxy import TcpProxy
from workers.archive import driver

VISITS, DAYS_APART = 12, 40


@dataclass(frozen=True)
class Record:
    """A patient, the assay of each visit's result, and the visits, newest first."""

    patient_id: int
    assay_id: int
    visits: tuple[int, ...]


@pytest.fixture
def record(database: Any) -> Record:
    """Twelve visits, one every 40 days: four or five are hot as of NOW."""
    primary.answered()
    replica_watch.forget()
    for breaker in archived.breakers.values():
        breaker.answered()
    with databases.write() as session:
        patient, assay = make_patient(session), make_assay(session)
        return Record(patient.id, assay.id, tuple(_visit(session, patient, assay, n) for n in range(VISITS)))


def _visit(session: Any, patient: Patient, assay: Assay, number: int) -> int:
    visit = make_visit(session, patient, started_at=NOW - timedelta(days=DAYS_APART * number))
    make_note(session, visit)
    make_observation(session, visit, assay)
    make_prescription(session, patient, visit_id=visit.id, status="completed")
    return visit.id


@pytest.fixture
def archived_record(record: Record, sync_replica: Callable[[], None]) -> Record:
    """What is cold has been moved, and the standby knows."""
    driver.drive(begin_move())
    sync_replica()
    return record


def begin_move(**values: Any) -> int:
    with databases.write() as session:
        return archive.start_run(session, record_type="visit", by=None, as_of=NOW, **values).id


@pytest.fixture
def way(archived_record: Record, sync_replica: Callable[[], None]) -> Iterator[TcpProxy]:
    """The linked tables' way to the archive of visits."""
    url = databases.current().settings.archive_visits_url
    with TcpProxy(make_url(url).port or 0) as proxy:
        _link(proxy.url(url))
        sync_replica()
        yield proxy
        _link(url)
        sync_replica()


def _link(url: str) -> None:
    servers = databases.current()
    with servers.engine(Store.HOT, read_only=False).begin() as connection:
        servers.adapter.links.link(connection, "visits", url, list(ARCHIVE_METADATA["visits"].tables.values()))
