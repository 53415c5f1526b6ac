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


def keep(table: str, *, times: Sequence[str] = (), numbers: Sequence[str] = ()) -> None:
    """Refuse what lies outside in these columns. Older rows are not looked at: the largest tables take too long."""
    within = [f"{column} > '{EARLIEST}' AND {column} < '{LATEST}'" for column in times]
    within += [f"{column} > -{NUMBERS} AND {column} < {NUMBERS}" for column in numbers]
    add = f"ADD CONSTRAINT {_name(table)} CHECK ({' AND '.join(within)})"
    op.execute(f"ALTER TABLE {table} WITH NOCHECK {add}" if is_sql_server() else f"ALTER TABLE {table} {add} NOT VALID")


def let_go(table: str) -> None:
    """Take the check of `keep` away."""
    op.drop_constraint(op.f(_name(table)), table)


def _name(table: str) -> str:
    return f"ck_{table}_in_reach"
