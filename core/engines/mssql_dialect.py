"""T-SQL as this product writes it: locks as hints, text as NVARCHAR, instants to the microsecond, JSON as jsonb is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Case,
    Column,
    ColumnClause,
    Connection,
    DateTime,
    Select,
    Table,
    UnaryExpression,
    UniqueConstraint,
    event,
    true,
)
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mssql.base import MSDDLCompiler, MSExecutionContext, MSSQLCompiler, MSTypeCompiler
from sqlalchemy.dialects.mssql.pyodbc import MSDialect_pyodbc, _ODBCDateTime
from sqlalchemy.engine import cursor as cursors
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import AddConstraint, CreateIndex, DropConstraint
from sqlalchemy.sql import operators
from sqlalchemy.sql.selectable import ForUpdateArg, FromClause
from sqlalchemy.sql.util import find_tables

from core.engines import mssql_load
from core.engines.mssql_faults import NOTHING_TO_ROLL_BACK, numbers
from core.engines.mssql_hash import COLLATION
from core.engines.mssql_server import is_babelfish

DRIVERNAME = "mssql+strata"
FRACTION_DIGITS = 6
OUTPUT_INTO = "INTO "
INTO_TEMPORARY = re.compile(r"INSERT INTO \[?#")


def canonical_json(value: Any) -> str:
    """A value as PostgreSQL's jsonb prints it: keys by length, then by bytes; so that both engines hash it alike."""
    return json.dumps(_in_order(value), ensure_ascii=False, separators=(", ", ": "))


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(map(str, value), key=lambda key: (len(key.encode()), key.encode()))
        return {key: _in_order(value[key]) for key in keys}
    if isinstance(value, list | tuple):
        return [_in_order(one) for one in value]
    return value


def _hint(lock: ForUpdateArg) -> str:
    """REPEATABLEREAD keeps a shared lock to the transaction's end, also where readers else see versions."""
    words = ["REPEATABLEREAD" if lock.read else "UPDLOCK", "ROWLOCK"]
    if lock.skip_locked:
        words.append("READPAST")
    if lock.nowait:
        words.append("NOWAIT")
    return f"WITH ({', '.join(words)})"


def _locked(lock: ForUpdateArg, froms: Sequence[FromClause]) -> Iterator[FromClause]:
    """The tables whose rows are locked: those that the query names for it, or all."""
    if lock.of:
        yield from (cast(FromClause, one.table if isinstance(one, ColumnClause) else one) for one in lock.of)
        return
    for one in froms:
        yield from find_tables(one, include_aliases=True)


def _is_flag(condition: Any) -> bool:
    return isinstance(condition, ColumnClause) and isinstance(condition.type, Boolean)


class Compiler(MSSQLCompiler):
    """Compiles FOR UPDATE and FOR SHARE, for which T-SQL has hints on each table, and OUTPUT INTO."""

    _goes_into = ""

    def _compose_select_body(self, text: str, select: Select[Any], *parts: Any) -> str:
        compile_state, columns, froms, byfrom, *others = parts
        lock = select._for_update_arg
        if lock is not None:
            hint = _hint(lock)
            byfrom = dict(byfrom or {})
            for table in _locked(lock, froms):
                byfrom[table] = hint
                select = select.with_hint(table, hint, self.dialect.name)
        body = super()._compose_select_body(text, select, compile_state, columns, froms, byfrom, *others)
        return str(body)

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """A hint that begins with INTO says where the rows that a statement returns go instead."""
        if text is None or not text.startswith(OUTPUT_INTO):
            return super().get_from_hint_text(table, text)
        self._goes_into = text
        return None

    def returning_clause(self, *arguments: Any, **options: Any) -> str:
        return f"{super().returning_clause(*arguments, **options)} {self._goes_into}".rstrip()

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        return f"CAST({sqltext} AS {self.dialect.type_compiler_instance.process(dbapi_type)})"

    def visit_nulls_last_op_unary_modifier(self, unary: UnaryExpression[Any], _operator: Any, **kw: Any) -> str:
        # NULL sorts as the least here: behind all others it is only from the greatest down.
        if getattr(unary.element, "modifier", None) is not operators.desc_op:
            raise CompileError("SQL Server sorts NULLs last only in descending order")
        return self.process(unary.element, **kw)

    def visit_case(self, clause: Case[Any], **kw: Any) -> str:
        """CASE takes no column for a condition."""
        if clause.value is None:
            whens = [(when == true() if _is_flag(when) else when, then) for when, then in clause.whens]
            clause = Case(*whens, else_=clause.else_)
        return str(super().visit_case(clause, **kw))

    def visit_now_func(self, fn: Any, **kw: Any) -> str:
        # CURRENT_TIMESTAMP is the server's local time, without its offset.
        return "SYSDATETIMEOFFSET()"


