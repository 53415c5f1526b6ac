"""Signing in with a code of an authenticator app: once each, slowed when guessed, required of staff."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, update

import staff_app
from core.access.sign_in_copies import AccountCopy
from core.models import Credential, RecoveryCode, SignIn, utc_now
from core.sealing import sealed
from core.services import second_factor
from core.services.made_up import LETTERS
from core.settings.config import ConfigError
from core.stores import databases
from core.stores.databases import Store
from core.web import sign_in_steps
from tests.integration.web.conftest import Browser, events

SHOWN_SECRET = re.compile(r'Or type this key in: <span class="num">([^<]+)</span>')
LASTS_SECONDS = 3
SHOWN_CODE = re.compile(r"<li>([a-z2-9]{4}(?:-[a-z2-9]{4}){5})</li>")


def code_of(secret: str, ahead: int = 0) -> str:
    """A code that stays what it is for some seconds: the one before the present one is soon too old."""
    left = 30 - second_factor.datetime.now(second_factor.UTC).timestamp() % 30
    if left < LASTS_SECONDS and ahead < 0:
        time.sleep(left + 0.1)
    step = second_factor.datetime.now(second_factor.UTC).timestamp() // 30
    return pyotp.TOTP(secret).generate_otp(int(step) + ahead)


def secret_on(page: str) -> str:
    found = SHOWN_SECRET.search(page)
    assert found is not None
    return found[1].replace(" ", "")


def set_up(browser: Any, place: str = "/account/second-factor") -> tuple[str, list[str]]:
    secret = secret_on(browser.get(place).text)
    reply = browser.post(place, {"totp": code_of(secret, -1)}, page=place)
    codes = SHOWN_CODE.findall(html.unescape(reply.text))
    assert len(codes) == 10, reply.text
    # Of what is less random a plain hash is not enough (ASVS 6.5.2).
    assert all(len(LETTERS) ** sum(map(str.isalnum, code)) >= 2**112 for code in codes)
    return secret, codes


def test_no_sign_in_keeps_the_secret_that_is_being_set_up(signed_in: Browser) -> None:
    """The staff portal and the workers read patients' sign-ins."""
    secret = secret_on(signed_in.get("/account/second-factor").text)
    assert secret == secret_on(signed_in.get("/account/second-factor").text)
    with databases.read(Store.HOT) as session:
        kept = session.scalars(select(SignIn.data)).all()
    assert any(sign_in_steps.SECRET in data for data in kept)
    assert not any(secret in data for data in kept)


def give(browser: Any, code: str) -> Any:
    return browser.post("/sign-in/code", {"totp": code}, page="/sign-in/code")


@pytest.fixture
def enrolled(signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy) -> Any:
    """A patient who set up codes, back at the sign-in with the right password: browser, secret, recovery codes."""
    secret, codes = set_up(signed_in)
    browser = another_browser()
    reply = browser.sign_in(account)
    assert reply.headers["Location"] == "/sign-in/code"
    return browser, secret, codes


def test_the_password_alone_opens_nothing(enrolled: Any) -> None:
    browser, _, _ = enrolled
    assert browser.get("/history").status_code == 303
    with databases.read(Store.HOT) as session:
        assert len(session.scalars(select(SignIn.token_hash)).all()) == 1


def test_a_code_opens_once(enrolled: Any, another_browser: Callable[[], Browser], account: AccountCopy) -> None:
    browser, secret, _ = enrolled
    used = code_of(secret)
    assert give(browser, used).status_code == 303
    assert browser.get("/history").status_code == 200
    thief = another_browser()
    thief.sign_in(account)
    assert give(thief, used).status_code == 422
    assert give(thief, code_of(secret, 1)).status_code == 303


@pytest.mark.parametrize("wrong", ["000000", "", "1" * 5000, "\u0661\u0662\u0663\u0664\u0665\u0666", "abc", "-1"])
def test_a_wrong_code_opens_nothing(enrolled: Any, wrong: str) -> None:
    browser, _, _ = enrolled
    assert give(browser, wrong).status_code == 422
    assert browser.get("/history").status_code == 303


