"""Statements in T-SQL: locks as hints on tables, OUTPUT INTO, conditions and casts as SQL Server takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import BinaryExpression, Case, ColumnClause, False_, Select, True_, UnaryExpression, and_, or_
from sqlalchemy.dialects.mssql.base import MSSQLCompiler
from sqlalchemy.exc import CompileError
from sqlalchemy.sql import operators
from sqlalchemy.sql.selectable import ForUpdateArg, FromClause
from sqlalchemy.sql.util import find_tables

OUTPUT_INTO = "INTO "


def _hint(lock: ForUpdateArg) -> str:
    """The hint for a lock. REPEATABLEREAD keeps a shared lock until the transaction ends, also under row versions."""
    words = ["REPEATABLEREAD" if lock.read else "UPDLOCK", "ROWLOCK"]
    if lock.skip_locked:
        words.append("READPAST")
    if lock.nowait:
        words.append("NOWAIT")
    return f"WITH ({', '.join(words)})"


def _locked(lock: ForUpdateArg, froms: Sequence[FromClause]) -> Iterator[FromClause]:
    """The tables whose rows the query locks: those it names, or all."""
    if lock.of:
        yield from (cast(FromClause, one.table if isinstance(one, ColumnClause) else one) for one in lock.of)
        return
    for one in froms:
        yield from find_tables(one, include_aliases=True)


class Compiler(MSSQLCompiler):
    """Compiles FOR UPDATE and FOR SHARE, which are hints on each table in T-SQL, and OUTPUT INTO."""

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
        """A hint that begins with INTO names the table that gets a statement's returned rows."""
        if text is None or not text.startswith(OUTPUT_INTO):
            return super().get_from_hint_text(table, text)
        self._goes_into = text
        return None

    def returning_clause(self, *arguments: Any, **options: Any) -> str:
        return f"{super().returning_clause(*arguments, **options)} {self._goes_into}".rstrip()

    def render_bind_cast(self, type_: Any, dbapi_type: Any, sqltext: str) -> str:
        return f"CAST({sqltext} AS {self.dialect.type_compiler_instance.process(dbapi_type)})"

    def visit_nulls_last_op_unary_modifier(self, unary: UnaryExpression[Any], _operator: Any, **kw: Any) -> str:
        # SQL Server sorts NULL as the least value, so that NULL comes last only in descending order.
        if getattr(unary.element, "modifier", None) is not operators.desc_op:
            raise CompileError("SQL Server sorts NULLs last only in descending order")
        return self.process(unary.element, **kw)

    def visit_case(self, clause: Case[Any], **kw: Any) -> str:
        """Compare a flag and a constant to 1: in T-SQL neither is a condition. AND writes its parts so."""
        if clause.value is None:
            clause = Case(*((and_(when), then) for when, then in clause.whens), else_=clause.else_)
        return str(super().visit_case(clause, **kw))

    def visit_is__binary(self, binary: BinaryExpression[Any], _operator: Any, **kw: Any) -> str:
        """IS takes NULL and nothing else in T-SQL: what always holds or never is compared."""
        word = " = " if isinstance(binary.right, True_ | False_) else " IS "
        return str(self._generate_generic_binary(binary, word, **kw))

    def visit_is_not_binary(self, binary: BinaryExpression[Any], _operator: Any, **kw: Any) -> str:
        """As IS; what is unknown is neither."""
        if not isinstance(binary.right, True_ | False_):
            return str(self._generate_generic_binary(binary, " IS NOT ", **kw))
        other = or_(binary.left != binary.right, binary.left.is_(None))
        return str(self.process(other.self_group(), **kw))

    def visit_like_op_binary(self, binary: BinaryExpression[Any], operator: Any, **kw: Any) -> str:
        return self._like("LIKE", binary, **kw)

    def visit_not_like_op_binary(self, binary: BinaryExpression[Any], operator: Any, **kw: Any) -> str:
        return self._like("NOT LIKE", binary, **kw)

    def _like(self, word: str, binary: BinaryExpression[Any], **kw: Any) -> str:
        """In T-SQL a bracket in a pattern begins a set of letters; what is escaped elsewhere does not know it."""
        left, right = self.process(binary.left, **kw), self.process(binary.right, **kw)
        escape = binary.modifiers.get("escape")
        if escape is None:
            return f"{left} {word} {right}"
        return f"{left} {word} REPLACE({right}, '[', '{escape}[') ESCAPE '{escape}'"

    def visit_now_func(self, fn: Any, **kw: Any) -> str:
        # CURRENT_TIMESTAMP is the server's local time without an offset.
        return "SYSDATETIMEOFFSET()"
