"""What stands in Redis is believed only if this portal wrote it, and never makes a page fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.access.sign_in_copies import AccountCopy, OpenSignIn
from core.access.sign_ins import SignIns, hash_of
from core.models import Role, utc_now
from core.settings.config import Settings
from core.stores import databases, redis
from tests.factories import make_account

TOKEN = "a token of my own"


@pytest.fixture
def forged(database: Settings) -> OpenSignIn:
    """A sign-in that nobody has begun, of an admin."""
    with databases.write() as session:
        admin = make_account(session, role=Role.ADMIN)
    now = utc_now()
    return OpenSignIn(hash_of(TOKEN), AccountCopy.of(admin), {}, now, now + timedelta(hours=1), now)


FORGERIES: dict[str, Callable[[OpenSignIn], str]] = {
    "as it was before": OpenSignIn.to_json,
    "with a mark of no key": lambda sign_in: f"{'0' * 64} {sign_in.to_json()}",
    "with a time without a zone": lambda sign_in: replace(
        sign_in, checked_at=sign_in.checked_at.replace(tzinfo=None)
    ).to_json(),
    "a list": lambda _: json.dumps([]),
    "nothing": lambda _: " ",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_copy_that_this_portal_did_not_write_is_not_believed(
    database: Settings, forged: OpenSignIn, name: str
) -> None:
    redis.client().set(f"sign_in:staff:{forged.token_hash}", FORGERIES[name](forged))
    assert SignIns(redis.client(), database, "staff").find(TOKEN) is None


def test_a_copy_of_one_token_is_worthless_under_another(database: Settings, forged: OpenSignIn) -> None:
    kept = SignIns(redis.client(), database, "staff")
    with databases.write() as session:
        account = make_account(session)
        token = kept.open(session, account, {})
    assert kept.find(token) is not None
    written = redis.client().get(f"sign_in:staff:{hash_of(token)}")
    redis.client().set(f"sign_in:staff:{forged.token_hash}", str(written))
    assert kept.find(TOKEN) is None


def test_a_mark_without_a_zone_has_the_copy_looked_up(database: Settings) -> None:
    kept = SignIns(redis.client(), database, "staff")
    with databases.write() as session:
        account = make_account(session)
        token = kept.open(session, account, {})
    assert kept.find(token) is not None
    redis.client().set(f"account_changed:{account.id}", "2026-11-12T02:00:00")
    assert kept.find(token) is not None
