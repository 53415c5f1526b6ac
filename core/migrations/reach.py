"""What a time, a day or a number may be, so that each process can read what another wrote.

Python has no year 0 or 10000 and adds to no day near them; NaN and infinity are in no order.
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op

from core.migrations.columns import is_sql_server

EARLIEST, LATEST = "1800-01-01", "9000-01-01"
# PostgreSQL takes NaN for more than every number.
NUMBERS = "1e300"
# Of JSON: Python reads some hundred levels, and no number of more than 4,300 digits.
DEEPEST = 32


def keep(table: str, *, times: Sequence[str] = (), numbers: Sequence[str] = ()) -> None:
    """Refuse what lies outside in these columns. Older rows are not looked at: the largest tables take too long."""
    within = [f"{column} > '{EARLIEST}' AND {column} < '{LATEST}'" for column in times]
    within += [f"{column} > -{NUMBERS} AND {column} < {NUMBERS}" for column in numbers]
    add = f"ADD CONSTRAINT {_name(table)} CHECK ({' AND '.join(within)})"
    op.execute(f"ALTER TABLE {table} WITH NOCHECK {add}" if is_sql_server() else f"ALTER TABLE {table} {add} NOT VALID")


def keep_documents(table: str, **kinds: str) -> None:
    """Refuse what is no `object` or no `array` in these columns, is too deep, or holds a number beyond reach.

    SQL Server looks at neither depth nor numbers, but refuses what is no JSON.
    """
    sql_server = is_sql_server()
    said = [(_on_sql_server if sql_server else _on_postgresql)(column, kind) for column, kind in kinds.items()]
    add = f"ADD CONSTRAINT {_documents(table)} CHECK ({' AND '.join(said)})"
    op.execute(f"ALTER TABLE {table} WITH NOCHECK {add}" if sql_server else f"ALTER TABLE {table} {add} NOT VALID")


def _on_postgresql(column: str, kind: str) -> str:
    paths = (f"$.**{{{DEEPEST} to last}}", f'$.** ? (@.type() == "number" && (@ >= {NUMBERS} || @ <= -{NUMBERS}))')
    return f"jsonb_typeof({column}) = '{kind}'" + "".join(
        f" AND NOT jsonb_path_exists({column}, '{path}')" for path in paths
    )


def _on_sql_server(column: str, kind: str) -> str:
    first = {"object": "{", "array": "["}[kind]
    return f"ISJSON({column}) = 1 AND LEFT(LTRIM({column}), 1) = '{first}'"


def let_documents_go(table: str) -> None:
    """Take the check of `keep_documents` away."""
    op.drop_constraint(op.f(_documents(table)), table)


def let_go(table: str) -> None:
    """Take the check of `keep` away."""
    op.drop_constraint(op.f(_name(table)), table)


def _name(table: str) -> str:
    return f"ck_{table}_in_reach"


def _documents(table: str) -> str:
    return f"ck_{table}_readable"
