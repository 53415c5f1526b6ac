"""How often browsers reported that a page tried what its content security policy forbids: a count for each directive.

Nothing else of a report is kept: neither who sent it, nor from which page. Redis keeps the counts for days; while it is
down, none are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from redis import Redis, RedisError

PORTALS = ("public", "staff")
OTHER = "other"
DIRECTIVES = (
    "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr",
    "img-src", "connect-src", "font-src", "form-action", "base-uri", "frame-ancestors", "frame-src", "object-src",
    "media-src", "worker-src", "manifest-src", OTHER,
)  # fmt: skip
KEPT_DAYS = 8


def key_of(portal: str, at: datetime) -> str:
    """The key of one portal's counts of one UTC day."""
    return f"csp:{portal}:{at:%Y-%m-%d}"


def count(redis: Redis, portal: str, directive: str, at: datetime) -> None:
    """Count one report; a directive that is none of these counts as `other`."""
    key = key_of(portal, at)
    try:
        with redis.pipeline() as pipe:
            pipe.hincrby(key, directive if directive in DIRECTIVES else OTHER, 1)
            pipe.expire(key, timedelta(days=KEPT_DAYS))
            pipe.execute()
    except RedisError:
        return


def counts(redis: Redis, now: datetime, days: int = 2) -> Mapping[tuple[str, str], int] | None:
    """Reports of today and the days before, by portal and directive; None if Redis can't tell."""
    found: Counter[tuple[str, str]] = Counter()
    try:
        for portal in PORTALS:
            for back in range(days):
                many = redis.hmget(key_of(portal, now - timedelta(days=back)), DIRECTIVES)
                found.update({(portal, name): int(one) for name, one in zip(DIRECTIVES, many, strict=True) if one})
    except (RedisError, ValueError):
        # Also what is no count, which is none of ours.
        return None
    return found
