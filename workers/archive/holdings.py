"""Holdings: what an archive has of each patient, kept in the transaction that makes it so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from core import cold, db
from core.db import Store
from core.models import BatchKind, Holding
from core.models.record_types import ARCHIVE_METADATA, RecordType
from workers.archive.moving import Moving
from workers.archive.restoring import Restoring
from workers.archive.stragglers import NO_PATIENT


def add(moving: Moving) -> None:
    """Count what `moving_*` releases now. Late rows add to a holding that their roots have made."""
    if moving.batch.kind == BatchKind.STRAGGLERS:
        _add_rows(moving)
    else:
        _add_roots(moving)


def _children_by_root(moving: Moving) -> str:
    rows = [
        f"SELECT t.{child.root_column} AS root_id FROM {child.table.name} t JOIN moving_{child.table.name} USING (id)"
        for child in moving.record_type.children
    ]
    listed = " UNION ALL ".join(rows) or "SELECT NULL::bigint AS root_id WHERE false"
    return f"SELECT root_id, count(*) AS rows FROM ({listed}) a GROUP BY root_id"


def _add_roots(moving: Moving) -> None:
    kind = moving.record_type
    moving.run(
        f"INSERT INTO holding AS h (patient_id, record_type, server, roots, rows, first_at, last_at)"
        f" SELECT coalesce(t.{kind.patient_column}, {NO_PATIENT}), :type, :server,"
        f" count(*), count(*) + sum(coalesce(c.rows, 0)), min(t.{kind.time_column}), max(t.{kind.time_column})"
        f" FROM {kind.root.name} t JOIN moving_{kind.root.name} m ON m.id = t.id"
        f" LEFT JOIN ({_children_by_root(moving)}) c ON c.root_id = t.id"
        " GROUP BY 1 ORDER BY 1"
        " ON CONFLICT (patient_id, record_type) DO UPDATE SET roots = h.roots + excluded.roots,"
        " rows = h.rows + excluded.rows, first_at = least(h.first_at, excluded.first_at),"
        " last_at = greatest(h.last_at, excluded.last_at)",
        type=kind.name,
        server=kind.server,
    )


def _add_rows(moving: Moving) -> None:
    kind = moving.record_type
    moving.run(
        f"UPDATE holding h SET rows = h.rows + n.rows FROM (SELECT m.patient_id, sum(c.rows) AS rows"
        f" FROM moving_{kind.root.name} m JOIN ({_children_by_root(moving)}) c ON c.root_id = m.id"
        " GROUP BY m.patient_id) n WHERE h.patient_id = n.patient_id AND h.record_type = :type",
        type=kind.name,
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
            Holding.record_type == kind.name, Holding.patient_id == func.any(list(patients)), Holding.roots <= 0
        )
    )
    root = ARCHIVE_METADATA[kind.server].tables[kind.root.name]
    patient, at = root.c[kind.patient_column], root.c[kind.time_column]
    owned = cold.visible(root, cold.window(session, kind.name))
    query = select(patient, func.min(at), func.max(at)).where(patient == func.any(list(patients)), owned)
    with db.read(Store(kind.server)) as archive:
        spans = archive.execute(query.group_by(patient)).all()
    values = [
        {"patient_id": patient_id, "record_type": kind.name, "first_at": first_at, "last_at": last_at}
        for patient_id, first_at, last_at in spans
    ]
    if values:
        session.execute(update(Holding), values)
