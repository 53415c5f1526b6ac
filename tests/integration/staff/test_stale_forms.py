"""What somebody does on a page that others have overtaken: it is refused, and the page shows what is there now."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.models import Observation, Patient, Role
from core.services import care
from core.stores import databases
from tests.factories import PASSWORD
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.reviewing import decide, decide_all, page_of, shown, sign, state
from tests.ready_report import ReadyReport

OTHER_WORDS = "HbA1c was 8.9 % in November 2026."


@pytest.fixture
def colleague(clinician: StaffBrowser, patient: Patient, signed_in: Callable[[Role], StaffBrowser]) -> StaffBrowser:
    """Another clinician of the patient."""
    other = signed_in(Role.CLINICIAN)
    with databases.write() as session:
        care.join(session, patient_id=patient.id, account_id=other.account.id, by=clinician.account)
    return other


def overtaken(clinician: StaffBrowser, colleague: StaffBrowser, ready: ReadyReport, change: str) -> str:
    """What a signer's page showed before a colleague changed the report."""
    decide_all(clinician, ready)
    before = shown(clinician, ready)
    assert before
    if change == "read again":
        with databases.write() as session:
            session.get_one(Observation, ready.observation_id).ref_high = Decimal("6.1")
        assert colleague.post(f"/reports/{ready.id}/refresh", page=page_of(ready)).status_code == 303
    else:
        typed = {"text": OTHER_WORDS} if change == "edited" else {"reason": "Another test."}
        assert decide(colleague, ready, ready.supported_id, change, **typed).status_code == 303
    return before


@pytest.mark.parametrize("change", ["edited", "accepted", "read again"])
def test_nobody_signs_what_a_colleague_changed_since_the_page_was_opened(
    clinician: StaffBrowser, colleague: StaffBrowser, ready: ReadyReport, change: str
) -> None:
    before = overtaken(clinician, colleague, ready, change)
    refused = sign(clinician, ready, shown=before)
    assert refused.status_code == 409
    assert "changed since you opened the page" in refused.text
    assert state(ready.id) == "ready"
    if change == "edited":
        assert OTHER_WORDS in refused.text
    assert f'name="shown" value="{before}"' not in refused.text
    assert sign(clinician, ready).status_code == 303


def test_a_form_that_says_nothing_of_what_was_shown_signs_nothing(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    assert sign(clinician, ready, shown="0" * 64).status_code == 409
    assert clinician.post(f"/reports/{ready.id}/sign", {"password": PASSWORD}, page=page_of(ready)).status_code == 409
    assert state(ready.id) == "ready"
