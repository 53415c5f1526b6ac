"""What the model of the move knows: states, how much may happen, and the ways in which the protocol can be broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

NONE, PLANNED, STAGED, LOADED, VERIFIED, RELEASED, RESTORED, PURGED = range(8)
OWNS_NOTHING_YET = (PLANNED, STAGED, LOADED, VERIFIED, RESTORED)


class Primary(NamedTuple):
    """What the primary has committed; also a snapshot of it.

    `ranges` says into which batch's range a row's time falls, where batches move side by side. `truth` is what a row
    should read: the model's own.
    """

    hot: tuple[int, ...]
    ranges: tuple[int, ...]
    batches: tuple[int, ...]
    files: tuple[tuple[int, ...], ...]
    restored: tuple[bool, ...]
    truth: tuple[int, ...]


class State(NamedTuple):
    """Everything. A version of 0 is no row; a copy in the archive is (batch, version) or None.

    `workers` are what each live worker is in the middle of, `zombie` a write to the archive by one that is lost.
    """

    primary: Primary
    replica: Primary
    archive: tuple[tuple[int, int] | None, ...]
    workers: tuple[tuple[Any, ...] | None, ...]
    zombie: tuple[Any, ...] | None = None
    reader: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Bounds:
    """How much happens: more rows, edits and batches mean more states."""

    rows: int
    edits: int
    batches: int
    restores: bool = True
    crashes: bool = True
    lanes: int = 1
    readers: bool = True


@dataclass(frozen=True)
class Variant:
    """The protocol, or one that is broken in one place."""

    cold_before_hot: bool = False
    ignores_window: bool = False
    purges_at_once: bool = False
    releases_unverified: bool = False
    ignores_versions: bool = False
    stages_before_purge: bool = False
    keeps_superseded: bool = False
    marks_apart: bool = False
    replaces_what_others_own: bool = False


class Violation(Exception):
    """A guarantee does not hold here."""


def put(values: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*values[:place], value, *values[place + 1 :])


def in_state(primary: Primary, batch: int, state: int) -> Primary:
    return primary._replace(batches=put(primary.batches, batch, state))
