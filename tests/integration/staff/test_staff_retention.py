"""Legal holds are set and lifted, patients erased, from the page: by number, with a reason, on record."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from core.models import AccessEvent, Erasure, Patient, Visit
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_archive import drive, make_cold_visits, start
from workers.archive import erase as work

PAGE = "/archive/retention"


def hold(admin: StaffBrowser, number: object, **typed: str) -> Any:
    fields = {"hold-patient": str(number), "hold-born": "1961", "hold-reason": "court order 12/2026",
              "hold-sure": str(number), **typed}  # fmt: skip
    return admin.post(f"{PAGE}/hold", fields, page=PAGE)


def erase(admin: StaffBrowser, number: int, **typed: str) -> Any:
    words = {"erase-patient": str(number), "erase-reason": "asked on 3 May", "erase-words": f"erase patient {number}",
             "erase-born": "1961", "erase-sure": str(number)}  # fmt: skip
    return admin.post(f"{PAGE}/erase", {**words, **typed}, page=PAGE)


def purposes(action: str) -> list[str | None]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent.purpose).where(AccessEvent.action == action)))


def hot_visits() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(Visit)) or 0


def test_a_hold_keeps_rows_until_it_is_lifted(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 2)
    assert hold(admin, patient.id).status_code == 303
    page = admin.get(PAGE).text
    for shown in (f"<td>{patient.id}</td>", "court order 12/2026", admin.account.name, f"{PAGE}?lift={patient.id}#"):
        assert shown in page.split('id="held"')[1]
    lifting = admin.get(f"{PAGE}?lift={patient.id}").text
    assert f'name="hold-patient" type="text" value="{patient.id}"' in lifting
    assert re.search(r'<input[^>]*checked[^>]*name="hold-lift"', lifting)
    assert "Tan Mei Ling" not in page
    assert purposes("patient.hold") == ["court order 12/2026"]
    drive(start(admin))
    assert hot_visits() == 2
    assert "under a legal hold" in erase(admin, patient.id).text
    assert hold(admin, patient.id, **{"hold-lift": "y"}).status_code == 303
    drive(start(admin))
    assert hot_visits() == 0
    assert purposes("patient.hold_lifted") == ["court order 12/2026"]


def test_bad_holds_are_named_at_their_fields(admin: StaffBrowser, patient: Patient) -> None:
    for reply, words in (
        (hold(admin, "Tan"), "Write the patient&#39;s number"),
        (hold(admin, 4711), "There is no patient 4711."),
        (hold(admin, patient.id, **{"hold-reason": " "}), "Say why"),
        (hold(admin, patient.id, **{"hold-born": "1962"}), "The year of birth is not that of patient"),
        (hold(admin, patient.id, **{"hold-born": "1962", "hold-sure": ""}), "The year of birth is not that of patient"),
        (hold(admin, patient.id, **{"hold-lift": "y"}), "is under no legal hold"),
    ):
        assert reply.status_code == 422
        assert words in reply.text
    assert purposes("patient.hold") == []


def test_a_patient_is_erased_after_typing_the_words(admin: StaffBrowser, patient: Patient) -> None:
    make_cold_visits(patient, 1)
    for reply, words in (
        (erase(admin, patient.id, **{"erase-words": "yes"}), f"erase patient {patient.id}"),
        (erase(admin, patient.id, **{"erase-reason": ""}), "Say why"),
        (erase(admin, patient.id, **{"erase-born": "1962"}), "The year of birth is not that of patient"),
        (erase(admin, patient.id, **{"erase-born": ""}), "nothing was done"),
        (erase(admin, 4711), "There is no patient 4711"),
    ):
        assert reply.status_code == 422
        assert words in reply.text
    assert hot_visits() == 1
    with databases.read(Store.HOT) as session:
        refused = session.scalars(select(AccessEvent.outcome).where(AccessEvent.action == "patient.erase")).all()
    assert refused == ["deny", "deny"]
    assert "Tan Mei Ling" not in admin.get(PAGE).text
    assert erase(admin, patient.id).status_code == 303
    assert hot_visits() == 0
    assert "to do" in admin.get(PAGE).text
    with databases.read(Store.HOT) as session:
        erasure_id = session.scalar(select(Erasure.id)) or 0
    work.erase(erasure_id)
    assert "to do" not in admin.get(PAGE).text


@pytest.mark.parametrize("act", [hold, erase])
def test_the_name_is_shown_before_anything_is_done(admin: StaffBrowser, patient: Patient, act: Any) -> None:
    make_cold_visits(patient, 1)
    prefix = act.__name__
    for typed in ({f"{prefix}-sure": ""}, {f"{prefix}-sure": "4711"}):
        reply = act(admin, patient.id, **typed)
        assert reply.status_code == 200
        assert "Patient 1 is <b>Tan Mei Ling</b>, born 1961. Nothing is done yet." in reply.text
    assert (purposes("patient.hold"), hot_visits()) == ([], 1)
    assert len(purposes("patient.identified")) == 2
    assert act(admin, patient.id).status_code == 303
