"""A Redis user of each kind of process, with the rights that it has in earnest."""

from __future__ import annotations

from typing import Any

from core.install import redis_users
from core.install.archive_readers import as_login
from core.install.redis_users import RedisUser


def made(valkey: Any, prefix: str) -> dict[RedisUser, str]:
    """Their addresses, each under its name behind `prefix`."""
    found = {}
    for user in RedisUser:
        valkey.set_user(f"{prefix}_{user}", redis_users.rules(user, "a password"))
        found[user] = as_login(valkey.url, f"{prefix}_{user}", "a password")
    return found
