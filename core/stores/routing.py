"""Hot, replica or cold? A pure decision table: no connection, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from core.stores.databases import Store


class Cause(StrEnum):
    """Why a store was chosen, as figures count it: the few words that a reason begins with."""

    FITS = "fits"
    HEAVY = "heavy"
    INSIDE_WRITE = "inside write"
    SILENT = "replica silent"
    LATE = "replica late"
    LAG_UNKNOWN = "replica lag unknown"
    UNSETTLED = "replica catching up"
    WRITE_UNKNOWN = "last write unknown"
    WRITE_MISSING = "last write missing"


class ReadKind(StrEnum):
    """The kinds of reads that differ in their store."""

    PAGE = "page"
    HEAVY = "heavy"
    INSIDE_WRITE = "inside write"


@dataclass(frozen=True)
class ReplicaState:
    """The last look at the replica: the position it has replayed, and how many seconds it is behind at most.

    `answers` is False while the replica is down. A changed `incarnation` is a restart. After a restart `is_settled` is
    False until the replica has everything that the primary has: it may lack rows that it has shown before.
    """

    answers: bool
    position: int = 0
    lag_seconds: float = 0.0
    incarnation: str = ""
    is_settled: bool = True


@dataclass(frozen=True)
class Decision:
    """The store to read, and why. With `wait`, the reader must wait until the replica has caught up."""

    store: Store
    cause: Cause
    reason: str
    wait: bool = False


def choose(kind: ReadKind, *, needs: int | None, replica: ReplicaState, lag_bound_seconds: float) -> Decision:
    """Choose the store of a read.

    `needs` is the log position that the account must see. It is None if nobody knows the position: then only the
    primary is sure to have it.
    """
    if kind is ReadKind.INSIDE_WRITE:
        return Decision(Store.HOT, Cause.INSIDE_WRITE, "inside a write")
    unfit = _unfit(needs, replica, lag_bound_seconds)
    if kind is ReadKind.HEAVY:
        cause, reason = unfit or (Cause.HEAVY, "heavy reads use the replica")
        return Decision(Store.REPLICA, cause, reason, wait=unfit is not None)
    if unfit is not None:
        return Decision(Store.HOT, *unfit)
    return Decision(Store.REPLICA, Cause.FITS, "the replica has this account's last write")


def _unfit(needs: int | None, replica: ReplicaState, lag_bound_seconds: float) -> tuple[Cause, str] | None:
    if not replica.answers:
        return Cause.SILENT, "the replica does not answer"
    if replica.lag_seconds > lag_bound_seconds:
        return _late(replica.lag_seconds)
    if not replica.is_settled:
        return Cause.UNSETTLED, "the replica has not been seen to have caught up"
    if needs is None:
        return Cause.WRITE_UNKNOWN, "this account's last write is not known"
    if replica.position < needs:
        return Cause.WRITE_MISSING, "the replica has not replayed this account's last write"
    return None


def _late(lag_seconds: float) -> tuple[Cause, str]:
    if not math.isfinite(lag_seconds):
        return Cause.LAG_UNKNOWN, "it is not known how far the replica is behind"
    return Cause.LATE, f"the replica is {lag_seconds:.1f} s behind"
