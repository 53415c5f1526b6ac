"""Whoever has taken a process gains nothing by its Redis user outside its row of the table in docs/security.md.

Each user tries everything below on every key that the product keeps for somebody else, on a real server. An attempt
that Redis could not understand fails the test: it would prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from core.access.distrust import distrust
from core.access.sign_ins import SignIns
from core.access.throttle import Throttle
from core.install.redis_users import KEYS, READS, WRITES, RedisUser
from core.jobs import outbox
from core.models import Role, utc_now
from core.settings.config import Settings
from core.stores import databases, policy_violations, redis
from core.stores.freshness import Positions
from tests.factories import make_account, make_patient
from tests.integration.access import redis_logins
from tests.integration.access.redis_attempts import CHANGES, LOOKS, OF_PORTALS, SWEEPING

PORTALS = {"public": Role.PATIENT, "staff": Role.ADMIN}
OWN = {RedisUser.PUBLIC: "throttle:public:mine", RedisUser.STAFF: "throttle:staff:mine", RedisUser.WORKER: "rq:mine"}

NOT_UNDERSTOOD = ("unknown", "wrong number", "syntax")
REACHED, REFUSED = "reached", "refused"


@pytest.fixture(scope="module")
def urls(servers: Any) -> dict[RedisUser, str]:
    return redis_logins.made(servers.valkey, "taken")


@pytest.fixture
def owner(servers: Any, database: Settings) -> Iterator[Redis]:
    """Redis as the product leaves it: sign-ins, failures, positions, marks, counts of both portals; a job, a ring."""
    with databases.write() as session:
        patient = make_patient(session)
        for portal, role in PORTALS.items():
            account = make_account(session, role=role, **({"patient_id": patient.id} if portal == "public" else {}))
            token = SignIns(redis.client(), database, portal).open(session, account, {})
            session.commit()
            assert SignIns(redis.client(), database, portal).find(token)
            Throttle(redis.client(), f"{portal}:sign_in").failed("somebody")
            Positions(redis.client(), portal).raise_to(account.id, 7)
            Positions(redis.client(), portal).needed(account.id)
            policy_violations.count(redis.client(), portal, "script-src", utc_now())
            distrust(session, account.id)
        outbox.add(session, "workers.audit_heads.keep")
    assert outbox.relay() == 1
    outbox.ring()
    with Redis.from_url(servers.valkey.url) as found:
        yield found


def kept(owner: Redis) -> dict[str, tuple[bytes | None, bool]]:
    """Every key in Redis with its content, and whether it ends by itself."""
    return {key.decode(): (owner.dump(key), owner.ttl(key) > 0) for key in owner.scan_iter("*")}


def outcome(url: str, words: str, **named: str) -> str:
    """What became of an attempt, on a connection of its own. Raises what else Redis says against it."""
    with Redis.from_url(url, single_connection_client=True) as taken:
        connection = taken.connection
        assert connection is not None
        try:
            connection.send_command(*(word.format(**named) for word in words.split(" ")))
            connection.read_response()
        except (NoPermissionError, AuthenticationError):
            return REFUSED
        except RedisError as fault:
            if "not allowed" in str(fault):
                # Refused to everybody, by the server's own settings.
                return REFUSED
            if any(said in str(fault) for said in NOT_UNDERSTOOD):
                raise
        return REACHED


def others(owner: Redis, user: RedisUser, *own: tuple[str, ...]) -> list[str]:
    return sorted(key for key in kept(owner) if not any(fnmatchcase(key, one) for some in own for one in some))


def test_the_product_keeps_a_key_of_each_kind_that_a_user_has_rights_to(owner: Redis) -> None:
    patterns = {pattern for user in RedisUser for pattern in (*KEYS[user], *READS[user], *WRITES[user])}
    assert [one for one in sorted(patterns) if not any(fnmatchcase(key, one) for key in kept(owner))] == []


@pytest.mark.parametrize("user", RedisUser)
def test_a_taken_process_reads_nothing_of_others(owner: Redis, urls: dict[RedisUser, str], user: RedisUser) -> None:
    keys = others(owner, user, KEYS[user], READS[user])
    assert len(keys) >= 5
    had = tried(urls[user], user, LOOKS, keys)
    assert had == []


@pytest.mark.parametrize("user", RedisUser)
def test_a_taken_process_changes_nothing_of_others(owner: Redis, urls: dict[RedisUser, str], user: RedisUser) -> None:
    keys, before = others(owner, user, KEYS[user], WRITES[user]), kept(owner)
    assert tried(urls[user], user, CHANGES, keys) == []
    assert {key: before[key] for key in keys} == {key: kept(owner)[key] for key in keys}


def tried(url: str, user: RedisUser, attempts: tuple[str, ...], keys: list[str]) -> list[str]:
    return [
        f"{words} {key}" for key in keys for words in attempts if outcome(url, words, key=key, own=OWN[user]) == REACHED
    ]


@pytest.mark.parametrize("user", RedisUser)
def test_a_taken_process_neither_looks_around_nor_takes_over(
    owner: Redis, urls: dict[RedisUser, str], user: RedisUser
) -> None:
    before = kept(owner)
    attempts = SWEEPING if user is RedisUser.WORKER else (*SWEEPING, *OF_PORTALS)
    assert [words for words in attempts if outcome(urls[user], words, user=f"taken_{user}") == REACHED] == []
    assert kept(owner) == before


@pytest.mark.parametrize("user", RedisUser)
@pytest.mark.parametrize("words", ["AUTH default x", "AUTH taken_strata_worker x", "HELLO 3 AUTH default x", "AUTH x"])
def test_a_taken_process_becomes_no_other_user(
    owner: Redis, urls: dict[RedisUser, str], user: RedisUser, words: str
) -> None:
    assert outcome(urls[user], words) == REFUSED


@pytest.mark.parametrize("user", RedisUser)
def test_what_is_refused_is_refused_in_a_transaction_too(
    owner: Redis, urls: dict[RedisUser, str], user: RedisUser
) -> None:
    key, before = others(owner, user, KEYS[user], READS[user], WRITES[user])[0], kept(owner)
    with Redis.from_url(urls[user]) as taken, pytest.raises(RedisError):
        taken.pipeline().get(key).set(key, "1").execute()
    assert kept(owner) == before


@pytest.mark.parametrize("database_number", [1, 15])
@pytest.mark.parametrize("user", RedisUser)
def test_another_database_of_the_server_opens_nothing(
    owner: Redis, urls: dict[RedisUser, str], user: RedisUser, database_number: int
) -> None:
    key = others(owner, user, KEYS[user], WRITES[user])[0]
    other = urls[user].removesuffix("0") + str(database_number)
    with Redis.from_url(other) as taken, pytest.raises(NoPermissionError):
        taken.set(key, "1")


FORGED: dict[str, Callable[[Redis, str], object]] = {
    "a job of its own in another queue": lambda taken, _: taken.lpush("rq:queue:archive", "mine"),
    "the job that stands there, rewritten": lambda taken, job: taken.hset(job, "data", "mine"),
    "a worker told to stop": lambda taken, _: taken.publish("rq:pubsub:x", '{"command": "shutdown"}'),
    "a bell that never rings": lambda taken, _: taken.delete("bell"),
}


@pytest.mark.parametrize("what", FORGED)
def test_of_jobs_only_workers_have_them(owner: Redis, urls: dict[RedisUser, str], what: str) -> None:
    """Nothing of a job but a message's number is believed: test_redis_users.py."""
    job = next(key for key in kept(owner) if key.startswith("rq:job:"))
    allowed = {RedisUser.WORKER, *({RedisUser.STAFF} if "bell" in what else set())}
    for user in RedisUser:
        with Redis.from_url(urls[user]) as taken:
            if user in allowed:
                FORGED[what](taken, job)
            else:
                with pytest.raises(NoPermissionError):
                    FORGED[what](taken, job)
