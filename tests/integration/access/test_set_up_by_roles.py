"""An admin's set-up code reaches the patient through the database: each portal with its own role, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import make_url, select
from sqlalchemy.exc import DBAPIError

from core import audit
from core.access.sign_in_copies import AccountCopy
from core.audit import Origin
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Account, Credential, Role
from core.services import accounts, set_up_codes
from core.services.staff_accounts import NewAccount, open_account
from core.settings.config import Settings
from core.stores import databases
from tests.factories import make_account, make_patient

NEW = "four words nobody joined before"
PATIENTS = (Role.PATIENT,)


@pytest.fixture(scope="module")
def urls(settings: Settings) -> dict[DatabaseRole, str]:
    """The primary's address with a login of each portal's role."""
    databases.configure(settings)
    return {
        role: archive_readers.as_login(settings.primary_url, f"set_up_{role}", setup.make_login(f"set_up_{role}", role))
        for role in (DatabaseRole.PUBLIC, DatabaseRole.STAFF)
    }


@pytest.fixture
def acting(database: Settings, urls: dict[DatabaseRole, str]) -> Iterator[Callable[[DatabaseRole], None]]:
    """Makes this process one of the role's."""

    def act(role: DatabaseRole) -> None:
        address = make_url(urls[role]).render_as_string(hide_password=False)
        databases.configure(database.model_copy(update={"primary_url": address}))
        audit.origin.set(Origin(role.kind))

    before = audit.origin.set(audit.origin.get())
    yield act
    audit.origin.reset(before)
    databases.configure(database)


def opened(by: Account) -> str:
    """A patient's account that an admin opens; returns its set-up code."""
    patient_id = 1
    new = NewAccount(Role.PATIENT, "tan", "", str(patient_id), born="1961")
    with databases.write() as session:
        return open_account(session, new=new, hours=1, by=AccountCopy.of(by))[1].code


def redeem(code: str) -> None:
    with databases.write() as session:
        account, found = set_up_codes.find(session, username="tan", code=code, roles=PATIENTS)
        set_up_codes.redeem(
            session, account_id=account.id, code_id=found.id, password=NEW, kept_passkeys=(), needs_app=False
        )


def test_staff_make_the_code_and_the_patients_portal_takes_it(database: Settings, acting: Any) -> None:
    with databases.write() as session:
        make_patient(session)
        admin = make_account(session, role=Role.ADMIN)
    acting(DatabaseRole.STAFF)
    code = opened(admin)
    with pytest.raises(DBAPIError):
        redeem(code)
    acting(DatabaseRole.PUBLIC)
    redeem(code)
    with databases.write() as session:
        assert accounts.authenticate(session, username="tan", password=NEW, roles=PATIENTS).name == "Tan Mei Ling"
    acting(DatabaseRole.STAFF)
    with databases.write() as session:
        account = session.scalars(select(Account).where(Account.username == "tan")).one()
        assert list(session.scalars(select(Credential).where(Credential.account_id == account.id))) == []
        again = set_up_codes.make(session, account_id=account.id, hours=1, by=admin, is_for_lost_device=True)
    acting(DatabaseRole.PUBLIC)
    redeem(again.code)


def test_a_member_of_staff_is_set_up_by_the_staff_portal(database: Settings, acting: Any) -> None:
    with databases.write() as session:
        admin = make_account(session, role=Role.ADMIN)
    acting(DatabaseRole.STAFF)
    with databases.write() as session:
        account, made = open_account(
            session, new=NewAccount("auditor", "lim", "Lim"), hours=1, by=AccountCopy.of(admin)
        )
        found = set_up_codes.find(session, username="lim", code=made.code, roles=(Role.AUDITOR,))[1]
        set_up_codes.redeem(
            session, account_id=account.id, code_id=found.id, password=NEW, kept_passkeys=(), needs_app=False
        )
    with databases.write() as session:
        assert accounts.authenticate(session, username="lim", password=NEW, roles=(Role.AUDITOR,)).name == "Lim"
