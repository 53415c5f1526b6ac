"""`strata account`: a set-up code for the first admin, and for whoever no admin can help."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import func, select

from commands.account_command import group
from core.access.permissions import STAFF_ROLES
from core.models import AccessEvent, Account, Credential, Passkey, Role, SetUpCode, SignIn, utc_now
from core.services import accounts, set_up_codes
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account

NEW = "four words nobody joined before"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def code_in(result: Result) -> str:
    length = set_up_codes.GROUPS * (set_up_codes.GROUP_LENGTH + 1) - 1
    found = re.search(rf"set-up code ([a-z2-9-]{{{length}}}),", result.output)
    assert found is not None, result.output
    return found[1]


def count(table: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_first_admin_is_added_without_a_password(database: Any) -> None:
    code = code_in(run("add", "Nair", "--role", "admin", "--name", "Nair Devi"))
    assert count(Credential) == 0
    with databases.write() as session:
        account, found = set_up_codes.find(session, username="nair", code=code, roles=STAFF_ROLES)
        assert (account.role, account.name) == (Role.ADMIN, "Nair Devi")
        set_up_codes.redeem(
            session, account_id=account.id, code_id=found.id, password=NEW, kept_passkeys=(), needs_app=False
        )
    with databases.write() as session:
        assert accounts.authenticate(session, username="nair", password=NEW, roles=STAFF_ROLES).username == "nair"


def test_a_patients_account_is_not_added_here(database: Any) -> None:
    assert run("add", "tan", "--name", "Tan Mei Ling", "--role", "patient").exit_code == 2
    assert count(Account) == 0


def test_a_taken_name_is_refused(database: Any) -> None:
    run("add", "nair", "--name", "Nair Devi")
    again = run("add", "nair", "--name", "Nair Devi")
    assert (again.exit_code, "is taken" in again.output) == (1, True)


def test_its_word_before_is_still_understood(database: Any) -> None:
    code_in(run("open", "nair", "--name", "Nair Devi"))
    assert count(Account) == 1


def test_a_new_code_ends_sign_ins_and_what_a_lost_device_opens(database: Any) -> None:
    now = utc_now()
    with databases.write() as session:
        account = make_account(session, role=Role.ADMIN, username="nair")
        session.add(
            SignIn(token_hash="f" * 64, portal="staff", account_id=account.id, data="{}", created_at=now, seen_at=now,
                   expires_at=now + timedelta(hours=1))
        )  # fmt: skip
        session.add(Passkey(account_id=account.id, credential_id="x", public_key="x", sign_count=0, name="Lost"))
    code_in(run("code", "nair"))
    assert (count(SignIn), count(Passkey), count(SetUpCode)) == (0, 1, 1)
    code_in(run("code", "nair", "--lost-device"))
    assert (count(Passkey), count(SetUpCode)) == (0, 1)
    with databases.read(Store.HOT) as session:
        made = select(AccessEvent.purpose).where(AccessEvent.action == "account.set_up_code_made")
        assert list(session.scalars(made.order_by(AccessEvent.id))) == [None, "lost device"]


def test_an_unknown_name_is_said(database: Any) -> None:
    unknown = run("code", "nobody")
    assert (unknown.exit_code, "no account named nobody" in unknown.output) == (1, True)
