"""One's own account: a new password ends every other sign-in, and each sign-in can be seen and ended by its owner."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest

from core.access import sign_ins
from core.access.sign_ins import hash_of
from core.models import Role
from core.stores import databases
from tests.factories import PASSWORD, make_account, make_patient
from tests.integration.web.conftest import Browser, events

NEW = "four words nobody joined before"


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Any:
    return browser.post("/account/password", {"old": old, "new": new, "again": again}, page="/account")


def is_signed_in(browser: Browser) -> bool:
    return bool(browser.get("/history").status_code == 200)


def test_a_new_password_ends_every_other_sign_in_and_gives_this_one_a_new_token(
    signed_in: Browser, another_browser: Callable[[], Browser], account: Any
) -> None:
    other = another_browser()
    other.sign_in(account)
    assert is_signed_in(other)
    before = signed_in.cookie()
    reply = change(signed_in)
    assert reply.status_code == 303
    assert "Signed out in one other place." in signed_in.get("/account").text
    assert signed_in.cookie() != before
    assert is_signed_in(signed_in)
    assert not is_signed_in(other)
    stale = another_browser()
    stale.client.set_cookie("__Host-strata_public", before or "", domain="portal.localhost")
    assert not is_signed_in(stale)
    assert another_browser().sign_in(account).status_code == 422
    assert another_browser().sign_in(account, NEW).status_code == 303
    assert [event.account_id for event in events("account.password_set")] == [account.id]


def test_a_wrong_present_password_changes_nothing_and_is_on_record(
    signed_in: Browser, another_browser: Callable[[], Browser], account: Any
) -> None:
    reply = change(signed_in, old="not the password at all")
    assert reply.status_code == 422
    assert "This is not your present password." in reply.text
    assert [event.outcome for event in events("account.password_refused")] == ["deny"]
    assert another_browser().sign_in(account).status_code == 303


def test_guessing_the_present_password_slows_down(signed_in: Browser) -> None:
    replies = [change(signed_in, old=f"guess number {number}").status_code for number in range(6)]
    assert replies[0] == 422
    assert replies[-1] == 429


def test_a_password_too_short_or_typed_differently_is_refused(signed_in: Browser, account: Any) -> None:
    assert "12 to 256 characters" in change(signed_in, new="short", again="short").text
    assert "differ" in change(signed_in, again="four words nobody joined befor").text
    assert "does not contain the user name" in change(
        signed_in, new=f"my name is {account.username}", again=f"my name is {account.username}"
    ).text  # fmt: skip
    assert events("account.password_set") == []


def test_own_sign_ins_are_listed_and_another_is_ended(
    signed_in: Browser, another_browser: Callable[[], Browser], account: Any
) -> None:
    other = another_browser()
    other.sign_in(account)
    key = hash_of(other.cookie() or "")
    page = signed_in.get("/account").text
    assert "This one" in page
    assert key in page
    assert "127.0.0.1" in page
    assert signed_in.post("/account/sign-ins/end", {"key": key}, page="/account").status_code == 303
    assert not is_signed_in(other)
    assert is_signed_in(signed_in)
    assert key not in signed_in.get("/account").text
    assert len(events("account.sign_ins_ended")) == 1


def test_all_others_are_ended_at_once(signed_in: Browser, another_browser: Callable[[], Browser], account: Any) -> None:
    others = [another_browser(), another_browser()]
    for other in others:
        other.sign_in(account)
    signed_in.post("/account/sign-ins/end", page="/account")
    assert [is_signed_in(other) for other in others] == [False, False]
    assert is_signed_in(signed_in)


def test_one_sign_in_too_many_ends_the_oldest(
    signed_in: Browser, another_browser: Callable[[], Browser], account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "AT_ONCE_MAX", 3)
    others = [another_browser() for _ in range(3)]
    for other in others[:2]:
        other.sign_in(account)
    assert is_signed_in(signed_in)
    others[2].sign_in(account)
    assert not is_signed_in(signed_in)
    assert [is_signed_in(other) for other in others] == [True, True, True]


def test_nobody_ends_the_sign_in_of_another_account(signed_in: Browser, another_browser: Callable[[], Browser]) -> None:
    with databases.write() as session:
        stranger = make_account(session, role=Role.PATIENT, patient_id=make_patient(session, name="Lim Ah Kow").id)
    other = another_browser()
    other.sign_in(stranger)
    key = hash_of(other.cookie() or "")
    assert key not in signed_in.get("/account").text
    signed_in.post("/account/sign-ins/end", {"key": key}, page="/account")
    signed_in.post("/account/sign-ins/end", page="/account")
    assert is_signed_in(other)
    assert events("account.sign_ins_ended") == []


@pytest.mark.parametrize(
    "easy", ["passwordpassword", "iloveyou1234", "qwertyuiop123", "Password12345!", "aaaaaaaaaaaaaa"]
)
def test_a_password_that_is_soon_guessed_is_refused(signed_in: Browser, easy: str) -> None:
    reply = change(signed_in, new=easy, again=easy)
    assert reply.status_code == 422
    assert "Choose several words" in html.unescape(reply.text)


def test_any_long_password_is_weighed(signed_in: Browser) -> None:
    assert change(signed_in, new=NEW * 8, again=NEW * 8).status_code == 303
