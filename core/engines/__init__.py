"""What differs between PostgreSQL and SQL Server, and nothing else; no other module asks which engine runs.

May import nothing else of core but its settings.
"""

from typing import Protocol

from sqlalchemy.exc import DBAPIError

from core.engines import mssql_faults, postgresql_faults
from core.engines.adapter import Adapter
from core.engines.fault_kinds import Conflict, EngineError, FaultKind

NOTHING_SAID = "the database did not answer"


class _Faults(Protocol):
    """Classifies the faults of one driver."""

    def kind_of(self, fault: BaseException) -> FaultKind: ...
    def words_of(self, fault: BaseException) -> str | None: ...
    def is_duplicate(self, fault: BaseException) -> bool: ...


def adapter_for(url: str, *, by_polybase: bool = False) -> Adapter:
    """The adapter for a database address; SQL Server reads archives by PolyBase or else by linked servers.

    Raises EngineError for any other engine.
    """
    engine = url.split(":", 1)[0]
    if engine == "postgresql+psycopg":
        from core.engines import postgresql

        return postgresql.adapter()
    if engine == "mssql+pyodbc":
        from core.engines import mssql

        return mssql.adapter(by_polybase=by_polybase)
    raise EngineError(f"no adapter for {engine}: use postgresql+psycopg:// or mssql+pyodbc://")


def _faults_of(cause: BaseException) -> _Faults:
    """The module for the driver that raised the fault: only psycopg's faults carry their SQLSTATE."""
    return postgresql_faults if hasattr(cause, "sqlstate") else mssql_faults


def kind_of(fault: DBAPIError) -> FaultKind:
    """What a database fault means for its caller, by what the driver says."""
    cause = fault.orig
    return FaultKind.OTHER if cause is None else _faults_of(cause).kind_of(cause)


def is_duplicate(fault: DBAPIError) -> bool:
    """Whether a database refused a row because a unique key was taken, perhaps by another transaction."""
    cause = fault.orig
    return cause is not None and _faults_of(cause).is_duplicate(cause)


def words_of(fault: DBAPIError) -> str:
    """What the server said about a fault, without the values of any row."""
    cause = fault.orig
    words = None if cause is None else _faults_of(cause).words_of(cause)
    return words or NOTHING_SAID


__all__ = ["Adapter", "Conflict", "EngineError", "FaultKind", "adapter_for", "is_duplicate", "kind_of", "words_of"]
