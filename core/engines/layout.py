"""Where a table's rows lie: neighbours share pages, so that work in this order touches each page once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import ColumnElement, Connection, Table


@dataclass(frozen=True)
class Stretch:
    """Rows from a first to a last place, both included; `rows` of them met the condition when it was cut."""

    first: int
    last: int
    rows: int


class Span(NamedTuple):
    """Where to look: behind the place `after`, or from the table's start, and up to the place `last`."""

    after: int | None
    last: int


class Layout(Protocol):
    """Finds rows by where they lie. A place is an integer that grows along the table; a write may change a row's."""

    def pages(self, connection: Connection, table: Table) -> int:
        """The number of pages of a table, without its indexes."""

    def end(self, connection: Connection, table: Table) -> int:
        """The last place that has a row now. Rows that are written from now on may come behind it."""

    def lies_within(self, table: Table, first: int, last: int) -> ColumnElement[bool]:
        """The condition on a row that it lies in a stretch."""

    def next_stretch(
        self, connection: Connection, table: Table, condition: ColumnElement[bool], span: Span, rows: int
    ) -> Stretch | None:
        """The next stretch with at most `rows` rows that meet a condition; None if none is left."""
