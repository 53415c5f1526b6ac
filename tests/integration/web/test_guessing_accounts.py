"""One account's password and codes, guessed from many addresses: few are tried, and its own browser goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.access import throttle
from core.access.sign_in_copies import AccountCopy
from core.access.throttle import ONE_ACCOUNT_EVERYWHERE
from core.models import Role
from core.stores import databases
from core.web.known_devices import DEVICE_DAYS
from tests.factories import PASSWORD, make_account, make_patient
from tests.integration.web.conftest import Browser, events
from tests.integration.web.test_second_factor import code_of, give, set_up
from tests.tiers import Tiers

DEVICE = "__Host-strata_public_device"
TRIED = ONE_ACCOUNT_EVERYWHERE.free + 1


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the throttles' clock, so that no wait ends during a test; call it to set the clock forward by seconds."""
    start = throttle.time.time()

    def forward(seconds: float) -> None:
        monkeypatch.setattr(throttle.time, "time", lambda: start + seconds)

    forward(0)
    return forward


def spread(number: int) -> dict[str, Any]:
    """One of twenty addresses."""
    return {"environ_overrides": {"REMOTE_ADDR": f"203.0.113.{number % 20 + 1}"}}


def guess_passwords(browser: Browser, account: AccountCopy, count: int = 100) -> Counter[int]:
    """The answers to so many guesses from twenty addresses."""
    typed = [{"username": account.username, "password": f"guess number {number}"} for number in range(count)]
    return Counter(browser.post("/sign-in", one, **spread(number)).status_code for number, one in enumerate(typed))


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_a_hundred_guesses_from_twenty_addresses_are_few(
    another_browser: Callable[[], Browser], account: AccountCopy, tiers: Tiers, redis_is_up: bool
) -> None:
    own = another_browser()
    assert own.sign_in(account).status_code == 303
    own.post("/sign-out", page="/history")
    if not redis_is_up:
        tiers.of["valkey"].stop()
    assert guess_passwords(another_browser(), account) == {422: TRIED, 429: 100 - TRIED}
    assert len(events("account.sign_in_refused")) == TRIED
    assert another_browser().sign_in(account).status_code == 429
    assert own.sign_in(account).status_code == 303


def test_a_name_that_nobody_has_is_slowed_alike(browser: Browser) -> None:
    nobody = AccountCopy(0, "nobody", Role.PATIENT, "Nobody", True, None, None)
    assert guess_passwords(browser, nobody) == {422: TRIED, 429: 100 - TRIED}


def test_the_wait_grows_to_an_hour_and_the_owners_sign_in_shortens_it_for_nobody(
    another_browser: Callable[[], Browser], account: AccountCopy, clock: Callable[[float], None]
) -> None:
    own, stranger = another_browser(), another_browser()
    own.sign_in(account)
    tried = 0
    for minute in range(0, 24 * 60, 10):
        clock(minute * 60)
        tried += guess_passwords(stranger, account, 3)[422]
        if minute % 60 == 0:
            own.post("/sign-out", page="/history")
            assert own.sign_in(account).status_code == 303
    # Free ones, those while the wait is below ten minutes, and one an hour.
    assert tried <= ONE_ACCOUNT_EVERYWHERE.free + 10 + 24


def test_a_browser_of_ones_own_account_knows_no_other(another_browser: Callable[[], Browser], account: Any) -> None:
    with databases.write() as session:
        other = make_account(session, role=Role.PATIENT, patient_id=make_patient(session, name="Lim Ah Kow").id)
        stranger = AccountCopy.of(other)
    browser = another_browser()
    assert browser.sign_in(stranger).status_code == 303
    browser.post("/sign-out", page="/history")
    assert guess_passwords(browser, account) == {422: TRIED, 429: 100 - TRIED}


def test_a_known_browser_guesses_no_more_than_a_stranger(another_browser: Callable[[], Browser], account: Any) -> None:
    browser = another_browser()
    browser.sign_in(account)
    browser.post("/sign-out", page="/history")
    assert guess_passwords(browser, account)[422] == 5
    assert another_browser().sign_in(account).status_code == 303


@pytest.mark.parametrize("change", [lambda value: value[:-2] + "xx", lambda _: "x", lambda _: "e30.x.x"])
def test_a_forged_device_is_unknown(
    another_browser: Callable[[], Browser], account: Any, change: Callable[[str], str]
) -> None:
    own, forger = another_browser(), another_browser()
    own.sign_in(account)
    made = own.client.get_cookie(DEVICE, domain="portal.localhost")
    assert made is not None
    assert (made.http_only, made.secure, made.max_age) == (True, True, DEVICE_DAYS * 24 * 3600)
    forger.client.set_cookie(DEVICE, change(made.value), domain="portal.localhost")
    guess_passwords(another_browser(), account)
    assert forger.sign_in(account).status_code == 429


@pytest.mark.parametrize(("is_known", "tried"), [(True, 5), (False, TRIED)])
def test_the_password_is_asked_again_a_few_times_only_wherever_from(
    signed_in: Browser, is_known: bool, tried: int
) -> None:
    if not is_known:
        signed_in.client.delete_cookie(DEVICE, domain="portal.localhost")
    typed = [{"old": f"guess number {number}", "new": "x", "again": "x"} for number in range(100)]
    page = signed_in.get("/account").text
    assert "Present password" in page
    answers = Counter(
        signed_in.post("/account/password", one, page="/account", **spread(number)).status_code
        for number, one in enumerate(typed)
    )
    assert answers == {422: tried, 429: 100 - tried}


def test_codes_are_guessed_a_few_times_only_wherever_from(
    signed_in: Browser, another_browser: Callable[[], Browser], account: AccountCopy
) -> None:
    secret, _ = set_up(signed_in)
    thief, tried = another_browser(), 0
    for number in range(100):
        if number % 10 == 0:
            thief.post("/sign-in", {"username": account.username, "password": PASSWORD}, **spread(number))
        reply = thief.post("/sign-in/code", {"totp": f"{number:06}"}, page="/sign-in/code", **spread(number))
        tried += reply.status_code == 422
    assert tried == TRIED
    signed_in.post("/sign-out", page="/history")
    assert signed_in.sign_in(account).headers["Location"] == "/sign-in/code"
    assert give(signed_in, code_of(secret)).status_code == 303
