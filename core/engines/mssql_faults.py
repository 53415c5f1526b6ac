"""What SQL Server says went wrong: its error numbers, out of the driver's words."""

from __future__ import annotations

import re

NOTHING_TO_ROLL_BACK = 3903
# https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues and the engine's own.
TRANSIENT = frozenset(
    {
        *(20, 64, 121, 233, 615, 617, 669, 921, 997, 1203, 1204, 1205, 1221, 1807, 3935, 3960, 3966, 4060, 4221),
        *(10053, 10054, 10060, 10928, 10929, 11001, 40143, 40197, 40501, 40540, 40613, 42108, 42109),
        *(49918, 49919, 49920),
    }
)


def numbers(fault: BaseException) -> frozenset[int]:
    """The error numbers that SQL Server gave, out of the driver's words."""
    return frozenset(int(number) for number in re.findall(r"\((\d+)\)(?= \(SQL|;|$)", str(fault)))


def is_transient(fault: BaseException) -> bool:
    """Whether the same may work when it is tried again."""
    return not TRANSIENT.isdisjoint(numbers(fault)) or "40001" in getattr(fault, "args", ())
