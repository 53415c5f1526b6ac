"""Many wrong passwords from one address, each for another account: slowed for that address, and not for long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from core.access import throttle
from core.access.throttle import ONE_ADDRESS
from core.services import accounts
from core.settings.config import Settings
from core.settings.parsing import networks
from core.web.guessing import GUESSES
from public_app import create_app
from tests.factories import PASSWORD
from tests.integration.web.conftest import HOST, Browser, events

ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}


def guess(browser: Browser, number: int, **options: Any) -> Any:
    return browser.post("/sign-in", {"username": f"guess{number}", "password": "a wrong password"}, **options)


@pytest.fixture
def slowed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Whose address has guessed once too often. The clock stands: a slow machine may take longer than the wait."""
    now = throttle.time.time()
    monkeypatch.setattr(throttle.time, "time", lambda: now)
    replies = [guess(browser, number).status_code for number in range(ONE_ADDRESS.free + 1)]
    assert replies == [422] * (ONE_ADDRESS.free + 1)
    return browser


def test_an_address_that_guesses_is_turned_away_before_anything_is_done_for_it(slowed: Browser, account: Any) -> None:
    on_record = len(events("account.sign_in_refused"))
    reply = guess(slowed, 99)
    assert reply.status_code == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= 2
    assert "Too many tries from your network" in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert len(events("account.sign_in_refused")) == on_record
    assert slowed.sign_in(account).status_code == 429


def test_others_and_other_pages_are_not_slowed(slowed: Browser, account: Any) -> None:
    typed = {"username": account.username, "password": PASSWORD}
    assert slowed.get("/sign-in").status_code == 200
    assert slowed.post("/sign-in", typed, environ_overrides=ELSEWHERE).status_code == 303


def test_the_wait_is_short_and_a_right_password_ends_nothing(
    slowed: Browser, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = throttle.time.time()
    monkeypatch.setattr(throttle.time, "time", lambda: now + ONE_ADDRESS.longest_seconds + 1)
    assert slowed.sign_in(account).status_code == 303
    slowed.post("/sign-out", page="/history")
    assert guess(slowed, 100).status_code == 422
    assert guess(slowed, 101).status_code == 429


def test_nobody_can_give_out_another_address_unless_a_proxy_is_ours(
    slowed: Browser, database: Settings, account: Any
) -> None:
    claimed = {"X-Forwarded-For": "198.51.100.7"}
    assert guess(slowed, 99, headers=claimed).status_code == 429
    behind = create_app(database.model_copy(update={"trusted_proxies": networks("127.0.0.1")}))
    behind.config["WTF_CSRF_ENABLED"] = False
    typed = {"username": account.username, "password": PASSWORD}
    sent = {"base_url": HOST, "data": typed, "headers": {"Referer": HOST, **claimed}}
    assert behind.test_client().post(GUESSES[0], **sent).status_code == 303
    assert events("account.signed_in")[-1].address == "198.51.100.7"


def test_no_more_hashes_are_made_at_once_than_two() -> None:
    stored = accounts.hasher.hash(PASSWORD)
    held = [accounts.hashing.acquire() for _ in range(2)]
    try:
        with pytest.raises(accounts.TooManyAttempts):
            accounts.matches(stored, PASSWORD)
    finally:
        for _ in held:
            accounts.hashing.release()
    right: list[bool] = []
    threads = [threading.Thread(target=lambda: right.append(accounts.matches(stored, PASSWORD))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 6
