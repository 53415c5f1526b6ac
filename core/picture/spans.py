"""How many roots of an archive a page may show, and from when to when: looked up where a holding does not tell yet.

Holdings that were made before they could tell do not until then; a release and a restore keep them right from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Row, Table, func, select, update
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import Holding
from core.models.record_types import SEALED_TYPES, RecordType, archive_table
from core.picture.rebuild import chunks
from core.stores import archived, databases
from core.stores.archived import Window
from core.stores.databases import Store


def fill_all(on_progress: Callable[[int], None] = lambda done: None) -> int:
    """Have every holding tell what pages show of it; returns how many were changed.

    For a process that reaches the archive servers itself; raises what they raise. Can be stopped and run again.
    """
    changed = 0
    for kind in SEALED_TYPES:
        untold = Holding.record_type == kind.name, Holding.shown_roots.is_(None)
        for patient_ids in chunks(Holding.patient_id, *untold):
            changed += fill(kind, patient_ids)
            on_progress(changed)
    return changed


def fill(kind: RecordType, patient_ids: Collection[int]) -> int:
    """The same of these patients, in one transaction; one whose holding changes meanwhile is left as it is."""
    with databases.read(Store.HOT) as session:
        told = _told(session, kind, patient_ids)
        window = archived.window(session, kind.name)
    with databases.read(Store(kind.server)) as archive:
        found = archive.execute(spans_query(kind, archive_table(kind.root), sorted(told), window)).all()
    with databases.write() as session:
        return sum(_tell(session, told[row.patient_id], row) for row in found)


def spans_query(kind: RecordType, root: Table, patient_ids: Collection[int], window: Window) -> Any:
    """Of each patient how many of the archive's roots pages show, the first time and the last."""
    patient, at = root.c[kind.patient_column].label("patient_id"), kind.shown_at(root)
    shown = func.count(at).label("roots"), func.min(at).label("first_at"), func.max(at).label("last_at")
    mine = any_of(root.c[kind.patient_column], sorted(patient_ids)), archived.visible(root, window)
    return select(patient, *shown).where(*mine).group_by(root.c[kind.patient_column])


def _told(session: Session, kind: RecordType, patient_ids: Collection[int]) -> dict[int, Holding]:
    query = select(Holding).where(Holding.record_type == kind.name, any_of(Holding.patient_id, sorted(patient_ids)))
    return {holding.patient_id: holding for holding in session.scalars(query)}


def _tell(session: Session, told: Holding, row: Row[Any]) -> int:
    mine = update(Holding).where(Holding.patient_id == told.patient_id, Holding.record_type == told.record_type)
    as_read = mine.where(Holding.shown_roots.is_(None), Holding.roots == told.roots, Holding.rows == told.rows)
    span = as_read.values(shown_roots=row.roots, shown_first_at=row.first_at, shown_last_at=row.last_at)
    return session.execute(span.returning(Holding.patient_id)).first() is not None