def test_old_and_future_codes_are_wrong(enrolled: Any) -> None:
    browser, secret, _ = enrolled
    assert give(browser, code_of(secret, -3)).status_code == 422
    assert give(browser, code_of(secret, 3)).status_code == 422


def test_guessing_codes_slows_down_wherever_it_comes_from(
    enrolled: Any, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    browser, secret, _ = enrolled
    assert [give(browser, f"{number:06}").status_code for number in range(5)] == [422] * 5
    other = another_browser()
    other.sign_in(account)
    assert give(other, code_of(secret)).status_code == 429
    refused = events("account.code_refused")
    assert {(event.account_id, event.outcome) for event in refused} == {(account.id, "deny")}


def test_a_recovery_code_opens_once_and_is_kept_as_a_hash(
    enrolled: Any, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    browser, _, codes = enrolled
    assert give(browser, codes[0].upper()).status_code == 303
    assert "9 recovery codes left" in browser.get("/account").text
    thief = another_browser()
    thief.sign_in(account)
    assert give(thief, codes[0]).status_code == 422
    with databases.read(Store.HOT) as session:
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert not set(kept) & set(codes)
    assert len(events("account.recovery_code_used")) == 1


def test_new_recovery_codes_replace_the_old(enrolled: Any) -> None:
    browser, secret, codes = enrolled
    give(browser, code_of(secret))
    fresh = SHOWN_CODE.findall(browser.post("/account/recovery-codes", page="/account").text)
    assert len(set(fresh) | set(codes)) == 20
    with databases.read(Store.HOT) as session:
        assert len(session.scalars(select(RecoveryCode.id)).all()) == 10


def test_the_secret_is_sealed_in_the_table(enrolled: Any, account: AccountCopy) -> None:
    _, secret, _ = enrolled
    with databases.read(Store.HOT) as session:
        kept = session.get_one(Credential, account.id).totp_secret
    assert kept is not None
    assert secret not in kept
    assert sealed.open_sealed(kept) == secret


def test_it_can_be_turned_off_where_it_is_only_offered(
    enrolled: Any, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    browser, secret, _ = enrolled
    give(browser, code_of(secret))
    assert browser.post("/account/second-factor/remove", page="/account").status_code == 303
    assert another_browser().sign_in(account).headers["Location"] == "/history"


def test_a_wrong_code_sets_nothing_up(signed_in: Browser, account: AccountCopy) -> None:
    place = "/account/second-factor"
    secret = secret_on(signed_in.get(place).text)
    assert signed_in.post(place, {"totp": "123"}, page=place).status_code == 422
    assert secret_on(signed_in.get(place).text) == secret
    with databases.read(Store.HOT) as session:
        assert session.get_one(Credential, account.id).totp_secret is None


def test_a_password_changed_meanwhile_ends_the_waiting(enrolled: Any, account: AccountCopy) -> None:
    browser, secret, _ = enrolled
    with databases.write() as session:
        session.execute(update(Credential).values(password_changed_at=utc_now()))
    assert give(browser, code_of(secret)).headers["Location"] == "/sign-in"
    assert browser.get("/history").status_code == 303


def test_whoever_waits_too_long_starts_again(enrolled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, secret, _ = enrolled
    monkeypatch.setattr(sign_in_steps, "WAITING_MINUTES", 0)
    form = {"totp": code_of(secret)}
    assert browser.post("/sign-in/code", form, page="/sign-in").headers["Location"] == "/sign-in"


def test_nobody_begins_at_the_second_step(browser: Browser) -> None:
    for place in ("/sign-in/code", "/sign-in/set-up"):
        assert browser.get(place).headers["Location"] == "/sign-in"
        assert browser.post(place, {"totp": "123456"}).headers["Location"] == "/sign-in"


def test_the_portal_does_not_start_without_a_key(database: Any) -> None:
    with pytest.raises(ConfigError, match="openssl rand"):
        staff_app.create_app(database.model_copy(update={"second_factor": "required", "field_keys": ()}))
