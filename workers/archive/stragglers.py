"""Stragglers: rows that come late to an archived root (a result after seven months, a medicine that ended since).

They join the root in the archive, in batches of their own. A run moves these batches before its roots: else a row that
is edited during the run, and so stays hot, would be taken for a straggler.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, union
from sqlalchemy.orm import Session

from core.archiving import late_roots
from core.engines.functions import any_of
from core.models import Batch, LateRoot, Patient
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


def marked_roots(session: Session, record_type: RecordType, first: int = 0, last: int | None = None) -> Iterator[int]:
    """Ids, in order, of the marked roots from `first` to `last` that late rows belong to."""
    if record_type.children:
        yield from session.scalars(marked(record_type, first, last).execution_options(yield_per=10_000))


def marked(record_type: RecordType, first: int, last: int | None) -> Select[int]:
    """The query for `marked_roots`, of a type that has children."""
    are_there = [_late_rows(record_type, child).exists() for child in record_type.children]
    hot = select(record_type.root.c.id).where(record_type.root.c.id == LateRoot.root_id).exists()
    roots = select(LateRoot.root_id).distinct().where(LateRoot.record_type == record_type.name)
    query = roots.where(LateRoot.root_id >= first, ~hot, or_(*are_there))
    query = query.where(LateRoot.root_id <= last) if last is not None else query
    return query.order_by(LateRoot.root_id)


def _late_rows(record_type: RecordType, child: Child) -> Select[int]:
    mine = select(child.table.c.id).where(child.table.c[child.root_column] == LateRoot.root_id)
    return mine.where(child.only(child.table)) if child.only is not None else mine


def all_late_roots(session: Session, record_type: RecordType) -> Iterator[int]:
    """Ids, in order, of all roots that late rows belong to, marked or not; reads every hot row's root."""
    queries = [
        select(child.table.c[child.root_column].label("id")).where(is_late(record_type, child))
        for child in record_type.children
    ]
    if queries:
        found = union(*queries).subquery()
        yield from session.scalars(select(found.c.id).order_by(found.c.id).execution_options(yield_per=10_000))


def mark_unmarked(session: Session, record_type: RecordType, root_ids: Sequence[int]) -> None:
    """Mark those of these late roots that have no mark."""
    for start in range(0, len(root_ids), late_roots.IDS_A_QUERY):
        part = root_ids[start : start + late_roots.IDS_A_QUERY]
        mine = LateRoot.record_type == record_type.name, any_of(LateRoot.root_id, part)
        marked = set(session.scalars(select(LateRoot.root_id).where(*mine)))
        late_roots.mark(session, record_type, [root_id for root_id in part if root_id not in marked])


def outdated_marks(session: Session, record_type: RecordType, late: Collection[int]) -> list[int]:
    """Ids of the marks whose roots are not among those that late rows belong to."""
    marks = session.execute(select(LateRoot.id, LateRoot.root_id).where(LateRoot.record_type == record_type.name))
    return [mark_id for mark_id, root_id in marks if root_id not in late]


def remove_marks(session: Session, mark_ids: Sequence[int]) -> None:
    """Remove these marks, and none that another writer has added since."""
    for start in range(0, len(mark_ids), late_roots.IDS_A_QUERY):
        part = mark_ids[start : start + late_roots.IDS_A_QUERY]
        session.execute(delete(LateRoot).where(any_of(LateRoot.id, part)))


def archived_roots(session: Session, batch: Batch) -> dict[int, int]:
    """The batch's roots that the archive owns and no legal hold keeps: id -> patient.

    `session` is one snapshot of the primary.
    """
    record_type = RECORD_TYPES[batch.record_type]
    ids = list(marked_roots(session, record_type, batch.first_id or 0, batch.last_id))
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
