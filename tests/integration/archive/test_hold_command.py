"""`strata archive hold`: a patient's rows stay until the hold is lifted; what can't be done is said."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from commands.archive import group
from core.models import AccessEvent, Patient, RunState, Visit
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import run_to_end

REASON = "court order 12/2026"


def hold(patient_id: int, *options: str) -> Result:
    return CliRunner().invoke(group, ["hold", "--patient", str(patient_id), "--reason", REASON, *options])


def hot_visits(patient_id: int) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(Visit).where(Visit.patient_id == patient_id)) or 0


@pytest.fixture
def patient_id(population: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(Patient.id).order_by(Patient.id)).first() or 0


def test_rows_stay_until_the_hold_is_lifted(patient_id: int) -> None:
    before = hot_visits(patient_id)
    assert hold(patient_id).output == f"patient {patient_id} is under legal hold\n"
    assert run_to_end().state == RunState.DONE
    assert hot_visits(patient_id) == before
    assert hold(patient_id, "--lift").output == f"patient {patient_id} is under no legal hold any more\n"
    run_to_end()
    assert hot_visits(patient_id) < before
    with databases.read(Store.HOT) as session:
        query = select(AccessEvent.action, AccessEvent.purpose).where(AccessEvent.patient_id == patient_id)
        assert [tuple(event) for event in session.execute(query.order_by(AccessEvent.id))] == [
            ("patient.hold", REASON),
            ("patient.hold_lifted", REASON),
        ]


def test_what_can_not_be_done_is_said(patient_id: int) -> None:
    lifted = hold(patient_id, "--lift")
    assert (lifted.exit_code, lifted.stderr) == (1, f"Error: Patient {patient_id} is under no legal hold.\n")
    assert hold(999_999_999).stderr == "Error: There is no patient 999999999.\n"
    hold(patient_id)
    assert "already" in hold(patient_id).stderr
    empty = CliRunner().invoke(group, ["hold", "--patient", str(patient_id), "--reason", " "])
    assert "Say why" in empty.stderr
