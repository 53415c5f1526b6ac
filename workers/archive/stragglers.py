"""Stragglers: rows that come late to an archived root (a result after seven months, a medicine that ended since).

They join the root in the archive, in batches of their own. A run moves these batches before its roots: else a row that
is edited during the run, and so stays hot, would be taken for a straggler.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, select, union
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Batch, Patient
from core.models.record_types import RECORD_TYPES, Child, RecordType, archive_table
from core.stores import archived, databases
from core.stores.databases import Store

NO_PATIENT = 0


def is_late(record_type: RecordType, child: Child) -> ColumnElement[bool]:
    """The condition on a child's table: it may leave, and its root is no longer hot."""
    root = record_type.root
    column = child.table.c[child.root_column]
    gone = and_(column.is_not(None), ~select(root.c.id).where(root.c.id == column).exists())
    return and_(gone, child.only(child.table)) if child.only is not None else gone


def late_roots(session: Session, record_type: RecordType, first: int = 0, last: int | None = None) -> Iterator[int]:
    """Ids, in order, of the roots from `first` to `last` that late rows belong to."""
    queries = []
    for child in record_type.children:
        column = child.table.c[child.root_column]
        query = select(column.label("id")).where(is_late(record_type, child), column >= first)
        queries.append(query.where(column <= last) if last is not None else query)
    if queries:
        found = union(*queries).subquery()
        yield from session.scalars(select(found.c.id).order_by(found.c.id).execution_options(yield_per=10_000))


def archived_roots(session: Session, batch: Batch) -> dict[int, int]:
    """The batch's roots that the archive owns and no legal hold keeps: id -> patient.

    `session` is one snapshot of the primary.
    """
    record_type = RECORD_TYPES[batch.record_type]
    ids = list(late_roots(session, record_type, batch.first_id or 0, batch.last_id))
    return owned(session, record_type, ids)


def owned(session: Session, record_type: RecordType, ids: list[int]) -> dict[int, int]:
    """Of these roots, those that the archive owns as `session` sees it and no legal hold keeps: id -> patient."""
    table = archive_table(record_type.root)
    patient = table.c[record_type.patient_column]
    seen = archived.window(session, record_type.name)
    with databases.read(Store(record_type.server)) as archive:
        query = select(table.c.id, patient).where(any_of(table.c.id, ids), archived.visible(table, seen))
        found = {root_id: patient_id or NO_PATIENT for root_id, patient_id in archive.execute(query)}
    query_held = select(Patient.id).where(Patient.legal_hold, any_of(Patient.id, set(found.values())))
    held = set(session.scalars(query_held))
    return {root_id: patient_id for root_id, patient_id in found.items() if patient_id not in held}
