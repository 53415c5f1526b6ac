"""Whoever signs in is told what was changed about signing in, and can read when and from where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import audit
from core.audit import Origin
from core.models import Credential, utc_now
from core.queries.own_changes import CHANGES
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.integration.web.conftest import Browser

THERE, HERE = "198.51.100.4", "127.0.0.1"


def changed(account: Any, action: str, address: str, days_ago: float = 0) -> None:
    token = audit.origin.set(Origin("public", address))
    with databases.write() as session:
        audit.record(session, action, by=account, target=f"account:{account.id}",
                     at=utc_now() - timedelta(days=days_ago))  # fmt: skip
    audit.origin.reset(token)


def home(browser: Browser, account: Any) -> str:
    assert browser.sign_in(account).status_code == 303
    return str(browser.get("/account").text)


@pytest.mark.parametrize(("action", "words"), CHANGES.items())
def test_a_change_that_somebody_else_may_have_made_is_told(
    browser: Browser, account: Any, action: str, words: str
) -> None:
    changed(account, action, THERE)
    page = home(browser, account)
    assert f"In the last days: {words}. If that was not you" in page
    assert f'data-label="What">{words}</td>' in page
    assert f'data-label="From">{THERE}</td>' in page


def test_ones_own_change_just_now_is_not_told_but_stays_in_the_history(browser: Browser, account: Any) -> None:
    changed(account, "account.password_set", HERE)
    page = home(browser, account)
    assert "In the last days" not in page
    assert "The password was changed" in page
    assert "Signed in" in page


def test_a_change_at_this_address_hours_ago_is_told_and_one_of_last_month_is_not(
    browser: Browser, account: Any
) -> None:
    changed(account, "account.passkey_added", HERE, days_ago=0.5)
    changed(account, "account.passkey_removed", THERE, days_ago=30)
    page = home(browser, account)
    assert "In the last days: A passkey was added. If" in page


def test_changing_the_password_oneself_tells_nothing_of_it(signed_in: Browser) -> None:
    new = {"old": PASSWORD, "new": "quite another long one", "again": "quite another long one"}
    assert signed_in.post("/account/password", new, page="/account").status_code in (204, 303)
    assert "In the last days" not in signed_in.get("/account").text


def test_a_password_that_was_given_out_is_told_of_and_ends(browser: Browser, account: Any) -> None:
    def given(until: timedelta) -> None:
        with databases.write() as session:
            session.get_one(Credential, account.id).given_until = utc_now() + until

    given(timedelta(days=3, hours=1))
    assert "Somebody gave you your password. It ends in 3 days" in home(browser, account)
    gone = browser.post("/sign-out", page="/account")
    assert (gone.status_code, gone.headers["Clear-Site-Data"]) == (303, '"storage"')
    given(timedelta(seconds=-1))
    assert browser.sign_in(account).status_code == 422


def test_a_password_of_ones_own_has_no_end(signed_in: Browser, account: Any) -> None:
    with databases.write() as session:
        session.get_one(Credential, account.id).given_until = utc_now() + timedelta(days=3)
    new = {"old": PASSWORD, "new": "quite another long one", "again": "quite another long one"}
    assert signed_in.post("/account/password", new, page="/account").status_code in (204, 303)
    with databases.read(Store.HOT) as session:
        assert session.get_one(Credential, account.id).given_until is None
