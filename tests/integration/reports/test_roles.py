"""A report is asked for and signed as the staff portal's role, and made as the worker's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import make_url

from core import audit
from core.audit import Origin
from core.install import setup
from core.install.database_roles import DatabaseRole
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from tests.factories import PASSWORD
from tests.report_records import Record, view
from workers.reports import jobs

Act = Callable[[DatabaseRole], None]


@pytest.fixture
def acting(
    configured: Callable[..., Settings], sync_replica: Callable[[], None]
) -> Iterator[Callable[[DatabaseRole], None]]:
    """Makes this process one of the role's, on the primary and the replica."""
    settings = configured()
    logins = {role: (f"maker_{role.kind}", setup.make_login(f"maker_{role.kind}", role)) for role in DatabaseRole}

    def login(address: str, role: DatabaseRole) -> str:
        name, password = logins[role]
        return make_url(address).set(username=name, password=password).render_as_string(hide_password=False)

    def act(role: DatabaseRole) -> None:
        sync_replica()
        audit.origin.set(Origin(role.kind))
        configured(primary_url=login(settings.primary_url, role), replica_url=login(settings.replica_url, role))

    before = audit.origin.set(audit.origin.get())
    yield act
    audit.origin.reset(before)
    configured()


def test_a_report_is_made_by_each_role_in_turn(record: Record, acting: Act) -> None:
    acting(DatabaseRole.STAFF)
    with databases.write() as session:
        report_id = reports.request(session, patient_id=record.patient_id, by=record.doctor).id
    acting(DatabaseRole.WORKER)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    acting(DatabaseRole.STAFF)
    with databases.write() as session:
        for claim in (claim for claim in view(report_id).claims if claim.flagged):
            reports.decide_claim(
                session, report_id=report_id, claim_id=claim.id, decision="rejected", reason="No.", by=record.doctor
            )
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD)
    acting(DatabaseRole.STAFF)
    signed = view(report_id).signature
    assert signed is not None
    assert (signed.holds, signed.is_keyed) == (True, True)
    with databases.write() as session:
        reports.withdraw(session, report_id=report_id, reason="Superseded.", by=record.doctor)
