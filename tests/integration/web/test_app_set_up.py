"""Where codes are required: an app is set up by a set-up code alone, and no set-up takes another's place."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete

import staff_app
from core.access.sign_in_copies import AccountCopy
from core.models import Credential, SetUpCode
from core.services import second_factor
from core.services.second_factor import AlreadySetUp
from core.stores import databases
from tests.factories import PASSWORD
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import Browser, events
from tests.integration.web.test_second_factor import SHOWN_CODE, code_of, give, secret_on, set_up
from tests.integration.web.test_set_up_codes import (
    NEW,
    bring,
    choose,
    count,
    newcomer,
    open_account,
    password,
    staff_browser,
)


@pytest.fixture
def required(database: Any) -> Any:
    """The staff portal where codes of an app are required."""
    app = staff_app.create_app(database.model_copy(update={"second_factor": "required"}))
    app.testing = False
    return app


@pytest.fixture
def admin(database: Any) -> StaffBrowser:
    """An admin has signed in, where they are only offered."""
    app = staff_app.create_app(database)
    app.testing = False
    browser = staff_browser(app)
    assert password(browser).status_code == 303
    return browser


def enrol(browser: Any) -> str:
    secret, _ = set_up(browser, "/sign-in/set-up")
    return secret


def test_where_codes_are_required_a_set_up_code_leads_to_the_app_too(admin: StaffBrowser, required: Any) -> None:
    browser = newcomer(required)
    bring(browser, open_account(admin))
    assert choose(browser).headers["Location"] == "/sign-in/set-up"
    assert browser.get("/accounts").status_code == 303
    secret = enrol(browser)
    assert browser.get("/accounts").status_code == 200
    assert count(SetUpCode) == 0
    browser.post("/account/second-factor/remove", page="/account")
    browser.post("/sign-out", page="/account")
    assert password(browser, NEW).headers["Location"] == "/sign-in/code?next=/accounts"
    assert give(browser, code_of(secret)).status_code == 303


def test_the_password_alone_sets_up_no_second_factor(required: Any) -> None:
    thief = staff_browser(required)
    assert password(thief).headers["Location"] == "/sign-in/set-up-code?next=/accounts"
    assert "no second factor yet" in thief.get("/sign-in/set-up-code").text
    assert thief.get("/sign-in/set-up").headers["Location"] == "/sign-in"
    form = {"totp": code_of(second_factor.new_secret())}
    assert thief.post("/sign-in/set-up", form).headers["Location"] == "/sign-in"
    assert thief.get("/accounts").status_code == 303


def test_whoever_is_left_half_way_goes_on_with_the_same_code(admin: StaffBrowser, required: Any) -> None:
    code, browser, later = open_account(admin), newcomer(required), newcomer(required)
    bring(browser, code)
    choose(browser)
    assert password(later, NEW).headers["Location"] == "/sign-in/set-up-code?next=/accounts"
    bring(later, code)
    assert choose(later, "another four words together").headers["Location"] == "/sign-in/set-up"
    enrol(later)
    assert later.get("/accounts").status_code == 200


def test_no_set_up_replaces_another(admin: StaffBrowser, required: Any) -> None:
    """Two browsers hold the code and are both at the picture; the first to finish is the last."""
    code, own, thief = open_account(admin), newcomer(required), newcomer(required)
    for browser in (thief, own):
        bring(browser, code)
        choose(browser)
    secret_of_thief = secret_on(own.get("/sign-in/set-up").text)
    held = own.client.get_cookie("__Host-strata_staff", domain="staff.localhost")
    assert held is not None
    thief.client.set_cookie("__Host-strata_staff", held.value, domain="staff.localhost")
    enrol(own)
    reply = thief.post("/sign-in/set-up", {"totp": code_of(secret_of_thief)}, page="/sign-in/set-up")
    assert reply.headers["Location"] == "/sign-in"
    assert len(events("account.second_factor_set")) == 1


def test_an_app_is_replaced_by_whoever_holds_the_present_one(
    signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    """A sign-in and the password are not enough to change what else is asked for."""
    secret, codes = set_up(signed_in)
    thief = another_browser()
    thief.sign_in(account)
    give(thief, code_of(secret))
    with thief.client.session_transaction(base_url="https://portal.localhost") as held:
        held.pop("factor_at")
    for place in ("/account/second-factor", "/account/second-factor/remove", "/account/recovery-codes",
                  "/account/passkeys"):  # fmt: skip
        reply = thief.post(place, {"totp": "123456", "credential": "{}"}, page="/account")
        assert reply.headers["Location"].startswith("/account/second-factor/prove"), place
    assert thief.get("/account/second-factor").status_code == 303
    prove = "/account/second-factor/prove?next=/account/second-factor"
    assert thief.post(prove, {"totp": "000000"}, page=prove).status_code == 422
    assert thief.post(prove, {"totp": codes[0]}, page=prove).headers["Location"] == "/account/second-factor"
    new, fresh = set_up(thief)
    assert new != secret
    assert set(fresh) & set(codes) == set()


def test_recovery_codes_are_shown_after_the_set_up(admin: StaffBrowser, required: Any) -> None:
    browser = newcomer(required)
    bring(browser, open_account(admin))
    choose(browser)
    secret = secret_on(browser.get("/sign-in/set-up").text)
    page = browser.post("/sign-in/set-up", {"totp": code_of(secret)}, page="/sign-in/set-up").text
    assert len(SHOWN_CODE.findall(html.unescape(page))) == 10


def test_a_new_password_drops_no_app_of_somebody_elses(signed_in: Browser) -> None:
    set_up(signed_in)
    with signed_in.client.session_transaction(base_url="https://portal.localhost") as held:
        held.pop("factor_at")
    typed = {"old": PASSWORD, "new": NEW, "again": NEW}
    reply = signed_in.post("/account/password", typed, page="/account")
    assert reply.headers["Location"].startswith("/account/second-factor/prove")
    assert events("account.password_set", "account.second_factor_removed") == []
    assert signed_in.post("/account/password", {**typed, "keep_app": "1"}, page="/account").status_code == 303
    assert len(events("account.password_set")) == 1


def test_an_account_that_was_never_set_up_proves_nothing(signed_in: Browser) -> None:
    """As one that signs in by the identity provider alone."""
    with databases.write() as session:
        session.execute(delete(Credential))
    assert signed_in.get("/account").status_code == 200
    place = "/account/second-factor/prove"
    assert signed_in.post(place, {"totp": "123456"}, page=place).status_code == 422
    assert signed_in.post("/account/second-factor", {"totp": "123456"}, page="/account").status_code == 422
    typed = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert signed_in.post("/account/password", typed, page="/account").status_code == 422


def test_an_app_takes_no_others_place(signed_in: Browser, account: AccountCopy) -> None:
    set_up(signed_in)
    other = second_factor.new_secret()
    with databases.write() as session, pytest.raises(AlreadySetUp):
        second_factor.enrol(session, account_id=account.id, secret=other, code=code_of(other), by=account)
