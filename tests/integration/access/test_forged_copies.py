"""What stands in Redis is believed only if this portal wrote it, and never makes a page fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.access.sign_in_copies import AccountCopy, Copies, OpenSignIn
from core.access.sign_ins import SignIns, hash_of
from core.access.throttle import Throttle
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
    redis.client().set(
        f"account_changed:{'public' if account.role == Role.PATIENT else 'staff'}:{account.id}", "2026-11-12T02:00:00"
    )
    assert kept.find(token) is not None


def shapes(kept: OpenSignIn) -> Iterator[str]:
    """What might stand under the portal's own mark, had an older version or a fault of ours written it."""
    read = json.loads(kept.to_json())
    for name in read:
        for wrong in (None, [], "x", "2026-11-12T02:00:00", 7, 1e400, "\ud800", True):
            yield json.dumps({**read, name: wrong})
        yield json.dumps({other: value for other, value in read.items() if other != name})
    for name in read["account"]:
        for wrong in ([], {}, 1.5):
            yield json.dumps({**read, "account": {**read["account"], name: wrong}})
    yield from ("", "[]", "null", "{", "7", '"x"', "[" * 10_000, json.dumps({**read, "data": {"x": [1]}})[:-3])


def test_a_copy_of_any_other_shape_counts_as_none(database: Settings) -> None:
    kept = SignIns(redis.client(), database, "staff")
    with databases.write() as session:
        account = make_account(session)
        token = kept.open(session, account, {})
    copies, good = Copies(redis.client(), database, "staff"), kept.find(token)
    assert good is not None
    key = copies.key_of(good.token_hash)
    for shape in dict.fromkeys(shapes(good)):
        if shape == good.to_json():
            continue
        redis.client().set(key, f"{copies.mac_of(good.token_hash, shape)} {shape}")
        assert copies.get(good.token_hash) == (None, False), shape[:200]
        found = kept.find(token)
        assert found is not None, shape[:200]
        assert found.account == good.account


def test_what_is_no_count_does_not_fail_a_sign_in(database: Settings) -> None:
    throttle = Throttle(redis.client(), "staff:sign_in")
    for name, value in (("failures", "many"), ("at", "lately")):
        redis.client().hset(throttle.key_of(("nair",)), name, value)
        assert throttle.wait_seconds("nair") == 0
