"""Classifies SQL Server's faults by their error numbers, which stand in the driver's words."""

from __future__ import annotations

import re

from core.engines.fault_kinds import FaultKind

NOTHING_TO_ROLL_BACK = 3903
# https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues and the engine's own.
TRANSIENT = frozenset(
    {
        *(20, 64, 121, 233, 615, 617, 669, 921, 997, 1203, 1204, 1205, 1221, 1807, 3935, 3960, 3966, 4060, 4221),
        *(10053, 10054, 10060, 10928, 10929, 11001, 40143, 40197, 40501, 40540, 40613, 42108, 42109),
        *(49918, 49919, 49920),
    }
)
# Deadlock, lock time-out, a snapshot conflict with another transaction's write.
WAITED = frozenset({1204, 1205, 1222, 3960})
FULL = frozenset({1101, 1105, 9002})
# A linked server that can't be reached, or is too late. By their SQLSTATE these would be faults of the statement.
LINK_LOST = frozenset({2, 53, 258, 7202, 7303, 7320, 7330, 7399, 7416, 10061, 11001})
# The login of a link is refused while its password changes. At our own login it is a fault of the settings.
LOGIN_REFUSED = 18456
# Babelfish has one number for everything, so its words must tell: lost, late, refused.
FDW_LOST = re.compile(r"TDS client library error: DB #: 200(?:02|03|04|06|09|17|47)\b")
# Of an index, of a constraint.
DUPLICATE_KEYS = frozenset({2601, 2627})
WORDS = {
    515: "a value is missing",
    547: "a row that it names is missing, or is named by another",
    **dict.fromkeys(DUPLICATE_KEYS, "duplicate key"),
    **dict.fromkeys((2628, 8152), "a text is too long"),
}
SERIALIZATION, TIMED_OUT, LOST = "40001", "HYT00", "08"
# The driver's call that opens a connection. A time-out there means that the server did not answer at all.
OPENING = "SQLDriverConnect"


def numbers(fault: BaseException) -> frozenset[int]:
    """SQL Server's error numbers, from the driver's words."""
    return frozenset(int(number) for number in re.findall(r"\((\d+)\)(?= \(SQL|;|$)", str(fault)))


def is_transient(fault: BaseException) -> bool:
    """Whether the same statement may work at the next try."""
    return not TRANSIENT.isdisjoint(numbers(fault)) or _state(fault) == SERIALIZATION


def is_duplicate(fault: BaseException) -> bool:
    """Whether a unique key was taken."""
    return not DUPLICATE_KEYS.isdisjoint(numbers(fault))


def kind_of(fault: BaseException) -> FaultKind:
    """The kind of a driver's fault, by its SQLSTATE and the server's error number."""
    state, found = _state(fault), numbers(fault)
    if not FULL.isdisjoint(found):
        return FaultKind.DISK_FULL
    if state == TIMED_OUT and OPENING in str(fault):
        return FaultKind.CONNECTION
    if state in (SERIALIZATION, TIMED_OUT) or not WAITED.isdisjoint(found):
        return FaultKind.WAITED
    if state.startswith(LOST) or _is_lost(str(fault), found):
        return FaultKind.CONNECTION
    return FaultKind.OTHER


def _is_lost(words: str, found: frozenset[int]) -> bool:
    if LOGIN_REFUSED in found and OPENING not in words:
        return True
    return not (TRANSIENT | LINK_LOST).isdisjoint(found) or FDW_LOST.search(words) is not None


def words_of(fault: BaseException) -> str:
    """The fault in our own words: the server's sentence may quote a row's values."""
    found = sorted(numbers(fault) - {0})
    code = f"SQLSTATE {_state(fault)}{''.join(f', error {number}' for number in found)}"
    words = next((WORDS[number] for number in found if number in WORDS), None)
    return f"{words} ({code})" if words is not None else code


def _state(fault: BaseException) -> str:
    return str(fault.args[0]) if fault.args else ""
