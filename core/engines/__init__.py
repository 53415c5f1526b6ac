"""What differs between PostgreSQL and SQL Server, and nothing else; no other module asks which engine runs.

May import nothing else of core but its settings.
"""

from typing import Protocol

from sqlalchemy.exc import DBAPIError

from core.engines import mssql_faults, postgresql_faults
from core.engines.base import Adapter, Conflict, EngineError, FaultKind

NOTHING_SAID = "the database did not answer"


class _Faults(Protocol):
    """What tells the faults of one driver apart."""

    def kind_of(self, fault: BaseException) -> FaultKind: ...
    def words_of(self, fault: BaseException) -> str | None: ...


def adapter_for(url: str, *, by_polybase: bool = False) -> Adapter:
    """The adapter of an address, whose SQL Server is linked by PolyBase or else by linked servers.

    Raises EngineError for an engine we don't speak.
    """
    engine = url.split(":", 1)[0]
    if engine == "postgresql+psycopg":
        from core.engines.postgresql import PostgreSQL

        return PostgreSQL()
    if engine == "mssql+pyodbc":
        from core.engines.mssql import SqlServer

        return SqlServer(by_polybase=by_polybase)
    raise EngineError(f"no adapter for {engine}: use postgresql+psycopg:// or mssql+pyodbc://")


def _faults_of(cause: BaseException) -> _Faults:
    """Where the faults of its driver are told apart: psycopg's know their SQLSTATE."""
    return postgresql_faults if hasattr(cause, "sqlstate") else mssql_faults


def kind_of(fault: DBAPIError) -> FaultKind:
    """What a database's fault is to whoever meets it, by what its driver says."""
    cause = fault.orig
    return FaultKind.OTHER if cause is None else _faults_of(cause).kind_of(cause)


def words_of(fault: DBAPIError) -> str:
    """What the server said of a fault, without the values of any row."""
    cause = fault.orig
    words = None if cause is None else _faults_of(cause).words_of(cause)
    return words or NOTHING_SAID


__all__ = ["Adapter", "Conflict", "EngineError", "FaultKind", "adapter_for", "kind_of", "words_of"]
