"""Passkeys: a device's key signs in alone, once for each challenge, for its own host, with its owner verified."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.models import Account, Credential, Passkey, utc_now
from core.stores import databases
from core.stores.databases import Store
from core.web import passkeys as pages
from tests.authenticator import PRESENT, Authenticator
from tests.factories import PASSWORD, make_account, make_patient
from tests.integration.web.conftest import Browser, events
from tests.integration.web.test_own_account import NEW
from tests.integration.web.test_second_factor import set_up

ORIGIN = "http://portal.localhost"
OPTIONS = re.compile(r'data-options="([^"]+)"')


@pytest.fixture
def device() -> Authenticator:
    return Authenticator("portal.localhost", ORIGIN)


def options(browser: Browser, path: str = "/sign-in") -> str:
    found = OPTIONS.search(browser.get(path).text)
    assert found is not None
    return html.unescape(found[1])


def send(browser: Browser, path: str, reply: str, **typed: str) -> Any:
    """As the page does: with its token, and without opening it anew, which would change the challenge."""
    browser.client.application.config["WTF_CSRF_ENABLED"] = False
    return browser.client.post(path, base_url="https://portal.localhost", data={"credential": reply, **typed})


def add(browser: Browser, device: Authenticator, name: str = "My phone") -> Any:
    return send(browser, "/account/passkeys", device.create(options(browser, "/account/passkeys")), name=name)


def kept() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(Passkey)) or 0


@pytest.fixture
def with_passkey(signed_in: Browser, another_browser: Any, device: Authenticator) -> Browser:
    """A browser where nobody is signed in; the account has a passkey on `device`."""
    assert add(signed_in, device).status_code == 303
    return another_browser()


def enter(browser: Browser, device: Authenticator) -> Any:
    return send(browser, "/sign-in/passkey", device.get(options(browser)))


def test_a_passkey_alone_signs_in(with_passkey: Browser, device: Authenticator, account: Any) -> None:
    with databases.write() as session:
        session.execute(update(Credential).values(totp_secret="set"))
    assert enter(with_passkey, device).headers["Location"] == "/history"
    assert with_passkey.get("/history").status_code == 200
    signed = events("account.signed_in")[-1]
    assert (signed.account_id, signed.purpose) == (account.id, "passkey")
    assert "My phone" in with_passkey.get("/account/passkeys").text


def test_each_challenge_is_good_once(with_passkey: Browser, another_browser: Any, device: Authenticator) -> None:
    asked = options(with_passkey)
    cookie = with_passkey.cookie()
    reply = device.get(asked)
    assert send(with_passkey, "/sign-in/passkey", reply).status_code == 303
    assert send(with_passkey, "/sign-in/passkey", reply).status_code == 422
    thief = another_browser()
    thief.client.set_cookie("__Host-strata_public", cookie or "", domain="portal.localhost")
    assert send(thief, "/sign-in/passkey", reply).status_code == 422
    assert send(thief, "/sign-in/passkey", device.get(asked)).status_code == 422


def test_a_challenge_ends_by_itself(with_passkey: Browser, device: Authenticator, monkeypatch: Any) -> None:
    reply = device.get(options(with_passkey))
    later = utc_now() + timedelta(minutes=pages.CHALLENGE_MINUTES, seconds=1)
    monkeypatch.setattr(pages, "utc_now", lambda: later)
    assert send(with_passkey, "/sign-in/passkey", reply).status_code == 422


FORGERIES = {
    "another host": lambda device: replace(device, host="evil.example"),
    "another page": lambda device: replace(device, origin="https://evil.example"),
    "another key": lambda device: Authenticator(device.host, device.origin, credential_id=device.credential_id),
    "an unknown key": lambda device: Authenticator(device.host, device.origin),
    "an owner who was not verified": lambda device: replace(device, flags=PRESENT),
    "nobody there": lambda device: replace(device, flags=0),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_nothing_else_signs_in(with_passkey: Browser, device: Authenticator, what: str) -> None:
    reply = enter(with_passkey, FORGERIES[what](device))
    assert reply.status_code == 422
    assert pages.REFUSED in html.unescape(reply.text)
    assert with_passkey.get("/history").status_code == 303
    assert [(event.outcome, event.account_id) for event in events("account.passkey_refused")] == [("deny", None)]


def test_a_copied_key_is_found_out_by_its_count(with_passkey: Browser, device: Authenticator) -> None:
    device.count = 5
    copy = replace(device)
    assert enter(with_passkey, device).status_code == 303
    with_passkey.client.delete_cookie("__Host-strata_public", domain="portal.localhost")
    assert enter(with_passkey, copy).status_code == 422


@pytest.mark.parametrize(
    "reply", ["", "nonsense", "[]", "1", "{}", "[" * 5000, json.dumps({"id": "x", "response": 7}), "x" * 30_000]
)
def test_what_no_device_says_is_refused(with_passkey: Browser, reply: str) -> None:
    options(with_passkey)
    assert send(with_passkey, "/sign-in/passkey", reply).status_code == 422


def test_a_closed_account_and_one_of_the_other_portal_stay_out(
    with_passkey: Browser, device: Authenticator, account: Any
) -> None:
    for values in ({"active": False}, {"active": True, "role": "clinician"}):
        with databases.write() as session:
            session.execute(update(Account).where(Account.id == account.id).values(**values))
        assert enter(with_passkey, device).status_code == 422


def test_many_refusals_slow_the_address(with_passkey: Browser, device: Authenticator) -> None:
    forged = Authenticator(device.host, device.origin)
    assert [enter(with_passkey, forged).status_code for _ in range(22)] == [422] * 21 + [429]


def test_a_key_is_kept_once_and_by_its_owner_alone(
    signed_in: Browser, another_browser: Any, device: Authenticator, account: Any
) -> None:
    assert add(signed_in, device).status_code == 303
    assert add(signed_in, device).status_code == 422
    (passkey,) = [key.id for key in _all()]
    with databases.write() as session:
        other = make_account(session, role=account.role, patient_id=make_patient(session, name="Lim Ah Kow").id)
    thief = another_browser()
    thief.sign_in(other)
    assert send(thief, f"/account/passkeys/{passkey}/remove", "").status_code == 404
    assert kept() == 1
    assert send(signed_in, f"/account/passkeys/{passkey}/remove", "").status_code == 303
    assert kept() == 0
    tries = [(event.account_id, event.outcome) for event in events("account.passkey_removed")]
    assert tries == [(other.id, "deny"), (account.id, "allow")]
    assert enter(another_browser(), device).status_code == 422


def _all() -> list[Passkey]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Passkey)))


def test_no_more_than_ten(signed_in: Browser) -> None:
    added = [add(signed_in, Authenticator("portal.localhost", ORIGIN)).status_code for _ in range(10)]
    assert added == [303] * 10
    assert "Remove one to add another" in signed_in.get("/account/passkeys").text
    assert kept() == 10


def test_adding_one_needs_a_verified_owner_and_the_challenge_of_the_page(
    signed_in: Browser, device: Authenticator
) -> None:
    assert add(signed_in, replace(device, flags=PRESENT)).status_code == 422
    assert add(signed_in, replace(device, origin="https://evil.example")).status_code == 422
    old = device.create(options(signed_in, "/account/passkeys"))
    options(signed_in, "/account/passkeys")
    assert send(signed_in, "/account/passkeys", old).status_code == 422
    assert kept() == 0


@pytest.mark.parametrize(("is_ticked", "left"), [(True, 1), (False, 0)])
def test_a_new_password_asks_whether_the_passkeys_go_on(
    signed_in: Browser, device: Authenticator, account: Any, is_ticked: bool, left: int
) -> None:
    assert add(signed_in, device).status_code == 303
    page = signed_in.get("/account").text
    boxes = re.findall(r'name="keep" value="(\d+)" checked>', page)
    assert len(boxes) == 1
    assert "Passkey My phone" in page
    typed = {"old": PASSWORD, "new": NEW, "again": NEW, **({"keep": boxes[0]} if is_ticked else {})}
    assert signed_in.post("/account/password", typed, page="/account").status_code == 303
    assert kept() == left
    assert len(events("account.passkey_removed")) == 1 - left
    assert signed_in.get("/history").status_code == 200


@pytest.mark.parametrize("is_ticked", [True, False])
def test_a_new_password_asks_whether_the_authenticator_goes_on(
    signed_in: Browser, account: Any, is_ticked: bool
) -> None:
    set_up(signed_in)
    assert 'id="keep-app" name="keep_app" value="1" checked' in signed_in.get("/account").text
    typed = {"old": PASSWORD, "new": NEW, "again": NEW, **({"keep_app": "1"} if is_ticked else {})}
    assert signed_in.post("/account/password", typed, page="/account").status_code == 303
    assert len(events("account.second_factor_removed")) == 1 - is_ticked
    with databases.read(Store.HOT) as session:
        assert (session.get_one(Credential, account.id).totp_secret is not None) == is_ticked
