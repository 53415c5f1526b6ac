"""Holdings: what an archive has of each patient, written in the transaction that changes what it has."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Base, Holding
from core.models.record_types import NO_TIME, RecordType, archive_table
from core.services import holding_sums
from core.stores import archived, databases
from core.stores.databases import Store
from workers.archive.moving import Moving
from workers.archive.stragglers import NO_PATIENT

TABLE = Base.metadata.tables[Holding.__tablename__]
SHOWN: dict[str, Callable[[Any], ColumnElement[Any]]] = {
    "shown_roots": func.count,
    "shown_first_at": func.min,
    "shown_last_at": func.max,
}


def add(moving: Moving) -> None:
    """Add what this release moves. Late rows are added to the holding that their root made when it moved."""
    if moving.is_late:
        _add_rows(moving)
    else:
        _add_roots(moving)


def _add_roots(moving: Moving) -> None:
    root = moving.releasing.c
    counted = select(
        root.patient_id, func.count().label("roots"), func.min(root.at).label("first_at"),
        func.max(root.at).label("last_at"), *_shown(root.shown_at),
    ).group_by(root.patient_id)  # fmt: skip
    roots, children, at_clinic = counted.subquery("r"), _children(moving), _at_clinic(moving)
    rows = select(
        roots.c.patient_id,
        literal(moving.record_type.name).label("record_type"),
        literal(moving.record_type.server).label("server"),
        roots.c.roots,
        (roots.c.roots + func.coalesce(children.c.rows, 0)).label("rows"),
        roots.c.first_at,
        roots.c.last_at,
        at_clinic.c.clinic_id,
        at_clinic.c.clinic_visit_id,
        *(roots.c[name] for name in SHOWN),
    ).select_from(
        roots.outerjoin(children, children.c.patient_id == roots.c.patient_id).outerjoin(
            at_clinic, and_(at_clinic.c.patient_id == roots.c.patient_id, at_clinic.c.place == 1)
        )
    )
    keys = ["patient_id", "record_type"]
    # In the patients' order, so that no two lanes wait for each other.
    databases.current().adapter.row_sets.merge(
        moving.connection, TABLE, rows.order_by(roots.c.patient_id), keys, _grown
    )
    holding_sums.add(moving.connection, moving.batch.id, rows)


def _shown(at: Any) -> list[ColumnElement[Any]]:
    return [one(at).label(name) for name, one in SHOWN.items()]


def _at_clinic(moving: Moving) -> Subquery:
    """The roots at a clinic that leave: the newest of each patient has place 1."""
    root = moving.releasing.c
    newest_first = func.row_number().over(partition_by=root.patient_id, order_by=(root.at.desc(), root.id.desc()))
    query = select(root.patient_id, root.clinic_id, root.id.label("clinic_visit_id"), newest_first.label("place"))
    return query.where(root.clinic_id.is_not(None)).subquery("v")


def _grown(old: Any, new: Any) -> Mapping[str, ColumnElement[Any]]:
    takes = and_(new.clinic_id.is_not(None), or_(old.clinic_id.is_(None), new.last_at >= old.last_at))
    return {
        "clinic_id": case((takes, new.clinic_id), else_=old.clinic_id),
        "clinic_visit_id": case((takes, new.clinic_visit_id), else_=old.clinic_visit_id),
        "roots": old.roots + new.roots,
        "rows": old.rows + new.rows,
        "first_at": case((old.first_at < new.first_at, old.first_at), else_=new.first_at),
        "last_at": case((old.last_at > new.last_at, old.last_at), else_=new.last_at),
        # Of how many nobody has looked at, the sum is unknown too.
        "shown_roots": old.shown_roots + new.shown_roots,
        "shown_first_at": _reaching(old.shown_first_at, new.shown_first_at, operator.lt),
        "shown_last_at": _reaching(old.shown_last_at, new.shown_last_at, operator.gt),
    }


def _reaching(old: Any, new: Any, is_further: Callable[[Any, Any], Any]) -> ColumnElement[Any]:
    return case((or_(new.is_(None), is_further(old, new)), old), else_=new)


def _children(moving: Moving) -> Subquery:
    released = moving.released.c
    counted = select(released.patient_id, func.sum(released.rows).label("rows")).group_by(released.patient_id)
    return counted.subquery("c")


def _add_rows(moving: Moving) -> None:
    children = _children(moving)
    mine = Holding.patient_id == children.c.patient_id, Holding.record_type == moving.record_type.name
    moving.run(update(TABLE).where(*mine).values(rows=Holding.rows + children.c.rows))
    # As the update does, without children of a patient who has no holding.
    more = select(
        Holding.record_type, literal(0, BigInteger).label("roots"), children.c.rows,
        NO_TIME.label("first_at"), NO_TIME.label("last_at"),
    ).join_from(children, TABLE, and_(*mine))  # fmt: skip
    holding_sums.add(moving.connection, moving.batch.id, more)


def lower(session: Session, record_type: RecordType, roots: Table, rows: Table, part: int) -> None:
    """Subtract what a restore brings back, and set first and last by what the archive still owns.

    `roots` are the restored roots with their patients, `rows` all restored rows with their roots; `part` is that of
    the sums.
    """
    root, row = roots.c, rows.c
    patient = func.coalesce(root.patient_id, NO_PATIENT)
    of_roots = select(row.root_id, func.count().label("rows")).group_by(row.root_id).subquery("c")
    left = (
        select(patient.label("patient_id"), func.count().label("roots"), func.sum(of_roots.c.rows).label("rows"))
        .join_from(roots, of_roots, of_roots.c.root_id == root.root_id)
        .group_by(root.patient_id)
        .subquery("n")
    )
    touched = list(session.scalars(select(patient).distinct()))
    reached = holding_sums.span_of(session, record_type.name, touched)
    mine = Holding.patient_id == left.c.patient_id, Holding.record_type == record_type.name
    lost = select(
        Holding.record_type, (-left.c.roots).label("roots"), (-left.c.rows).label("rows"),
        NO_TIME.label("first_at"), NO_TIME.label("last_at"),
    ).join_from(left, TABLE, and_(*mine))  # fmt: skip
    holding_sums.add(session.connection(), part, lost)
    lowered = {"roots": Holding.roots - left.c.roots, "rows": Holding.rows - left.c.rows}
    session.connection().execute(update(TABLE).where(*mine).values(**lowered))
    recount(session, record_type, touched)
    holding_sums.narrow(session, record_type.name, reached)


def recount(session: Session, kind: RecordType, patients: Sequence[int]) -> None:
    """Set the first and last of these patients' holdings by what the archive owns as `session` sees it."""
    session.execute(
        delete(Holding).where(
            Holding.record_type == kind.name, any_of(Holding.patient_id, patients), Holding.roots <= 0
        )
    )
    root = archive_table(kind.root)
    patient, at = root.c[kind.patient_column], root.c[kind.time_column]
    owned = archived.visible(root, archived.window(session, kind.name))
    shown = _shown(kind.shown_at(root))
    query = select(patient, func.min(at), func.max(at), *shown).where(any_of(patient, patients), owned)
    with databases.read(Store(kind.server)) as archive:
        spans = archive.execute(query.group_by(patient)).all()
    values = [
        {
            "patient_id": patient_id,
            "record_type": kind.name,
            "first_at": first_at,
            "last_at": last_at,
            **dict(zip(SHOWN, shown, strict=True)),
        }
        for patient_id, first_at, last_at, *shown in spans
    ]
    if values:
        session.execute(update(Holding), values)
