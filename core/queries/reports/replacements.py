"""Which signed reports others have replaced, whatever tier either lies in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import Select, Table
from sqlalchemy.orm import Session

from core.models import ReportState
from core.models.record_types import REPORT
from core.stores import hot_and_archived
from core.stores.hot_and_archived import ColdTable
from core.stores.tables import linked_table

# By report: when it was closed.
Closed = Mapping[int, datetime | None]


def replacements(
    session: Session,
    patient_id: int,
    closed: Closed,
    *,
    cold_table: ColdTable = linked_table,
    is_hot_only: bool = False,
) -> dict[int, int]:
    """Of those of a patient's reports that a signed one replaces, the newest that does.

    The archive is asked, unless `is_hot_only`, if it holds any report that was closed later than one of these. Raises
    ColdUnavailable.
    """
    build = partial(that_replace, patient_id=patient_id, report_ids=sorted(closed))
    found = hot_and_archived.read_hot(session, "report", build)
    if not is_hot_only and _may_be_archived(session, patient_id, closed.values()):
        found += hot_and_archived.read_archived(
            session, REPORT.name, "report", build, patient_id=patient_id, cold_table=cold_table
        )
    found.sort(key=lambda item: item.values["id"])
    return {item.values["replaces_id"]: item.values["id"] for item in found}


def that_replace(
    table: Table, columns: Select[tuple[object, ...]], *, patient_id: int, report_ids: list[int]
) -> Select[tuple[object, ...]]:
    """What `replacements` asks of a tier."""
    mine = (table.c.patient_id == patient_id, table.c.state == ReportState.SIGNED)
    return columns.where(*mine, table.c.replaces_id.in_(report_ids))


def _may_be_archived(session: Session, patient_id: int, closed: Iterable[datetime | None]) -> bool:
    held = hot_and_archived.held(session, patient_id, REPORT.name)
    return held is not None and any(at is not None and at < held.last_at for at in closed)
