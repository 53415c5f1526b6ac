"""What is new since one's own last look: results outside their range first, and nobody else's look counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from core.models import AccessEvent, LastLook, Patient, SensitiveVisit, VisitTie, utc_now
from core.picture import rebuild
from core.queries.news import news
from core.services import last_looks
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_assay, make_note, make_observation, make_visit
from tests.integration.web.conftest import Browser, move_to_archive

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
    signed_in.get("/history")
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
    signed_in.get("/history")
    visit_id = write(patient, started_at=utc_now() - 90 * 24 * HOUR)
    with databases.write() as session:
        doctor = make_account(session)
        session.add(VisitTie(visit_id=visit_id, patient_id=patient.id, account_id=doctor.id, tie="duty cover"))
    assert titles(patient, account.id) == ["LDL", "Sodium", "New review", "Progress note"]
    with databases.write() as session:
        session.add(SensitiveVisit(visit_id=visit_id, patient_id=patient.id, category="MH", set_by=0))
    assert titles(patient, account.id, hidden_visits=frozenset({visit_id})) == []


def test_without_a_known_look_the_page_says_of_which_days(
    signed_in: Browser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    write(patient, started_at=utc_now() - 24 * HOUR)
    sync_replica()
    text = signed_in.get("/history").text
    assert "New in the last 30 days" in text
    assert text.index(">LDL<") < text.index(">Sodium<")
    assert not re.search(r'</a><span class="quiet small">', text), "a title runs into its day"


def test_a_look_of_long_ago_is_still_known_and_what_was_archived_since_is_told(
    signed_in: Browser, account: Any, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    long_ago = utc_now() - 700 * 24 * HOUR
    with databases.write() as session:
        session.add(LastLook(account_id=account.id, patient_id=patient.id, looked_at=long_ago))
    write(patient, started_at=utc_now() - 300 * 24 * HOUR)
    rebuild.rebuild_all()
    assert titles(patient, account.id) == ["LDL", "Sodium", "New review", "Progress note"]
    move_to_archive()
    sync_replica()
    assert titles(patient, account.id) == ["LDL", "Sodium"]
    text = signed_in.get("/history").text
    assert "New since you last looked" in text
    assert "were archived in the meantime: the history has all of them" in text
    # The page itself is a look; the one before it counts until this sitting is over.
    with databases.read(Store.HOT) as session:
        kept = session.get_one(LastLook, (account.id, patient.id))
    assert kept.before_at == long_ago
    assert "New since you last looked" in signed_in.get("/history").text


def test_a_look_outlives_its_event(signed_in: Browser, account: Any, patient: Patient) -> None:
    signed_in.get("/history")
    with databases.write() as session:
        session.execute(delete(AccessEvent))
    assert titles(patient, account.id) == []
    with databases.read(Store.HOT) as session:
        found = news(session, patient.id, reader=account.id, now=utc_now() + 2 * HOUR)
    assert found.is_look


def test_looks_of_one_sitting_are_one(database: Any, account: Any, patient: Patient) -> None:
    began = utc_now() - 100 * HOUR
    at = [began, began + HOUR / 4, began + HOUR / 2, began + 9 * HOUR, began + 9.1 * HOUR]
    with databases.write() as session:
        for now in at:
            last_looks.note(session, account_id=account.id, patient_id=patient.id, now=now)
    with databases.read(Store.HOT) as session:
        kept = session.get_one(LastLook, (account.id, patient.id))
    assert (kept.before_at, kept.looked_at) == (at[2], at[4])
