"""Hot, replica or cold? A pure decision table: no connection, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from core.stores.databases import Store


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
    reason: str
    wait: bool = False


def choose(kind: ReadKind, *, needs: int | None, replica: ReplicaState, lag_bound_seconds: float) -> Decision:
    """Choose the store of a read.

    `needs` is the log position that the account must see. It is None if nobody knows the position: then only the
    primary is sure to have it.
    """
    if kind is ReadKind.INSIDE_WRITE:
        return Decision(Store.HOT, "inside a write")
    behind = _unfit(needs, replica, lag_bound_seconds)
    if kind is ReadKind.HEAVY:
        return Decision(Store.REPLICA, behind or "heavy reads use the replica", wait=behind is not None)
    if behind is not None:
        return Decision(Store.HOT, behind)
    return Decision(Store.REPLICA, "the replica has this account's last write")


def _unfit(needs: int | None, replica: ReplicaState, lag_bound_seconds: float) -> str | None:
    if not replica.answers:
        return "the replica does not answer"
    if replica.lag_seconds > lag_bound_seconds:
        lag = f"the replica is {replica.lag_seconds:.1f} s behind"
        return lag if math.isfinite(replica.lag_seconds) else "it is not known how far the replica is behind"
    if not replica.is_settled:
        return "the replica has not been seen to have caught up"
    if needs is None:
        return "this account's last write is not known"
    if replica.position < needs:
        return "the replica has not replayed this account's last write"
    return None
