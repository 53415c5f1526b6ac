"""Files of notes on staff's pages: with the ties of their notes, and never of a visit that is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.models import AccessEvent, Account, Note, SensitiveVisit
from core.stores import databases
from core.stores.databases import Store
from tests.attached_files import JPEG, PDF, bring_letters
from tests.integration.staff.conftest import StaffBrowser

Letters = dict[str, Note]


@pytest.fixture
def letters(database: Any, tmp_path: Path, sync_replica: Callable[[], None]) -> Letters:
    """The notes at a visit and at none."""
    bring_letters(tmp_path)
    with databases.read(Store.HOT) as session:
        return {"visit" if note.visit_id else "alone": note for note in session.scalars(select(Note))}


def address(note: Note, number: int = 1, *, patient_id: int | None = None) -> str:
    return f"/patients/{patient_id or note.patient_id}/notes/{note.id}/files/{number}"


def test_pages_name_them_and_a_clinician_downloads_them(clinician: StaffBrowser, letters: Letters) -> None:
    at_visit, alone = letters["visit"], letters["alone"]
    chart = clinician.get(f"/patients/{alone.patient_id}").text
    assert address(alone) in chart
    page = clinician.get(f"/patients/{at_visit.patient_id}/visits/{at_visit.visit_id}").text
    assert address(at_visit, 2) in page
    assert "Download PDF: Letter" in page
    reply = clinician.get(address(at_visit))
    assert (reply.data, reply.headers["Content-Security-Policy"]) == (PDF, "sandbox; default-src 'none'")
    assert clinician.get(address(alone)).data == JPEG
    with databases.read(Store.HOT) as session:
        looks = session.query(AccessEvent).filter_by(action="attachment.downloaded").order_by(AccessEvent.id).all()
        assert [(look.target, look.purpose) for look in looks] == [
            (f"note:{at_visit.id} file:1", "duty cover"), (f"note:{alone.id} file:1", "duty cover"),
        ]  # fmt: skip


def test_not_of_a_visit_that_is_kept_apart(clinician: StaffBrowser, letters: Letters) -> None:
    note = letters["visit"]
    with databases.write() as session:
        session.add(SensitiveVisit(visit_id=note.visit_id, patient_id=note.patient_id, category="MH", set_by=0))
    assert clinician.get(address(note)).status_code == 404
    assert clinician.get(address(letters["alone"])).status_code == 200


def test_not_without_a_tie_and_not_by_another_patients_address(clinician: StaffBrowser, letters: Letters) -> None:
    note = letters["visit"]
    assert clinician.get(address(note, patient_id=note.patient_id + 1)).status_code == 404
    with databases.write() as session:
        session.get_one(Account, clinician.account.id).covers_all = False
    assert clinician.get(address(note)).status_code == 403
