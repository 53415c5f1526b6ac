"""Where rows lie on PostgreSQL: a row's ctid, as one integer made of its page and its place on the page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, literal_column, select, text

from core.engines.layout import Span, Stretch

PAGE_BYTES = 8_192
# A page has fewer rows than this.
ROWS_OF_A_PAGE = 1 << 16
# The rows of one page that are looked at for each row that is wanted; the next look is at twice as many pages.
PAGES_FIRST = 64
PAGES = f"SELECT pg_relation_size(CAST(:name AS regclass)) / {PAGE_BYTES}"


def pages(connection: Connection, table: Table) -> int:
    """By the size of its file: what was deleted counts as well."""
    return int(connection.scalar(text(PAGES), {"name": table.name}) or 0)


def end(connection: Connection, table: Table) -> int:
    """The last row of the last page; where that page has none, the page's own start."""
    last_page = max(pages(connection, table) - 1, 0) * ROWS_OF_A_PAGE
    seen = _look(connection, table, lies_within(table, last_page, last_page + ROWS_OF_A_PAGE - 1), ROWS_OF_A_PAGE)
    return seen.last if seen is not None else last_page


def lies_within(table: Table, first: int, last: int) -> ColumnElement[bool]:
    """By a range of ctids, which the server reads page by page."""
    ctid: ColumnElement[Any] = literal_column(f"{table.name}.ctid")
    return and_(ctid >= _tid(first), ctid <= _tid(last))


def next_stretch(
    connection: Connection, table: Table, condition: ColumnElement[bool], span: Span, rows: int
) -> Stretch | None:
    """Looks at more and more pages until there are as many rows, so that no look sorts much more than a batch."""
    start = 0 if span.after is None else span.after + 1
    first = last = None
    found, width = 0, PAGES_FIRST
    while start <= span.last and found < rows:
        stop = min((start // ROWS_OF_A_PAGE + width) * ROWS_OF_A_PAGE - 1, span.last)
        seen = _look(connection, table, and_(lies_within(table, start, stop), condition), rows - found)
        if seen is not None:
            first, last = (seen.first if first is None else first), seen.last
            found += seen.rows
        start, width = stop + 1, width * 2
    return Stretch(first, last, found) if first is not None and last is not None else None


def _look(connection: Connection, table: Table, condition: ColumnElement[bool], rows: int) -> Stretch | None:
    ctid: ColumnElement[Any] = literal_column(f"{table.name}.ctid")
    chosen = select(ctid.label("place")).select_from(table).where(condition).order_by(ctid).limit(rows).subquery()
    ends = text("min(chosen.place)::text, max(chosen.place)::text, count(*)")
    first, last, count = connection.execute(select(ends).select_from(chosen.alias("chosen"))).one()
    return Stretch(_place(first), _place(last), int(count)) if count else None


def _tid(place: int) -> ColumnElement[Any]:
    page, row = divmod(place, ROWS_OF_A_PAGE)
    return literal_column(f"'({page},{row})'::tid")


def _place(tid: str) -> int:
    page, row = tid.strip("()").split(",")
    return int(page) * ROWS_OF_A_PAGE + int(row)
