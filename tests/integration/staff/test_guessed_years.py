"""A patient's year of birth is not found by trying: each wrong one is on record, and tries become slow."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from core.models import AccessEvent, Patient
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_patient
from tests.integration.staff.conftest import StaffBrowser

Form = tuple[str, str, dict[str, str]]


def hold(number: int, born: str) -> Form:
    return "/archive/retention/hold", "/archive/retention", {
        "hold-patient": str(number), "hold-born": born, "hold-reason": "court order",
    }  # fmt: skip


def erase(number: int, born: str) -> Form:
    return "/archive/retention/erase", "/archive/retention", {
        "erase-patient": str(number), "erase-born": born, "erase-reason": "asked",
        "erase-words": f"erase patient {number}",
    }  # fmt: skip


def restore(number: int, born: str) -> Form:
    return "/archive/restore", "/archive/restore", {"patient": str(number), "born": born, "type": "visit"}


def account(number: int, born: str) -> Form:
    typed = {"role": "patient", "username": "tan", "patient_id": str(number), "born": born}
    return "/accounts/new", "/accounts/new", typed


SURE = {hold: "hold-sure", erase: "erase-sure", restore: "sure", account: "sure"}


def refusals() -> list[tuple[int | None, int | None]]:
    query = select(AccessEvent.patient_id, AccessEvent.account_id).where(
        AccessEvent.action == "patient.identified", AccessEvent.outcome == "deny"
    )
    with databases.read(Store.HOT) as session:
        return [(row.patient_id, row.account_id) for row in session.execute(query)]


@pytest.mark.parametrize("form", list(SURE))
def test_each_wrong_year_is_on_record_and_tries_become_slow(
    admin: StaffBrowser, patient: Patient, form: Callable[[int, str], Form]
) -> None:
    with databases.write() as session:
        known = make_patient(session, name="Lim")
        born = str(known.birth_on.year) if known.birth_on else "unknown"
    for tries in range(5):
        for confirmed in ({}, {SURE[form]: str(patient.id)}):
            path, page, typed = form(patient.id, str(1900 + tries))
            assert admin.post(path, {**typed, **confirmed}, page=page).status_code == 422
        # The right year of somebody else frees nobody.
        path, page, typed = form(known.id, born)
        assert admin.post(path, typed, page=page).status_code == 200
    assert refusals() == [(patient.id, admin.account.id)] * 10
    path, page, typed = form(patient.id, "1905")
    assert admin.post(path, typed, page=page).status_code == 422
    slowed = admin.post(path, typed, page=page)
    assert (slowed.status_code, "Retry-After" in slowed.headers) == (429, True)
    assert admin.post(path, {**typed, SURE[form]: str(patient.id)}, page=page).status_code == 429
