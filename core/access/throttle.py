"""Slows the guessing of passwords: after a few failures in a row, each further failure doubles the wait.

Redis keeps the counts. While Redis is down, this process keeps them, so that guessing is slowed then too.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Network, ip_address

from redis import Redis, RedisError

REMEMBERED_KEYS = 10_000


@dataclass(frozen=True)
class Limits:
    """Failures that cost no wait, the wait after the next one, and the longest wait: it doubles with each failure.

    Failures are forgotten `remembered_seconds` after the last one.
    """

    free: int
    first_seconds: int
    longest_seconds: int
    remembered_seconds: int

    def wait_after(self, failures: int) -> int:
        """Seconds to wait after so many failures in a row."""
        if failures <= self.free:
            return 0
        return int(min(self.first_seconds * 2 ** min(failures - self.free - 1, 30), self.longest_seconds))


ONE_ACCOUNT = Limits(free=4, first_seconds=2, longest_seconds=900, remembered_seconds=1_800)
# Over all addresses. In the long run an account is guessed at once an hour.
ONE_ACCOUNT_EVERYWHERE = Limits(free=10, first_seconds=4, longest_seconds=3_600, remembered_seconds=86_400)
# The people of a clinic may share one address: one who guesses there must not keep the others out for long.
ONE_ADDRESS = Limits(free=20, first_seconds=1, longest_seconds=10, remembered_seconds=20)


@dataclass
class _Memory:
    """Failures that were counted here because Redis did not answer; the oldest are forgotten first."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def failures(self, key: str) -> tuple[int, float]:
        with self.lock:
            return self.seen.get(key, (0, 0.0))

    def add(self, key: str, now: float) -> None:
        with self.lock:
            count, _ = self.seen.pop(key, (0, 0.0))
            self.seen[key] = (count + 1, now)
            while len(self.seen) > REMEMBERED_KEYS:
                self.seen.popitem(last=False)

    def clear(self, key: str) -> None:
        with self.lock:
            self.seen.pop(key, None)


_memory = _Memory()


def forget() -> None:
    """Forget every attempt that this process has counted by itself, while Redis did not answer."""
    _memory.seen.clear()


@dataclass(frozen=True)
class Throttle:
    """Counts failures of one kind, such as wrong passwords, for each guesser.

    A guesser is named by `parts`: an account name, an address, or both.
    """

    redis: Redis
    kind: str
    limits: Limits = ONE_ACCOUNT

    def wait_seconds(self, *parts: str) -> int:
        """Seconds that this guesser must still wait; 0 if the guesser may try now."""
        key = self.key_of(parts)
        count, last = _memory.failures(key)
        if time.time() - last > self.limits.remembered_seconds:
            count = 0
        try:
            stored, at = self.redis.hmget(key, "failures", "at")
            count, last = count + int(stored or 0), max(last, float(at or 0))
        except (RedisError, ValueError):
            # Also what is no count, which is none of ours.
            pass
        wait = self.limits.wait_after(count)
        return max(0, round(last + wait - time.time() + 0.5)) if wait else 0

    def failed(self, *parts: str) -> None:
        """Count one more failure of this guesser."""
        key, now = self.key_of(parts), time.time()
        try:
            with self.redis.pipeline() as pipe:
                pipe.hincrby(key, "failures", 1)
                pipe.hset(key, "at", str(now))
                pipe.expire(key, self.limits.remembered_seconds)
                pipe.execute()
        except RedisError:
            _memory.add(key, now)

    def clear(self, *parts: str) -> None:
        """Forget this guesser's failures: the right password was given."""
        key = self.key_of(parts)
        _memory.clear(key)
        try:
            self.redis.delete(key)
        except RedisError:
            return

    def key_of(self, parts: tuple[str, ...]) -> str:
        named = "\0".join(part.casefold() for part in parts)
        return f"throttle:{self.kind}:{hashlib.sha256(named.encode()).hexdigest()}"


def network(address: str) -> str:
    """What one guesser holds: an IPv4 address, or the /64 of an IPv6 one, which has more addresses than any limit."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, 64), strict=False))
