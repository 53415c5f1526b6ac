"""What is new since one's own last look: results outside their range first, and nobody else's look counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core import audit
from core.models import Patient, SensitiveVisit, utc_now
from core.queries.news import news
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_assay, make_note, make_observation, make_visit
from tests.integration.web.conftest import Browser

HOUR = timedelta(hours=1)


def titles(patient: Patient, reader: int, **options: Any) -> list[str]:
    with databases.read(Store.HOT) as session:
        found = news(session, patient.id, reader=reader, now=utc_now() + 2 * HOUR, **options)
    return [item.title for item in found.items]


def write(patient: Patient, **values: Any) -> int:
    """A visit with a result in its range, one outside it, and a note."""
    with databases.write() as session:
        visit = make_visit(session, patient, description="New review", **values)
        usual = make_assay(session, code="1", short_name="Sodium")
        make_observation(session, visit, usual, "5", interpretation="N")
        make_observation(session, visit, make_assay(session, code="2", short_name="LDL"), "9", interpretation="H")
        make_note(session, visit)
        return visit.id


def test_what_came_since_my_last_look(
    signed_in: Browser, account: Any, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    write(patient, started_at=utc_now() - 40 * 24 * HOUR)
    signed_in.get("/visits")
    assert titles(patient, account.id) == []
    assert titles(patient, account.id + 1) == []
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=utc_now() + HOUR, description="Later visit")
        for code, name, flag in (("3", "Sodium", "N"), ("4", "LDL", "H")):
            assay = make_assay(session, code=code, short_name=name)
            make_observation(session, visit, assay, "9", interpretation=flag)
    assert titles(patient, account.id) == ["LDL", "Sodium", "Later visit"]


def test_a_visit_of_another_day_that_was_written_since_is_new(
    patient: Patient, account: Any, signed_in: Browser, another_browser: Any, database: Any
) -> None:
    signed_in.get("/visits")
    visit_id = write(patient, started_at=utc_now() - 90 * 24 * HOUR)
    with databases.write() as session:
        doctor = make_account(session)
        audit.record(session, "visit.recorded", by=doctor, patient_id=patient.id, target=f"visit:{visit_id}")
    assert titles(patient, account.id) == ["LDL", "Sodium", "New review", "Progress note"]
    with databases.write() as session:
        session.add(SensitiveVisit(visit_id=visit_id, patient_id=patient.id, category="MH", set_by=0))
    assert titles(patient, account.id, hidden_visits=frozenset({visit_id})) == []


def test_without_a_known_look_the_page_says_of_which_days(
    signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    write(patient, started_at=utc_now() - 24 * HOUR)
    sync_replica()
    for path in ("/visits", "/history"):
        text = signed_in.get(path).text
        assert "New in the last 30 days" in text
        assert text.index(">LDL<") < text.index(">Sodium<")
