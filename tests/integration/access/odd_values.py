"""Odd values that columns take, written by the roles whose processes may, and what was there put back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import JSON, Boolean, Column, Connection, Date, DateTime, Integer, Numeric, String, Table, text
from sqlalchemy.exc import DBAPIError

from core.install.grants import GRANTS
from core.models import Base
from core.models.said_shapes import SHAPES

LONGEST = 20_000
TEXTS = ("", "of no kind", "\u202e\u2066gnp\u200d\ufeff", "\x01\x7f", "٣", "0", "%s{0}{{7*7}}", "true", "2026-13-45")
DOCUMENTS: tuple[Any, ...] = (
    {}, {"a": [1]}, [], [5], [None], {"text": 5, "value": [], "status": {"a": None}, "onset": 5, "name": None},
    {"visit": [{"id": "x"}], "": {}}, [{"kind": 5, "parts": None}], [[[]]],
)  # fmt: skip
# Of what another system said: each part as none of its readers has it.
PARTS = (*SHAPES, "deceased", "implausible", "inactive")
SAID: tuple[Any, ...] = (
    *(dict.fromkeys(PARTS, odd) for odd in (5, None, "x", [5], [["x"]], [["x", 5, "y"]], {"a": None}, {"text": 5})),
    {"dates": dict.fromkeys(("started_at", "observed_at", "onset_on", "written_at", "birth_on"), "decade")},
    {"lapses": {"of no kind": "2026-01-01"}}, {"exact": "1e9", "comparator": "<"},
    {"attachments": [["a", "b", "c", "d"]]},
    {"range_value": {"low": {"value": "x"}}, "name": {"text": 5}}, *DOCUMENTS,
)  # fmt: skip
NUMBERS = (-1, 0, 2**31 - 1, 2**63 - 1)
DAYS = ("0001-01-01", "9999-12-31", "infinity", "-infinity", "1800-01-02", "8999-12-30")
AMOUNTS = ("NaN", "Infinity", "-1", "0", "999999999", "0.000001")
# Whose a row is. What is given to another is that one's.
WHOSE = {"patient_id", "account_id"}
# No page without its event: a portal whose chain's head was written over answers nothing until it starts a new chain.
EVENTS = {"chain_head", "access_event"}
# By what a page is opened at all: what is odd in them hides what else is odd.
OPENS = {"account", "sign_in", "credential", "passkey", "care_team_member", "switch", "sensitive_visit", "report"}
# More than the values of any column: none has two in one pass.
PASSES = 25


class Odd(NamedTuple):
    """A value for every row of a column that the role may change."""

    role: str
    table: Table
    column: Column[Any]
    value: Any

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name} = {str(self.value)[:40]!r}"


def values(column: Column[Any]) -> Iterator[Any]:
    """Odd values for a column of this type."""
    if column.nullable:
        yield None
    match column.type:
        case String() if column.name == "said":
            yield from ("", "of no kind", *map(json.dumps, SAID))
        case JSON():
            yield from map(json.dumps, DOCUMENTS)
        case String():
            yield from _texts(column.type.length)
        case Boolean():
            yield from (True, False)
        case DateTime() | Date():
            yield from DAYS
        case Integer():
            yield from NUMBERS
        case Numeric():
            yield from AMOUNTS


def _texts(length: int | None) -> Iterator[str]:
    """Odd texts of at most this length; documents where any length is taken."""
    yield from (one[:length] for one in TEXTS)
    yield "x" * (length or LONGEST)
    yield from map(json.dumps, DOCUMENTS if length is None else ())


def columns() -> Iterator[tuple[str, Table, Column[Any]]]:
    """Each column that a role may change, with the first such role."""
    seen = set[tuple[str, str]]()
    for role, tables in GRANTS.tables.items():
        for name, verbs in tables.items():
            for column in Base.metadata.tables[name].columns:
                told = (name, column.name)
                spare = column.primary_key or column.name in WHOSE or name in EVENTS or column.computed is not None
                if not spare and told not in seen and _may_change(verbs, column.name):
                    seen.add(told)
                    yield str(role), Base.metadata.tables[name], column


def _may_change(verbs: Any, column: str) -> bool:
    for verb, _, named in (one.partition(" ") for one in verbs):
        if verb == "UPDATE" and (not named or column in named.strip("()").split(", ")):
            return True
    return False


def every() -> list[list[Odd]]:
    """Each odd value of each column in one pass; apart from the rest those by which pages are opened."""
    passes: list[list[Odd]] = [[] for _ in range(2 * PASSES)]
    for place, (role, table, column) in enumerate(columns()):
        first = PASSES if table.name in OPENS else 0
        for number, value in enumerate(values(column)):
            passes[first + (place * 5 + number) % PASSES].append(Odd(role, table, column, value))
    return passes


def pick(chance: random.Random, share: float) -> list[Odd]:
    """One odd value for this share of all columns."""
    return [
        Odd(role, table, column, chance.choice(found))
        for role, table, column in columns()
        if chance.random() < share and (found := list(values(column)))
    ]


@contextmanager
def written(owner: Connection, odd: list[Odd]) -> Iterator[list[Odd]]:
    """Write them, for a `with` block, and put all tables back; gives those that the database took."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in EVENTS]
    before = {table: [dict(row) for row in owner.execute(table.select()).mappings()] for table in tables}
    owner.rollback()
    taken = [one for one in odd if _write(owner, one)]
    try:
        yield taken
    finally:
        owner.rollback()
        owner.execute(text("SET LOCAL session_replication_role = replica"))
        for table, rows in before.items():
            _put_back(owner, table, rows)
        owner.commit()


def _put_back(owner: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    owner.execute(table.delete())
    given = [column.name for column in table.columns if column.computed is None]
    if rows:
        owner.execute(table.insert(), [{name: row[name] for name in given} for row in rows])


def _write(owner: Connection, one: Odd) -> bool:
    kind = one.column.type.compile(owner.dialect)
    change = text(f'UPDATE "{one.table.name}" SET {one.column.name} = CAST(:value AS {kind})')
    try:
        owner.execute(text(f"SET LOCAL ROLE {one.role}"))
        done = owner.execute(change, {"value": one.value})
        owner.commit()
    except DBAPIError:
        owner.rollback()
        return False
    return done.rowcount > 0
