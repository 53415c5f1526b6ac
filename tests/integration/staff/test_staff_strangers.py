"""People outside a clinician's care: little is shown of them, each showing is on the trail, and there is a bound."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from core import audit
from core.audit import Origin
from core.install.database_roles import DatabaseRole
from core.models import AccessEvent, Account, Patient, Role
from core.queries import alert_measures, audit_outliers, own_changes, strangers
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_patient
from tests.integration.staff.conftest import StaffBrowser
from workers.outliers import count

HIDDEN = ("Female", "14 Mar 1961", "S••••567D")


@pytest.fixture
def stranger(clinician: StaffBrowser) -> StaffBrowser:
    """A clinician who is tied to nobody."""
    with databases.write() as session:
        session.get_one(Account, clinician.account.id).covers_all = False
    return clinician


@pytest.fixture
def at_most(app: Any) -> Callable[[int], None]:
    def bound(people: int) -> None:
        servers = databases.current()
        servers.settings = servers.settings.model_copy(update={"strangers_per_hour": people})

    return bound


def looks(*actions: str) -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        query = select(AccessEvent).where(AccessEvent.action.in_(actions), AccessEvent.outcome == "allow")
        return list(session.scalars(query.order_by(AccessEvent.id)))


def test_a_search_shows_little_of_them_and_lists_them_on_the_trail(stranger: StaffBrowser, patient: Patient) -> None:
    page = stranger.get("/patients?q=tan").text.partition("<tbody>")[2]
    assert ("Tan Mei Ling" in page, "1961" in page, "not in your care" in page) == (True, True, True)
    assert [text for text in HIDDEN if text in page] == []
    [event] = looks(strangers.SEARCHED)
    assert (event.target, event.purpose) == ("search:name", f"outside care {patient.id}")


def test_of_those_in_care_all_is_shown_and_they_are_on_the_trail_too(clinician: StaffBrowser, patient: Patient) -> None:
    page = clinician.get("/patients?q=tan").text.partition("<tbody>")[2]
    assert [text for text in HIDDEN if text not in page] == []
    assert [event.purpose for event in looks(strangers.SEARCHED)] == [f"in care {patient.id}"]


@pytest.mark.parametrize("place", ["", "/break-glass", "/history"])
def test_a_closed_record_shows_little_and_leaves_an_event(
    stranger: StaffBrowser, patient: Patient, auditor: StaffBrowser, place: str
) -> None:
    page = stranger.get(f"/patients/{patient.id}{place}").text
    assert ("Tan Mei Ling" in page, "1961" in page) == (True, True)
    assert [text for text in HIDDEN if text in page] == []
    [event] = looks(strangers.IDENTIFIED)
    assert (event.patient_id, event.account_id) == (patient.id, stranger.account.id)
    assert "patient.identified" in auditor.get(f"/audit?patient={patient.id}").text


@pytest.mark.parametrize("words", ["outside care nobody", f"outside care {' '.join(map(str, range(9_000, 9_060)))}"])
def test_what_the_patients_portal_says_of_a_clinician_counts_for_nothing(
    stranger: StaffBrowser, patient: Patient, at_most: Callable[[int], None], words: str
) -> None:
    at_most(50)
    token = audit.origin.set(Origin(DatabaseRole.PUBLIC.kind))
    with databases.write() as session:
        audit.record(session, strangers.SEARCHED, by=stranger.account, target="search:name", purpose=words)
        audit.record(session, "account.password_set", by=stranger.account)
    audit.origin.reset(token)
    assert "Tan Mei Ling" in stranger.get("/patients?q=tan").text
    with databases.read(Store.HOT) as session:
        assert strangers.shown_to(session, stranger.account.id) == {patient.id}
        assert own_changes.to_tell(session, stranger.account.id, None) == []
        changes = [one.what for one in own_changes.history(session, stranger.account.id)]
    assert own_changes.CHANGES["account.password_set"] not in changes


def test_beyond_the_bound_no_name_is_shown_but_the_glass_can_be_broken(
    stranger: StaffBrowser, patient: Patient, at_most: Callable[[int], None]
) -> None:
    with databases.write() as session:
        others = [make_patient(session, name=f"Tan Ah {n}", birth_on=date(1970, 1, 1)) for n in range(4)]
    at_most(3)
    page = stranger.get("/patients?q=tan").text
    assert (page.count("not in your care"), "2 persons not shown" in page or "2 people not shown" in page) == (3, True)
    assert "Tan Mei Ling" not in page
    again = stranger.get("/patients?q=tan").text
    assert again.count("not in your care") == 3
    closed = stranger.get(f"/patients/{patient.id}").text
    assert ("Tan Mei Ling" in closed, f"Patient {patient.id} is not in your care" in closed) == (False, True)
    assert "Tan Ah 0" in stranger.get(f"/patients/{others[0].id}").text
    chart = f"/patients/{patient.id}"
    reply = stranger.post(f"{chart}/break-glass", {"reason": "Collapsed in the waiting room"}, page=chart)
    assert reply.status_code == 303
    assert "Tan Mei Ling" in stranger.get(f"/patients/{patient.id}").text


def test_the_auditor_and_an_alert_are_told_who_looks_up_many(
    stranger: StaffBrowser, patient: Patient, auditor: StaffBrowser, signed_in: Callable[[Role], StaffBrowser],
    sync_replica: Callable[[], None],
) -> None:  # fmt: skip
    with databases.write() as session:
        for number in range(24):
            make_patient(session, name=f"Tan Ah {number}")
    stranger.get("/patients?q=tan")
    signed_in(Role.CLINICIAN).get("/patients?q=tan")
    sync_replica()
    count()
    with databases.read(Store.HOT) as session:
        [line] = audit_outliers.outliers(session).looks.strangers
        measured = alert_measures.strangers_shown(session, looks(strangers.SEARCHED)[0].at)
    assert (line.account_id, line.records) == (stranger.account.id, 25)
    assert measured is not None
    assert measured.value == 25
    assert stranger.account.name in auditor.get("/audit/outliers").text


def test_very_long_numbers_are_all_on_the_trail() -> None:
    ids = [2**62 + number for number in range(25)]
    told = list(strangers.purposes(ids[:5], ids[5:]))
    assert all(len(purpose) <= 400 for purpose in told)
    listed = {int(word) for purpose in told for word in purpose.split() if word.isdigit()}
    assert listed == set(ids)
    assert len(list(strangers.purposes([1, 2], [3]))) == 1
