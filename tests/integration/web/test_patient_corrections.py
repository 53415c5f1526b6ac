"""What was entered in error is gone from a patient's pages, hot and archived, with a word that it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from core.models import Account, Observation, Patient, utc_now
from core.picture import rebuild
from core.services import corrections
from core.stores import databases
from tests.factories import make_account, make_assay, make_observation, make_prescription, make_visit
from tests.integration.web.conftest import Browser, move_to_archive

WHY = "It is of another patient."


@pytest.fixture
def doctor(patient: Patient) -> Account:
    with databases.write() as session:
        return make_account(session, name="Dr Nair")


@pytest.fixture(params=["hot", "archived"])
def rows(
    request: pytest.FixtureRequest, patient: Patient, sync_replica: Callable[[], None]
) -> tuple[Observation, Observation]:
    """HbA1c 7.7 and, before it, 6.6, each at a visit with a medicine; hot, or both in the archive."""
    with databases.write() as session:
        assay, days = make_assay(session), 2 if request.param == "hot" else 300
        made = []
        for number, value in enumerate(("7.7", "6.6")):
            at = utc_now() - timedelta(days=days + number)
            visit = make_visit(session, patient, started_at=at, description=f"Visit {number}")
            made.append(make_observation(session, visit, assay, value))
            make_prescription(session, patient, visit_id=visit.id, medication=f"Medicine {number}", status="completed")
    rebuild.rebuild_all()
    if request.param == "archived":
        move_to_archive()
    sync_replica()
    return made[0], made[1]


def words(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path)
    assert reply.status_code == status, path
    return " ".join(re.sub("<[^>]+>", " ", reply.text).split())


def take_out(ref: str, patient: Patient, doctor: Account, sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        corrections.mark_error(session, patient_id=patient.id, ref=ref, reason=WHY, by=doctor)
    sync_replica()


def test_a_result_is_gone_and_said_to_be_taken_out(
    signed_in: Browser, patient: Patient, doctor: Account, rows: tuple[Observation, ...],
    sync_replica: Callable[[], None],
) -> None:  # fmt: skip
    assert "7.7" in words(signed_in, "/results")
    take_out(f"observation:{rows[0].id}", patient, doctor, sync_replica)
    for path in ("/results", f"/results/{rows[0].assay_id}", f"/visits/{rows[0].visit_id}"):
        page = words(signed_in, path)
        assert "7.7" not in page, path
        assert WHY not in page, path
    assert "6.6" in words(signed_in, "/results")
    told = "1 result was taken out, because it was written down in error on"
    assert told in words(signed_in, "/results")
    assert told in words(signed_in, f"/visits/{rows[0].visit_id}")
    privacy = words(signed_in, "/privacy")
    assert "Took out an entry that was written down in error" in privacy
    assert f"The reason given: “{WHY}”" in privacy


def test_a_visit_is_gone_with_all_that_was_written_at_it(
    signed_in: Browser, patient: Patient, doctor: Account, rows: tuple[Observation, ...],
    sync_replica: Callable[[], None],
) -> None:  # fmt: skip
    take_out(f"visit:{rows[0].visit_id}", patient, doctor, sync_replica)
    listed = " ".join(words(signed_in, f"/history?kind=visits&year={year}") for year in (2026, 2025))
    assert "Visit 0" not in listed
    assert "Visit 1" in listed
    assert "1 visit was taken out, because it was written down in error on" in listed
    page = words(signed_in, f"/visits/{rows[0].visit_id}", status=410)
    assert "This visit was taken out of your record" in page
    assert "Medicine 0" not in page
    assert "7.7" not in words(signed_in, "/results")
    assert "1 visit" in listed
