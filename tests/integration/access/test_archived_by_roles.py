"""What was signed and archived is read by each portal with its own role, and its signature still holds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.install.database_roles import DatabaseRole
from core.models import Patient, Report, ReportState, Role, utc_now
from core.models.record_types import ARCHIVE_METADATA
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account
from tests.integration.access.acting_roles import acting, patient, urls  # noqa: F401 - fixtures
from tests.integration.access.test_two_portals import host, make_app, sign_in
from workers.archive import driver

PAGES = {
    "public": (DatabaseRole.PUBLIC, Role.PATIENT, "/reports/{}"),
    "staff": (DatabaseRole.STAFF, Role.CLINICIAN, "/reports/{}/review"),
}
BROKEN = re.compile("has changed since it was signed|is no longer what was signed|can not prove this signature")


@pytest.mark.parametrize("is_altered", [False, True], ids=["as signed", "altered"])
@pytest.mark.parametrize("portal", PAGES)
def test_an_archived_signed_report_opens_and_is_proved(
    database: Any,
    acting: Any,  # noqa: F811
    patient: Patient,  # noqa: F811
    portal: str,
    is_altered: bool,
) -> None:
    role, person, address = PAGES[portal]
    with databases.write() as session:
        report_id = session.scalars(select(Report.id).where(Report.state == ReportState.SIGNED)).one()
        own = {"patient_id": patient.id} if person is Role.PATIENT else {}
        username = make_account(session, role=person, **own).username
    acting(DatabaseRole.ARCHIVER)
    with databases.write() as session:
        run = archive.start_run(session, record_type="report", by=None)
        run.cutoff_at = utc_now() + timedelta(days=1)
        run_id = run.id
    driver.drive(run_id)
    if is_altered:
        # By the archive's owner: no process changes a row there.
        databases.configure(database)
        claim = ARCHIVE_METADATA["reports"].tables["claim"]
        with databases.current().engine(Store("reports"), read_only=False).begin() as reports:
            reports.execute(update(claim).where(claim.c.report_id == report_id).values(text="All well."))
    app = make_app(portal, acting(role))
    with databases.read(Store.REPLICA) as session:
        assert session.scalars(select(Report.id).where(Report.id == report_id)).all() == []
    reply = sign_in(app, portal, username).get(address.format(report_id), base_url=host(portal))
    assert reply.status_code == 200
    assert "Signed" in reply.text
    assert bool(BROKEN.search(reply.text)) == is_altered
