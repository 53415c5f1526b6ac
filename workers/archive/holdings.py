"""Holdings: what an archive has of each patient, kept in the transaction that makes it so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from core import cold, db
from core.db import Store
from core.engines.functions import any_of
from core.models import Holding
from core.models.record_types import ARCHIVE_METADATA, RecordType
from workers.archive.moving import Moving
from workers.archive.restoring import Restoring
from workers.archive.stragglers import NO_PATIENT


def add(moving: Moving) -> None:
    """Count what is `released` now. Late rows add to a holding that their roots have made."""
    if moving.is_late:
        _add_rows(moving)
    else:
        _add_roots(moving)


CHILDREN = "SELECT patient_id, sum(rows) AS rows FROM released GROUP BY patient_id"


def _add_roots(moving: Moving) -> None:
    moving.run(
        "INSERT INTO holding AS h (patient_id, record_type, server, roots, rows, first_at, last_at)"
        " SELECT r.patient_id, :type, :server, r.roots, r.roots + coalesce(c.rows, 0), r.first_at, r.last_at"
        " FROM (SELECT patient_id, count(*) AS roots, min(at) AS first_at, max(at) AS last_at"
        " FROM releasing GROUP BY patient_id) r"
        f" LEFT JOIN ({CHILDREN}) c USING (patient_id) ORDER BY r.patient_id"
        " ON CONFLICT (patient_id, record_type) DO UPDATE SET roots = h.roots + excluded.roots,"
        " rows = h.rows + excluded.rows, first_at = least(h.first_at, excluded.first_at),"
        " last_at = greatest(h.last_at, excluded.last_at)",
        type=moving.record_type.name,
        server=moving.record_type.server,
    )


def _add_rows(moving: Moving) -> None:
    moving.run(
        f"UPDATE holding h SET rows = h.rows + n.rows FROM ({CHILDREN}) n"
        " WHERE h.patient_id = n.patient_id AND h.record_type = :type",
        type=moving.record_type.name,
    )


def lower(work: Restoring) -> None:
    """Take out what a restore brings back; first and last come anew from what the archive still owns."""
    patients = f"coalesce(r.patient_id, {NO_PATIENT})"
    work.run(
        "UPDATE holding h SET roots = h.roots - n.roots, rows = h.rows - n.rows FROM"
        f" (SELECT {patients} AS patient_id, count(*) AS roots, sum(c.rows) AS rows FROM restoring_roots r"
        " JOIN (SELECT root_id, count(*) AS rows FROM restoring_rows GROUP BY root_id) c USING (root_id) GROUP BY 1) n"
        " WHERE h.patient_id = n.patient_id AND h.record_type = :type",
        type=work.record_type.name,
    )
    touched = list(work.session.scalars(text(f"SELECT DISTINCT {patients} FROM restoring_roots r")))
    recount(work.session, work.record_type, touched)


def recount(session: Session, kind: RecordType, patients: Sequence[int]) -> None:
    """Set the first and last of these patients' holdings by what the archive owns as `session` sees it."""
    session.execute(
        delete(Holding).where(
            Holding.record_type == kind.name, any_of(Holding.patient_id, patients), Holding.roots <= 0
        )
    )
    root = ARCHIVE_METADATA[kind.server].tables[kind.root.name]
    patient, at = root.c[kind.patient_column], root.c[kind.time_column]
    owned = cold.visible(root, cold.window(session, kind.name))
    query = select(patient, func.min(at), func.max(at)).where(any_of(patient, patients), owned)
    with db.read(Store(kind.server)) as archive:
        spans = archive.execute(query.group_by(patient)).all()
    values = [
        {"patient_id": patient_id, "record_type": kind.name, "first_at": first_at, "last_at": last_at}
        for patient_id, first_at, last_at in spans
    ]
    if values:
        session.execute(update(Holding), values)
