"""A Redis user for each kind of process. Each works with its own keys, and may not list or end other connections.

A portal's user can't touch the other portal's sign-ins, throttles and positions, nor see or send jobs: staff's may ring
that there is one, and mark that a patient's account has changed. Nobody runs scripts: one that does not end would hold
Redis up for everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from core.jobs.outbox import BELL

# The commands that redis-py sends when it connects, and the check whether Redis answers. Without those that act on
# the connections of others, tell which keys anybody changes, or have others closed first when memory ends.
BASIC = ("+@connection", "+info", "-client|kill", "-client|list", "-client|pause", "-client|unpause",
         "-client|unblock", "-client|tracking", "-client|caching", "-client|no-evict")  # fmt: skip
CACHE = ("+get", "+set", "+del", "+expire", "+hset", "+hmget", "+hincrby", "+zadd", "+zrange", "+zremrangebyrank",
         "+multi", "+exec")  # fmt: skip
RING = ("+lpush", "+ltrim")
# Without what lists keys or keeps programs; and PFMERGE of one key alone asks for no right to that key.
JOBS = ("+@read", "+@write", "+@transaction", "+@pubsub", "+@blocking",
        "-@dangerous", "-@scripting", "-function", "-scan", "-randomkey", "-dbsize",
        "-@hyperloglog", *BASIC)  # fmt: skip


class RedisUser(StrEnum):
    """A kind of process. An installation may name its users otherwise; the rules stay the same."""

    PUBLIC = "strata_public"
    STAFF = "strata_staff"
    WORKER = "strata_worker"


def _of_portal(portal: str) -> tuple[str, ...]:
    kept = ("sign_in", "throttle", "csp", "position", "account_changed")
    return tuple(f"{kind}:{portal}:*" for kind in kept)


KEYS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: _of_portal("public"),
    RedisUser.STAFF: (*_of_portal("staff"), BELL),
    RedisUser.WORKER: ("rq:*", BELL),
}
# What others count, for whom to look at alone.
READS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (),
    RedisUser.STAFF: ("csp:*",),
    RedisUser.WORKER: ("csp:*",),
}
# An admin closes patients' accounts.
WRITES: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (),
    RedisUser.STAFF: ("account_changed:public:*",),
    RedisUser.WORKER: (),
}
COMMANDS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (*CACHE, *BASIC),
    RedisUser.STAFF: (*CACHE, *RING, *BASIC),
    RedisUser.WORKER: JOBS,
}


def rules(user: RedisUser, password: str) -> tuple[str, ...]:
    """The words after `ACL SETUSER name`, or `user name` in an ACL file; of the password only its SHA-256."""
    hashed = hashlib.sha256(password.encode()).hexdigest()
    keys = [f"~{pattern}" for pattern in KEYS[user]]
    keys += [f"%R~{pattern}" for pattern in READS[user]] + [f"%W~{pattern}" for pattern in WRITES[user]]
    channels = ("&rq:*",) if user is RedisUser.WORKER else ()
    return ("reset", "on", f"#{hashed}", *keys, *channels, *COMMANDS[user])
