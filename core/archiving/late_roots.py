"""Marks on roots that left the primary and have rows there again: who writes a late row writes its mark with it.

A row that ought to have a mark and has none waits until a run looks at every hot row.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.engines.functions import any_of
from core.models import LateRoot
from core.models.record_types import RecordType

IDS_A_QUERY = 5_000


def mark_if_gone(session: Session, record_type: RecordType, root_ids: Collection[int]) -> int:
    """Mark those of these roots that are not on the primary; returns how many. Marks may be there twice."""
    ids, root = sorted(set(root_ids)), record_type.root
    marked = 0
    for start in range(0, len(ids), IDS_A_QUERY):
        part = ids[start : start + IDS_A_QUERY]
        hot = set(session.scalars(select(root.c.id).where(any_of(root.c.id, part))))
        gone = [root_id for root_id in part if root_id not in hot]
        mark(session, record_type, gone)
        marked += len(gone)
    return marked


def mark(session: Session, record_type: RecordType, root_ids: Collection[int]) -> None:
    """Mark roots that are known to have left."""
    rows = [{"record_type": record_type.name, "root_id": root_id} for root_id in root_ids]
    if rows:
        session.execute(insert(LateRoot), rows)
