"""What a page is told of its sign-in, and that to ask is no use of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import SignIn, utc_now
from core.settings.config import Settings
from core.stores import databases, redis
from core.stores.databases import Store
from tests.integration.web.conftest import HOST, Browser


def make_it(**values: datetime) -> None:
    with databases.write() as session:
        session.execute(update(SignIn).values(**values))
    redis.client().flushall()


def last_use() -> datetime:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(SignIn.seen_at)).one()


def unused(database: Settings, left: timedelta) -> datetime:
    return utc_now() - database.session_idle + left


def test_asking_tells_what_is_left_and_is_no_use(signed_in: Browser, account: Any, database: Settings) -> None:
    seen = unused(database, timedelta(seconds=100))
    make_it(seen_at=seen)
    for _ in range(2):
        said = signed_in.get("/session").json
        assert 90 < said["seconds"] <= 100
        assert (said["can_stay"], said["who"]) == (True, account.id)
    assert last_use() == seen


def test_staying_is_a_use_and_needs_the_forms_token(signed_in: Browser, database: Settings) -> None:
    seen = unused(database, timedelta(seconds=100))
    make_it(seen_at=seen)
    headers = {"Referer": HOST + "/history"}
    assert signed_in.client.post("/session", base_url=HOST, headers=headers).status_code == 400
    make_it(seen_at=seen)
    headers["X-CSRFToken"] = signed_in.get("/session").json["token"]
    said = signed_in.client.post("/session", base_url=HOST, headers=headers).json
    assert said["seconds"] > 1_700
    assert last_use() > seen


def test_no_use_prolongs_a_sign_in_past_its_longest(signed_in: Browser) -> None:
    make_it(expires_at=utc_now() + timedelta(seconds=60))
    said = signed_in.get("/session").json
    assert 50 < said["seconds"] <= 60
    assert said["can_stay"] is False


@pytest.mark.parametrize("left", [timedelta(seconds=-1), None])
def test_who_is_not_signed_in_is_told_nothing(
    signed_in: Browser, another_browser: Any, database: Settings, left: timedelta | None
) -> None:
    browser = signed_in if left is not None else another_browser()
    if left is not None:
        make_it(seen_at=unused(database, left))
    reply = browser.get("/session")
    assert reply.json == {"seconds": 0, "can_stay": False, "who": None, "token": None}
    assert reply.headers["Cache-Control"] == "no-store"
    assert browser.get("/session/again").headers["Location"] == "/sign-in?next=/session/again"


def test_the_page_knows_when_its_sign_in_ends(signed_in: Browser, account: Any) -> None:
    left = re.search(
        rf'<dialog id="time-out" data-seconds="(\d+)" data-who="{account.id}"', signed_in.get("/history").text
    )
    assert left is not None
    assert 1_700 < int(left[1]) <= 1_800
