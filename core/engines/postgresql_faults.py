"""What PostgreSQL says went wrong, by its SQLSTATE."""

from __future__ import annotations

from core.engines.fault_kinds import FaultKind

# By how the SQLSTATE begins.
KINDS = {
    FaultKind.CONNECTION: ("08", "57P", "53300"),
    FaultKind.DISK_FULL: ("53100",),
    FaultKind.WAITED: ("55P03", "57014", "40", "25P03"),
}


def kind_of(fault: BaseException) -> FaultKind:
    """What a fault is by its SQLSTATE; a driver that has none to tell has lost its server."""
    state: str | None = getattr(fault, "sqlstate", None)
    if state is None:
        return FaultKind.CONNECTION
    return next((kind for kind, states in KINDS.items() if state.startswith(states)), FaultKind.OTHER)


def words_of(fault: BaseException) -> str | None:
    """The sentence of a fault, which quotes no row's values; None if the server said nothing."""
    words: str | None = getattr(getattr(fault, "diag", None), "message_primary", None)
    return words
