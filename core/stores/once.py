"""What several parts of one page read, read once: for a session that sees one snapshot it can't differ."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

SNAPSHOT = "snapshot"
T = TypeVar("T")


def begin(session: Session) -> None:
    """The session sees one snapshot to its end: what is read once may be kept."""
    session.info[SNAPSHOT] = {}


def once(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives, kept under the key for the session's later readers; in a writing session read each time."""
    kept: dict[Hashable, Any] | None = session.info.get(SNAPSHOT)
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    found: T = kept[key]
    return found
