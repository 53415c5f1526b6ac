"""A Redis user for each kind of process. Each works with its own keys, and may not list or end other connections.

A portal's user can't touch the other portal's sign-ins and throttles, nor see or send jobs: staff's may ring that there
is one. Accounts' positions, and the marks that an account has changed, are everybody's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from core.jobs.outbox import BELL

SHARED = ("account_changed:*", "position:*", "positions:*")
# The commands that redis-py sends when it connects, and the check whether Redis answers. Without those that act on
# the connections of others, or that tell which keys anybody changes.
BASIC = ("+@connection", "+info", "-client|kill", "-client|list", "-client|pause", "-client|unpause",
         "-client|unblock", "-client|tracking", "-client|caching")  # fmt: skip
CACHE = ("+get", "+set", "+del", "+exists", "+expire", "+hget", "+hset", "+hmget", "+hexists", "+hincrby", "+eval",
         "+multi", "+exec")  # fmt: skip
RING = ("+lpush", "+ltrim")
# Without what lists keys or keeps programs; and PFMERGE of one key alone asks for no right to that key.
JOBS = ("+@read", "+@write", "+@transaction", "+eval", "+evalsha", "+script|load", "+@pubsub", "+@blocking",
        "-@dangerous", "-function", "-scan", "-randomkey", "-dbsize",
        "-@hyperloglog", *BASIC)  # fmt: skip


class RedisUser(StrEnum):
    """A kind of process. An installation may name its users otherwise; the rules stay the same."""

    PUBLIC = "strata_public"
    STAFF = "strata_staff"
    WORKER = "strata_worker"


# What others count, for whom to look at alone.
READS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (),
    RedisUser.STAFF: ("csp:*",),
    RedisUser.WORKER: ("csp:*",),
}
KEYS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: ("sign_in:public:*", "throttle:public:*", "csp:public:*", *SHARED),
    RedisUser.STAFF: ("sign_in:staff:*", "throttle:staff:*", "csp:staff:*", BELL, *SHARED),
    RedisUser.WORKER: ("rq:*", BELL, *SHARED),
}
COMMANDS: Mapping[RedisUser, tuple[str, ...]] = {
    RedisUser.PUBLIC: (*CACHE, *BASIC),
    RedisUser.STAFF: (*CACHE, *RING, *BASIC),
    RedisUser.WORKER: JOBS,
}


def rules(user: RedisUser, password: str) -> tuple[str, ...]:
    """The words after `ACL SETUSER name`, or `user name` in an ACL file; of the password only its SHA-256."""
    hashed = hashlib.sha256(password.encode()).hexdigest()
    keys = (*(f"~{pattern}" for pattern in KEYS[user]), *(f"%R~{pattern}" for pattern in READS[user]))
    channels = ("&rq:*",) if user is RedisUser.WORKER else ()
    return ("reset", "on", f"#{hashed}", *keys, *channels, *COMMANDS[user])
