"""SQLAlchemy's dialect for SQL Server as this product needs it: how statements run, and what their results are."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, DateTime
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mssql.base import MSExecutionContext
from sqlalchemy.dialects.mssql.pyodbc import MSDialect_pyodbc, _ODBCDateTime
from sqlalchemy.engine import cursor as cursors
from sqlalchemy.engine.interfaces import BindTyping

from core.engines import mssql_parameters
from core.engines.mssql_faults import NOTHING_TO_ROLL_BACK, numbers
from core.engines.mssql_hash import canonical_json
from core.engines.mssql_server import is_babelfish
from core.engines.mssql_statements import Compiler
from core.engines.mssql_tables import DDLCompiler, TypeCompiler

DRIVERNAME = "mssql+strata"
INTO_TEMPORARY = re.compile(r"INSERT INTO \[?#")


class Instant(_ODBCDateTime):
    """Sends an aware instant as text, which keeps its offset, with a cast that says its type."""

    render_bind_cast = True


class Execution(MSExecutionContext):
    """Reads the whole answer of a statement at once, as psycopg does, except for a statement that streams.

    A connection can have only one open result. And if a cursor closes before its answer is read, the driver tells the
    server to stop, so that the rest of the statement may not run.
    """

    def post_exec(self) -> None:
        super().post_exec()
        if self.execution_options.get("stream_results"):
            return
        cursor = self.cursor
        if self._rowcount is None:
            self._rowcount = cursor.rowcount
        self._keep_rows()
        while cursor.nextset():
            self._keep_rows()

    def _keep_rows(self) -> None:
        """Keep the rows of the first result that has rows."""
        strategy: Any = self.cursor_fetch_strategy
        if self.cursor.description is not None and strategy is cursors._DEFAULT_FETCH:
            self.cursor_fetch_strategy = cursors.FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, self.cursor.fetchall()
            )


class Dialect(MSDialect_pyodbc):
    """SQLAlchemy's dialect for pyodbc, with this product's compilers."""

    supports_statement_cache = True
    execution_ctx_cls = Execution
    statement_compiler = Compiler
    ddl_compiler = DDLCompiler
    type_compiler_cls = TypeCompiler
    bind_typing = BindTyping.RENDER_CASTS
    colspecs = {**MSDialect_pyodbc.colspecs, DateTime: Instant}
    # These three depend on the server; `initialize` sets them at the first connection.
    # Whether VARCHAR needs a collation to be UTF-8.
    utf8_collations = True
    # Whether an array of parameters can go into a temporary table.
    arrays_fill_temporary = True
    # Whether OPENJSON turns JSON's escapes back into what they stand for.
    reads_escapes = True

    def __init__(self, **options: Any) -> None:
        super().__init__(json_serializer=canonical_json, use_setinputsizes=False, **options)

    def initialize(self, connection: Connection) -> None:
        super().initialize(connection)
        if is_babelfish(connection):
            self.utf8_collations = False
            self.arrays_fill_temporary = False
            self.reads_escapes = False
            # Babelfish can't return inserted rows in the order of their insertion.
            self.use_insertmanyvalues = False

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        super().do_execute(cursor, *mssql_parameters.with_nulls_written(statement, parameters), context)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        sizes = mssql_parameters.sizes(context, self)
        if sizes is not None and (self.arrays_fill_temporary or not INTO_TEMPORARY.match(statement)):
            cursor.setinputsizes(sizes)
            super().do_executemany(cursor, statement, parameters, context)
            return
        for row in parameters:
            self.do_execute(cursor, statement, row, context)
            while cursor.nextset():
                pass

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        # The check whether the connection is alive began a transaction, in which the level can't change.
        self.do_rollback(dbapi_connection)
        super().set_isolation_level(dbapi_connection, level)

    def do_rollback(self, dbapi_connection: Any) -> None:
        try:
            super().do_rollback(dbapi_connection)
        except self.loaded_dbapi.ProgrammingError as fault:
            # The server rolled back when it ended the statement.
            if NOTHING_TO_ROLL_BACK not in numbers(fault):
                raise

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        try:
            return super().get_default_isolation_level(dbapi_conn)
        except NotImplementedError:
            # Some servers that speak the protocol don't tell the level; this is the protocol's first one.
            return "READ COMMITTED"


registry.register(DRIVERNAME.replace("+", "."), __name__, Dialect.__name__)
