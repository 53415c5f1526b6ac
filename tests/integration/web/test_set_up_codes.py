"""Set-up codes: by one an account gets its password and its second factor, once, for a while, and by nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

import staff_app
from core.access.sign_in_copies import AccountCopy
from core.models import Account, Credential, Passkey, RecoveryCode, Role, SetUpCode, utc_now
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_account
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import Browser, events
from tests.integration.web.test_second_factor import code_of, give, set_up

NEW = "four words nobody joined before"
SHOWN = re.compile(r'<p class="secret">([^<]+)</p>')
FORM = {"role": "admin", "username": "nair", "name": "Nair Devi", "patient_id": ""}


@pytest.fixture
def offered(database: Any) -> Any:
    """The staff portal where they are only offered."""
    app = staff_app.create_app(database)
    app.testing = False
    return app


@pytest.fixture
def admin(offered: Any) -> StaffBrowser:
    """An admin has signed in."""
    browser = staff_browser(offered)
    assert password(browser).status_code == 303
    return browser


def staff_browser(app: Any) -> StaffBrowser:
    with databases.write() as session:
        account = AccountCopy.of(make_account(session, role=Role.ADMIN))
    return StaffBrowser(app.test_client(), account)


def password(browser: Any, typed: str = PASSWORD) -> Any:
    return browser.post("/sign-in?next=/accounts", {"username": browser.account.username, "password": typed})


def shown(reply: Any) -> str:
    found = SHOWN.search(reply.text)
    assert found is not None, reply.text
    return found[1]


def open_account(admin: StaffBrowser, **values: str) -> str:
    return shown(admin.post("/accounts/new", {**FORM, **values}, page="/accounts/new"))


def make_code(admin: StaffBrowser, account: Any, **values: str) -> str:
    return shown(admin.post(f"/accounts/{account.id}/set-up-code", values, page="/accounts/new"))


def bring(browser: Any, code: str, username: str = "nair") -> Any:
    place = "/sign-in/set-up-code"
    return browser.post(place, {"username": username, "set_up_code": code}, page=place)


def choose(browser: Any, typed: str = NEW, **keep: Any) -> Any:
    place = "/sign-in/new-password"
    return browser.post(place, {"new": typed, "again": typed, **keep}, page=place)


def newcomer(app: Any, username: str = "nair") -> StaffBrowser:
    return StaffBrowser(app.test_client(), AccountCopy(0, username, Role.ADMIN, "", True, None, None))


def count(table: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_new_account_has_no_password_until_its_person_chooses_one(admin: StaffBrowser, offered: Any) -> None:
    code = open_account(admin)
    assert code not in admin.get("/accounts").text
    assert "set-up code until" in admin.get("/accounts").text
    browser = newcomer(offered)
    assert password(browser, code).status_code == 422
    assert bring(browser, code.upper().replace("-", " ")).headers["Location"] == "/sign-in/new-password"
    assert choose(browser).headers["Location"] == "/"
    assert browser.get("/accounts").status_code == 200
    assert password(newcomer(offered), NEW).status_code == 303
    assert count(SetUpCode) == 0
    assert [event.actor_name for event in events("account.set_up")] == ["Nair Devi"]


def test_a_code_is_good_once_and_not_for_another_account(admin: StaffBrowser, offered: Any) -> None:
    code = open_account(admin)
    open_account(admin, username="lim")
    first, second = newcomer(offered), newcomer(offered)
    assert bring(first, code, "lim").status_code == 422
    assert bring(first, "x").status_code == 422
    assert len(events("account.set_up_code_refused")) == 2
    for browser in (first, second):
        assert bring(browser, code).status_code == 303
    assert choose(first).status_code == 303
    assert choose(second, "another four words together").headers["Location"] == "/sign-in"
    assert bring(newcomer(offered), code).status_code == 422
    assert password(newcomer(offered), NEW).status_code == 303


def test_a_code_expires(admin: StaffBrowser, offered: Any, database: Any) -> None:
    code = open_account(admin)
    with databases.read(Store.HOT) as session:
        row = session.scalars(select(SetUpCode)).one()
        assert row.expires_at - row.made_at - timedelta(hours=database.set_up_code_hours) < timedelta(seconds=5)
        assert code not in row.code_hash
    browser = newcomer(offered)
    assert bring(browser, code).status_code == 303
    with databases.write() as session:
        session.execute(update(SetUpCode).values(expires_at=utc_now()))
    assert choose(browser).headers["Location"] == "/sign-in"
    assert bring(newcomer(offered), code).status_code == 422


def test_a_newer_code_voids_the_older(admin: StaffBrowser, offered: Any) -> None:
    old = open_account(admin)
    with databases.read(Store.HOT) as session:
        account = session.scalars(select(Account).where(Account.username == "nair")).one()
    new = make_code(admin, account)
    assert bring(newcomer(offered), old).status_code == 422
    assert bring(newcomer(offered), new).status_code == 303


def test_guessing_set_up_codes_slows_down(admin: StaffBrowser, offered: Any) -> None:
    code, browser = open_account(admin), newcomer(offered)
    assert [bring(browser, "wrong").status_code for _ in range(6)] == [422] * 5 + [429]
    assert bring(newcomer(offered), code).status_code == 429


def test_a_weak_password_is_refused_and_the_code_stays_good(admin: StaffBrowser, offered: Any) -> None:
    code, browser = open_account(admin), newcomer(offered)
    bring(browser, code)
    assert choose(browser, "short").status_code == 422
    assert choose(browser).status_code == 303


def test_a_forgotten_password_ends_all_and_asks_which_passkeys_stay(
    admin: StaffBrowser, signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    with databases.write() as session:
        made = [
            Passkey(account_id=account.id, credential_id=name, public_key="x", sign_count=0, name=name)
            for name in ("My phone", "An old laptop", "A key")
        ]
        session.add_all(made)
        session.flush()
        ids = [passkey.id for passkey in made]
    code = make_code(admin, account)
    assert signed_in.get("/history").status_code == 303
    browser = another_browser()
    bring(browser, code, account.username)
    page = browser.get("/sign-in/new-password").text
    assert "An old laptop" in page
    assert "checked" not in page
    assert choose(browser, keep=str(ids[0])).status_code == 303
    assert browser.get("/history").status_code == 200
    with databases.read(Store.HOT) as session:
        assert list(session.scalars(select(Passkey.id))) == [ids[0]]
    assert len(events("account.passkey_removed")) == 2
    assert another_browser().sign_in(account).status_code == 422
    seen = html.unescape(browser.get("/privacy").text)
    assert "Made a code for a new password of your account" in seen
    assert "Chose a new password by a code" in seen


def test_a_forgotten_password_leaves_the_authenticator(
    admin: StaffBrowser, signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    secret, _ = set_up(signed_in)
    browser = another_browser()
    bring(browser, make_code(admin, account), account.username)
    assert choose(browser).headers["Location"] == "/sign-in/code"
    assert browser.get("/history").status_code == 303
    assert give(browser, code_of(secret)).status_code == 303
    assert browser.get("/history").status_code == 200


def test_a_lost_device_is_worth_nothing(
    admin: StaffBrowser, signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    set_up(signed_in)
    with databases.write() as session:
        session.add(Passkey(account_id=account.id, credential_id="x", public_key="x", sign_count=0, name="Lost"))
    code = make_code(admin, account, lost_device="1")
    assert count(Passkey) == 0
    browser = another_browser()
    bring(browser, code, account.username)
    assert choose(browser).headers["Location"] == "/history"
    assert count(RecoveryCode) == 0
    with databases.read(Store.HOT) as session:
        assert session.get_one(Credential, account.id).totp_secret is None


def test_nobody_makes_a_code_for_themselves(admin: StaffBrowser) -> None:
    reply = admin.post(f"/accounts/{admin.account.id}/set-up-code", page="/accounts/new")
    assert reply.status_code == 303
    assert "ask another admin" in html.unescape(admin.get("/accounts").text)
    assert count(SetUpCode) == 0
    assert admin.post("/accounts/4711/set-up-code", page="/accounts/new").status_code == 404
