"""Classifies PostgreSQL's faults by their SQLSTATE."""

from __future__ import annotations

from core.engines.fault_kinds import FaultKind

# By how the SQLSTATE begins.
KINDS = {
    FaultKind.CONNECTION: ("08", "57P", "53300"),
    FaultKind.DISK_FULL: ("53100",),
    FaultKind.WAITED: ("55P03", "57014", "40", "25P03"),
}
UNIQUE_VIOLATION = "23505"


def kind_of(fault: BaseException) -> FaultKind:
    """The kind of a fault, by its SQLSTATE. A fault without one means that the driver lost the server."""
    state: str | None = getattr(fault, "sqlstate", None)
    if state is None:
        return FaultKind.CONNECTION
    return next((kind for kind, states in KINDS.items() if state.startswith(states)), FaultKind.OTHER)


def is_duplicate(fault: BaseException) -> bool:
    """Whether a unique key was taken."""
    return getattr(fault, "sqlstate", None) == UNIQUE_VIOLATION


def words_of(fault: BaseException) -> str | None:
    """The fault's sentence, which never quotes a row's values; None if the server said nothing."""
    words: str | None = getattr(getattr(fault, "diag", None), "message_primary", None)
    return words
