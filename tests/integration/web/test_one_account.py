"""A patient has one account; what another did in the patient's name is not shown as the patient's."""

from __future__ import annotations

import html
from typing import Any

import pytest

import staff_app
from core import audit
from core.access.sign_in_copies import AccountCopy
from core.models import Account, Patient, Role
from core.services.accounts import AccountFault, create_account, set_active
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.integration.web.conftest import Browser
from tests.integration.web.test_set_up_codes import password, staff_browser


def test_a_patient_has_one_account_by_whichever_way(patient: Patient, account: AccountCopy) -> None:
    about: dict[str, Any] = {"role": Role.PATIENT, "name": "Tan Mei Ling", "patient_id": patient.id}
    with databases.write() as session, pytest.raises(AccountFault, match="has an account already"):
        create_account(session, username="second", password=PASSWORD, **about)
    with databases.write() as session:
        set_active(session, account_id=account.id, active=False)
    with databases.write() as session, pytest.raises(AccountFault, match="has an account already"):
        create_account(session, username="second", password=None, **about)
    with databases.write() as session:
        # As an older version let an admin do.
        session.add(Account(username="second", **about))
        session.flush()
        with pytest.raises(AccountFault, match="another account that is open"):
            set_active(session, account_id=account.id, active=True)


def test_the_admins_page_says_why_a_second_account_is_not_opened(
    database: Any, patient: Patient, account: AccountCopy
) -> None:
    app = staff_app.create_app(database)
    app.testing = False
    admin = staff_browser(app)
    assert password(admin).status_code == 303
    with databases.write() as session:
        second = Account(username="second", role=Role.PATIENT, name="x", patient_id=patient.id, active=False)
        session.add(second)
        session.flush()
        second_id = second.id
    admin.post(f"/accounts/{second_id}/open", page="/accounts/new")
    assert "has another account that is open" in admin.get("/accounts").text
    with databases.read(Store.HOT) as session:
        assert not session.get_one(Account, second_id).active


def test_a_look_by_another_account_of_a_patient_is_not_the_patients(
    signed_in: Browser, patient: Patient, account: AccountCopy
) -> None:
    with databases.write() as session:
        second = Account(username="second", role=Role.PATIENT, name="Somebody", patient_id=patient.id, active=False)
        session.add(second)
        session.flush()
        for by in (AccountCopy.of(second), account):
            audit.record(session, "record.read", by=by, patient_id=patient.id)
    page = html.unescape(signed_in.get("/privacy").text)
    assert "Somebody" in page
    assert "Another account in your name" in page
    assert "You<" not in page
    assert "You<" in signed_in.get("/privacy?own=1").text
