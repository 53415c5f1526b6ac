"""Signing in and out: tokens that change, forms that can't be forged, guessing that slows down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.access.sign_ins import hash_of
from core.models import Account, SignIn, utc_now
from core.stores import databases
from core.stores.databases import Store
from tests.integration.web.conftest import HOST, Browser, events
from tests.tiers import Tiers
from workers.tidy import tidy


def count_sign_ins() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(SignIn)) or 0


def test_signing_in_makes_a_new_token_of_which_only_the_hash_is_kept(browser: Browser, account: Any) -> None:
    browser.get("/sign-in")
    before = browser.cookie()
    assert browser.sign_in(account).status_code == 303
    token = browser.cookie()
    assert token
    assert token != before
    with databases.read(Store.HOT) as session:
        row = session.scalars(select(SignIn)).one()
    assert row.token_hash == hash_of(token)
    assert token not in row.data
    assert [event.account_id for event in events("account.signed_in")] == [account.id]


def test_a_token_planted_before_sign_in_opens_nothing(browser: Browser, another_browser: Any, account: Any) -> None:
    browser.client.set_cookie("__Host-strata_public", "planted", domain="portal.localhost")
    assert browser.sign_in(account).status_code == 303
    thief = another_browser()
    thief.client.set_cookie("__Host-strata_public", "planted", domain="portal.localhost")
    assert thief.get("/history").status_code == 303


def test_signing_in_again_ends_the_sign_in_before(signed_in: Browser, another_browser: Any, account: Any) -> None:
    old = signed_in.cookie()
    signed_in.get("/history")
    signed_in.post("/sign-out", page="/history")
    assert count_sign_ins() == 0
    thief = another_browser()
    thief.client.set_cookie("__Host-strata_public", old or "", domain="portal.localhost")
    assert thief.get("/history").headers["Location"].startswith("/sign-in")


def test_a_form_without_its_token_changes_nothing(signed_in: Browser) -> None:
    reply = signed_in.client.post("/sign-out", base_url=HOST, headers={"Referer": HOST})
    assert reply.status_code == 400
    assert "too old" in reply.text
    assert count_sign_ins() == 1


def test_wrong_name_and_wrong_password_answer_alike(browser: Browser, account: Any) -> None:
    wrong_password = browser.post("/sign-in", {"username": account.username, "password": "x" * 14})
    wrong_name = browser.post("/sign-in", {"username": "nobody", "password": "x" * 14})
    assert wrong_password.status_code == wrong_name.status_code == 422
    assert "is not right" in wrong_password.text
    assert "is not right" in wrong_name.text
    assert len(events("account.sign_in_refused")) == 2


@pytest.mark.parametrize("redis_is_up", [True, False])
def test_guessing_is_slowed_down(browser: Browser, account: Any, tiers: Tiers, redis_is_up: bool) -> None:
    if not redis_is_up:
        tiers.of["valkey"].stop()
    wrong = {"username": account.username, "password": "wrong password 1"}
    replies = [browser.post("/sign-in", wrong).status_code for _ in range(6)]
    assert replies == [422] * 5 + [429]
    assert browser.sign_in(account).status_code == 429


def test_a_closed_account_is_out(signed_in: Browser, account: Any) -> None:
    assert signed_in.get("/history").status_code == 200
    with databases.write() as session:
        session.execute(update(Account).values(active=False))
        signed_in.client.application.session_interface.sign_ins.end_all(session, account.id)
    assert signed_in.get("/history").status_code == 303


@pytest.mark.parametrize("limit", ["seen_at", "expires_at"])
def test_a_sign_in_ends_by_itself(signed_in: Browser, database: Any, limit: str) -> None:
    past = utc_now() - timedelta(hours=13)
    with databases.write() as session:
        session.execute(update(SignIn).values({limit: past}))
    signed_in.client.application.session_interface.sign_ins.redis.flushall()
    assert signed_in.get("/history").status_code == 303


def test_sign_ins_that_are_over_are_swept(signed_in: Browser, another_browser: Any, account: Any) -> None:
    with databases.write() as session:
        session.execute(update(SignIn).values(seen_at=utc_now() - timedelta(hours=1)))
    assert another_browser().sign_in(account).status_code == 303
    tidy()
    assert count_sign_ins() == 1


def test_where_to_go_after_sign_in_stays_on_this_portal(browser: Browser, account: Any) -> None:
    reply = browser.get("/visits?older=1")
    assert reply.headers["Location"] == "/sign-in?next=/visits?older%3D1"
    for hostile in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        done = browser.post(f"/sign-in?next={hostile}", {"username": account.username, "password": "x" * 14})
        assert "evil" not in done.headers.get("Location", "")
    done = browser.post(
        "/sign-in?next=//evil.example", {"username": account.username, "password": "correct horse battery"}
    )
    assert done.headers["Location"] == "/history"
