"""Each kind of process does all its work in its own database role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core import audit
from core.install.database_roles import DatabaseRole
from core.jobs import outbox
from core.models import AccessEvent, OutboxMessage, Patient, Role, utc_now
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_account,
)
from tests.integration.access.acting_roles import acting, patient, urls
from tests.integration.access.test_two_portals import closed_addresses, host, make_app, sign_in
from workers import run
from workers.archive import driver
from workers.schedule import SCHEDULE, Entry

__all__ = ["acting", "patient", "urls"]


def test_the_archiver_moves_events(acting: Any, patient: Patient) -> None:
    with databases.write() as session:
        for _ in range(3):
            audit.record(session, "chart.viewed", by=None, patient_id=patient.id, at=NOW - timedelta(days=30))
    acting(DatabaseRole.ARCHIVER)
    with databases.write() as session:
        run_id = archive.start_run(session, record_type="log", by=None, as_of=NOW).id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        run = session.get_one(archive.ArchiveRun, run_id)
        assert (run.state, run.reason) == ("done", None)
        old = select(AccessEvent).where(AccessEvent.at < NOW - timedelta(days=29))
        assert session.scalars(old).all() == []


@pytest.mark.parametrize("record_type", ["visit", "report"])
def test_the_archiver_moves_all_else(acting: Any, patient: Patient, record_type: str) -> None:
    acting(DatabaseRole.ARCHIVER)
    with databases.write() as session:
        run = archive.start_run(session, record_type=record_type, by=None)
        run.cutoff_at = utc_now() + timedelta(days=1)
        run_id = run.id
    driver.drive(run_id)
    with databases.read(Store.HOT) as session:
        run = session.get_one(archive.ArchiveRun, run_id)
        assert (run.state, run.reason) == ("done", None)


# An evaluation is a command of its own, of the settings that the worker has.
HERE = [entry for entry in SCHEDULE if entry.task != "workers.evaluate.evaluate"]


@pytest.mark.parametrize("entry", HERE, ids=lambda entry: entry.name)
def test_each_scheduled_job_is_asked_for_and_done_in_its_roles(acting: Any, patient: Patient, entry: Entry) -> None:
    acting(DatabaseRole.WORKER)
    with databases.write() as session:
        message_id = outbox.add(session, entry.task, **entry.arguments)  # type: ignore[arg-type]
    acting(DatabaseRole.ARCHIVER if entry.queue == "archive" else DatabaseRole.WORKER)
    assert run.perform(message_id) != "done before"
    with databases.read(Store.HOT) as session:
        assert session.get_one(OutboxMessage, message_id).done_at is not None


FORMS = ("csv", "fhir", "pdf")
PORTALS = {"public": (DatabaseRole.PUBLIC, [Role.PATIENT]),
           "staff": (DatabaseRole.STAFF, [Role.CLINICIAN, Role.ADMIN, Role.AUDITOR])}  # fmt: skip


@pytest.mark.parametrize("portal", PORTALS)
def test_each_portal_does_all_its_work_in_its_role(acting: Any, patient: Patient, portal: str) -> None:
    role, people = PORTALS[portal]
    with databases.write() as session:
        own = {"patient_id": patient.id} if portal == "public" else {}
        names = [make_account(session, role=person, **own).username for person in people]
    app = make_app(portal, acting(role))
    for username in names:
        client = sign_in(app, portal, username)
        addresses = [one for form in FORMS for one in closed_addresses(app, patient_id=patient.id, form=form)]
        for method, address in dict.fromkeys(addresses):
            reply = client.open(address, method=method, base_url=host(portal))
            assert reply.status_code < 500, f"{method} {address}: {reply.status_code}"
