"""Slow the guessing of one account's password, code or set-up code, wherever the guesses come from.

A browser that knows the account has a count of its own. All others share one count for the account, beside one for
each address: so many addresses guess no more than one does, and no stranger keeps the account's own browser out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import current_app, request

from core.access.throttle import ONE_ACCOUNT, ONE_ACCOUNT_EVERYWHERE, Throttle, network
from core.services.accounts import TooManyAttempts
from core.stores import redis
from core.web import known_devices
from core.web.portal import portal


@dataclass(frozen=True)
class Guesses:
    """What counts against who guesses now."""

    own: tuple[Throttle, tuple[str, ...]]
    shared: tuple[Throttle, tuple[str, ...]] | None

    def check(self) -> None:
        """Raises TooManyAttempts while whoever guesses must still wait."""
        seconds = max(throttle.wait_seconds(*parts) for throttle, parts in self._all)
        if seconds:
            raise TooManyAttempts(seconds)

    def failed(self) -> None:
        """Count a wrong guess."""
        for throttle, parts in self._all:
            throttle.failed(*parts)

    def succeeded(self) -> None:
        """Forget the own count. The shared one stays: otherwise each sign-in would let strangers begin again."""
        throttle, parts = self.own
        throttle.clear(*parts)

    @property
    def _all(self) -> tuple[tuple[Throttle, tuple[str, ...]], ...]:
        return (self.own, self.shared) if self.shared is not None else (self.own,)


def guesses(kind: str, username: str) -> Guesses:
    """The counts of one kind of guess at one account. Raises TooManyAttempts while whoever guesses must wait."""
    here, device = f"{portal(current_app).name}:{kind}", known_devices.device_of(username)
    name = username.strip()
    if device is not None:
        found = Guesses((_throttle(f"{here}:device"), (name, device)), None)
    else:
        address = network(request.remote_addr or "")
        everywhere = Throttle(redis.client(), f"{here}:everywhere", ONE_ACCOUNT_EVERYWHERE)
        found = Guesses((_throttle(here), (name, address)), (everywhere, (name,)))
    found.check()
    return found


@contextmanager
def slowed(kind: str, username: str, *wrong: type[Exception]) -> Iterator[None]:
    """Count each exception of a kind in `wrong` as a wrong guess. Raises TooManyAttempts."""
    counts = guesses(kind, username)
    try:
        yield
    except wrong:
        counts.failed()
        raise
    counts.succeeded()


def _throttle(kind: str) -> Throttle:
    return Throttle(redis.client(), kind, ONE_ACCOUNT)
