"""The sums of all holdings of a record type, kept in the transaction that changes holdings: a page adds up few rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Base, Holding, HoldingSum
from core.models.record_types import NO_TIME
from core.stores import databases

Span = tuple[datetime | None, datetime | None]

TABLE: Table = Base.metadata.tables[HoldingSum.__tablename__]
PARTS = 16


def add(connection: Connection, part: int, holdings: Select[Any]) -> None:
    """Add to the sums what these holdings grow by, below zero if they shrink.

    Each has record_type, roots, rows, first_at and last_at, the last two NULL where they stay. `part` is any number:
    writers with different ones seldom wait for each other.
    """
    one = holdings.order_by(None).subquery("h").c
    rows = select(
        one.record_type,
        literal(part % PARTS, BigInteger).label("part"),
        func.sum(one.roots).label("roots"),
        func.sum(one.rows).label("rows"),
        func.min(one.first_at).label("first_at"),
        func.max(one.last_at).label("last_at"),
    ).group_by(one.record_type)
    databases.current().adapter.row_sets.merge(connection, TABLE, rows, ["record_type", "part"], _grown)


def _grown(old: Any, new: Any) -> Mapping[str, ColumnElement[Any]]:
    return {
        "roots": old.roots + new.roots,
        "rows": old.rows + new.rows,
        "first_at": case((or_(new.first_at.is_(None), old.first_at < new.first_at), old.first_at), else_=new.first_at),
        "last_at": case((or_(new.last_at.is_(None), old.last_at > new.last_at), old.last_at), else_=new.last_at),
    }


def span_of(session: Session, record_type: str, patients: Sequence[int]) -> Span:
    """From when to when these patients' holdings reach."""
    query = select(func.min(Holding.first_at), func.max(Holding.last_at))
    mine = Holding.record_type == record_type, any_of(Holding.patient_id, patients)
    first_at, last_at = session.execute(query.where(*mine)).one()
    return first_at, last_at


def narrow(session: Session, record_type: str, gone: Span) -> None:
    """After holdings that reached over `gone` have shrunk, set the first and last of a type by those that are left.

    No run of the type may add to them meanwhile. All holdings are read only if what shrank was the first or the last.
    """
    of_type = HoldingSum.record_type == record_type
    reach = select(func.min(HoldingSum.first_at), func.max(HoldingSum.last_at)).where(of_type)
    if not _touches(gone, session.execute(reach).one()):
        return
    left = select(func.min(Holding.first_at), func.max(Holding.last_at)).where(Holding.record_type == record_type)
    first_at, last_at = session.execute(left).one()
    session.execute(update(HoldingSum).where(of_type).values(first_at=first_at, last_at=last_at))


def _lost(held: Holding) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [
        literal(held.record_type).label("record_type"), literal(-held.roots, BigInteger).label("roots"),
        literal(-held.rows, BigInteger).label("rows"), NO_TIME.label("first_at"), NO_TIME.label("last_at"),
    ]  # fmt: skip
    return select(*columns)


def _touches(part: Span, whole: Sequence[datetime | None]) -> bool:
    """Whether a part has the first or the last of the whole."""
    if None in part:
        return False
    return None in whole or part[0] <= whole[0] or part[1] >= whole[1]  # type: ignore[operator]


def leave_out(session: Session, patient_id: int) -> None:
    """Take a patient's holdings out of the sums, and then the holdings themselves."""
    mine = list(session.scalars(select(Holding).where(Holding.patient_id == patient_id)))
    for held in mine:
        add(session.connection(), patient_id, _lost(held))
        session.delete(held)
    session.flush()
    for held in mine:
        narrow(session, held.record_type, (held.first_at, held.last_at))
