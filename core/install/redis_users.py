"""A Redis user for each kind of process: the keys it works with, and no command that looks at or takes away others.

A portal's user can't touch the other portal's sign-ins and throttles; the patients' can't see or send jobs. Accounts'
positions, and the marks that an account has changed, are everybody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

SHARED = ("account_changed:*", "position:*", "positions:*")
# What a connection of redis-py says first, and asking whether anybody is there.
BASIC = ("+@connection", "+info", "-client|kill", "-client|list", "-client|pause", "-client|unpause")
CACHE = ("+get", "+set", "+del", "+exists", "+expire", "+hget", "+hset", "+hmget", "+hexists", "+hincrby", "+eval",
         "+multi", "+exec")  # fmt: skip
JOBS = ("+@read", "+@write", "+@transaction", "+eval", "+evalsha", "+script|load", "+@pubsub", "+@blocking",
        "-@dangerous", *BASIC)  # fmt: skip


class RedisUser(StrEnum):
    """A kind of process: users may have other names, the rules are these."""

    PUBLIC = "strata_public"
    STAFF = "strata_staff"
    WORKER = "strata_worker"


KEYS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: ("sign_in:public:*", "throttle:public:*", *SHARED),
    RedisUser.STAFF: ("sign_in:staff:*", "throttle:staff:*", "rq:*", *SHARED),
    RedisUser.WORKER: ("rq:*", *SHARED),
}
COMMANDS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (*CACHE, *BASIC),
    RedisUser.STAFF: JOBS,
    RedisUser.WORKER: JOBS,
}


def rules(user: RedisUser, password: str) -> tuple[str, ...]:
    """What follows `ACL SETUSER name`, or `user name` in an ACL file; holds the password's SHA-256 only."""
    hashed = hashlib.sha256(password.encode()).hexdigest()
    keys = (f"~{pattern}" for pattern in KEYS[user])
    channels = () if user is RedisUser.PUBLIC else ("&rq:*",)
    return ("reset", "on", f"#{hashed}", *keys, *channels, *COMMANDS[user])