class DDLCompiler(MSDDLCompiler):
    """Uniqueness as PostgreSQL means it: NULL equals nothing. T-SQL says that by an index that leaves NULLs out."""

    def visit_create_index(self, create: CreateIndex, *options: Any, **kw: Any) -> str:
        of = create.element.dialect_options
        if of["mssql"]["where"] is None:
            of["mssql"]["where"] = of["postgresql"]["where"]
        return str(super().visit_create_index(create, *options, **kw))

    def visit_unique_constraint(self, constraint: UniqueConstraint, **kw: Any) -> Any:
        """Nothing in the table: an index follows it."""

    def visit_add_constraint(self, create: AddConstraint, **kw: Any) -> str:
        constraint = create.element
        return (
            self._unique(constraint)
            if isinstance(constraint, UniqueConstraint)
            else super().visit_add_constraint(create)
        )

    def visit_drop_constraint(self, drop: DropConstraint, **kw: Any) -> str:
        if isinstance(drop.element, UniqueConstraint):
            name, table = self._names(drop.element)
            return f"DROP INDEX {name} ON {table}"
        return super().visit_drop_constraint(drop)

    def _unique(self, constraint: UniqueConstraint) -> str:
        name, table = self._names(constraint)
        columns = ", ".join(self.preparer.format_column(column) for column in constraint.columns)
        made = f"CREATE UNIQUE INDEX {name} ON {table} ({columns})"
        nullable = [column for column in constraint.columns if column.nullable]
        if not nullable or constraint.dialect_options["postgresql"]["nulls_not_distinct"]:
            return made
        return (
            f"{made} WHERE {' AND '.join(f'{self.preparer.format_column(column)} IS NOT NULL' for column in nullable)}"
        )

    def _names(self, constraint: UniqueConstraint) -> tuple[str, str]:
        return str(self.preparer.format_constraint(constraint)), self.preparer.format_table(constraint.table)


@event.listens_for(Table, "after_create")
def _make_unique(table: Table, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == Dialect.name:
        for constraint in unique_constraints(table):
            connection.execute(AddConstraint(constraint))


def unique_constraints(table: Table) -> list[UniqueConstraint]:
    """A table's unique constraints by their columns."""
    found = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    return sorted(found, key=lambda constraint: constraint.columns.keys())


class Instant(_ODBCDateTime):
    """An aware instant goes as text, to keep its offset: what it is must be said."""

    render_bind_cast = True


class TypeCompiler(MSTypeCompiler):
    """All text is Unicode; instants keep microseconds, as Python has them."""

    def visit_string(self, type_: Any, **kw: Any) -> str:
        return f"{self.visit_NVARCHAR(type_, **kw)}{self._compared(kw)}"

    def visit_text(self, type_: Any, **kw: Any) -> str:
        return f"NVARCHAR(max){self._compared(kw)}"

    def visit_JSON(self, type_: Any, **kw: Any) -> str:
        return self.visit_text(type_, **kw)

    @staticmethod
    def _compared(options: dict[str, Any]) -> str:
        """How a column's text is compared, whatever its database's own collation: code point by code point."""
        return f" COLLATE {COLLATION}" if isinstance(options.get("type_expression"), Column) else ""

    def visit_date(self, type_: Any, **kw: Any) -> str:
        return "DATE"

    def visit_DATETIMEOFFSET(self, type_: Any, **kw: Any) -> str:
        return f"DATETIMEOFFSET({FRACTION_DIGITS})"


class Execution(MSExecutionContext):
    """Takes all that a statement answers at once, as psycopg does, unless it streams.

    A connection has one open result at a time; and what is left unread when the cursor goes may not be done: the driver
    tells the server to stop.
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
        """Of the first answer that has any."""
        strategy: Any = self.cursor_fetch_strategy
        if self.cursor.description is not None and strategy is cursors._DEFAULT_FETCH:
            self.cursor_fetch_strategy = cursors.FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, self.cursor.fetchall()
            )


class Dialect(MSDialect_pyodbc):
    """SQLAlchemy's, with the compilers above."""

    supports_statement_cache = True
    execution_ctx_cls = Execution
    statement_compiler = Compiler
    ddl_compiler = DDLCompiler
    type_compiler_cls = TypeCompiler
    bind_typing = BindTyping.RENDER_CASTS
    colspecs = {**MSDialect_pyodbc.colspecs, DateTime: Instant}
    # Whether VARCHAR needs a collation to be UTF-8; asked of the server at the first connection.
    utf8_collations = True
    # Whether an array of parameters can go into a temporary table; known then too.
    arrays_fill_temporary = True
    # Whether a text in JSON comes out as it went in, and not with its escapes; known then too.
    reads_escapes = True

    def __init__(self, **options: Any) -> None:
        super().__init__(json_serializer=canonical_json, use_setinputsizes=False, **options)

    def initialize(self, connection: Connection) -> None:
        super().initialize(connection)
        if is_babelfish(connection):
            self.utf8_collations = False
            self.arrays_fill_temporary = False
            self.reads_escapes = False
            # It can't insert rows in an order that it returns.
            self.use_insertmanyvalues = False

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        super().do_execute(cursor, *mssql_load.with_nulls_written(statement, parameters), context)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        sizes = mssql_load.sizes(context, self)
        if sizes is not None and (self.arrays_fill_temporary or not INTO_TEMPORARY.match(statement)):
            cursor.setinputsizes(sizes)
            super().do_executemany(cursor, statement, parameters, context)
            return
        for row in parameters:
            self.do_execute(cursor, statement, row, context)
            while cursor.nextset():
                pass

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        # A look at whether the connection is alive has begun a transaction, in which it can't be changed.
        self.do_rollback(dbapi_connection)
        super().set_isolation_level(dbapi_connection, level)

    def do_rollback(self, dbapi_connection: Any) -> None:
        try:
            super().do_rollback(dbapi_connection)
        except self.loaded_dbapi.ProgrammingError as fault:
            # The server has done it already, when it ended the statement.
            if NOTHING_TO_ROLL_BACK not in numbers(fault):
                raise

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        try:
            return super().get_default_isolation_level(dbapi_conn)
        except NotImplementedError:
            # Not every server that speaks the protocol tells it; this is what the protocol begins with.
            return "READ COMMITTED"


registry.register(DRIVERNAME.replace("+", "."), __name__, Dialect.__name__)
