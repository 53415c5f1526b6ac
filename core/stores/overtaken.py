"""Whether a database refused a row because another transaction wrote its key first."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from core.engines import mssql_faults

# As PostgreSQL says it, and as SQL Server does: of a constraint, of an index.
UNIQUE_VIOLATION = "23505"
DUPLICATE_KEYS = frozenset({2601, 2627})


def is_duplicate(fault: IntegrityError) -> bool:
    """Whether a unique key was taken."""
    if fault.orig is None:
        return False
    state = getattr(fault.orig, "sqlstate", None)
    return state == UNIQUE_VIOLATION or not DUPLICATE_KEYS.isdisjoint(mssql_faults.numbers(fault.orig))
