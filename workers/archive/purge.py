"""Purge: remove from the archive the copies of restored roots, once no reader can need them.

A reader whose snapshot is older than the restore finds these rows nowhere else. So a purge waits until the replica
has replayed the restore, then until every snapshot taken before that is gone from both servers, and then for a grace
time, longer than any page reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, Table, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.archiving import failpoints
from core.audit import departed_rows
from core.engines.functions import any_of
from core.models import Batch, BatchKind, BatchState, RestoredRoot, Step, StepName, StepState, utc_now
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, ROOT_COLUMNS, RecordType, archive_table
from core.stores import databases
from core.stores.databases import Store
from core.stores.freshness import primary_position
from workers.archive import lease
from workers.archive.retry_policy import Mismatch, RightMissing, cause, classify

IDS_A_STATEMENT = 5_000


def note_position(batch_id: int, position: int) -> None:
    """Keep the log position that a replica must have replayed to have a restore."""
    with databases.write() as session:
        session.execute(update(Batch).where(Batch.id == batch_id).values(position=position))


def purge_restored() -> str:
    """Purge each restore that is due; a job, safe to repeat. Forgets roots that no longer have to stay hot."""
    with databases.read(Store.HOT) as session:
        restored = select(Batch.id).where(Batch.kind == BatchKind.RESTORE, Batch.state == BatchState.RESTORED)
        waiting = list(session.scalars(restored.order_by(Batch.id)))
    try:
        purged = sum(1 for batch_id in waiting if is_due(batch_id) and _purge(batch_id))
    except RightMissing as fault:
        for batch_id in waiting:
            _note_once(batch_id, fault)
        return f"not before a right is given: {fault}"
    except SQLAlchemyError as fault:
        return f"not now: {type(fault).__name__}"
    with databases.write() as session:
        session.execute(
            delete(RestoredRoot).where(RestoredRoot.purged_at.is_not(None), RestoredRoot.keep_until < utc_now())
        )
    return f"{purged} of {len(waiting)} restores purged"


def is_due(batch_id: int) -> bool:
    """Whether nobody can need the copies any more. Raises RightMissing if this login can't know."""
    with databases.write() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if batch.position is None:
            batch.position = primary_position()
        if batch.replayed_at is None and _replayed() >= batch.position:
            batch.replayed_at = utc_now()
        if batch.replayed_at is None:
            return False
        grace = timedelta(seconds=databases.current().settings.restored_grace_seconds)
        return utc_now() - batch.replayed_at > grace and _oldest_snapshot(session) > batch.replayed_at


def _replayed() -> int:
    servers = databases.current()
    with servers.engine(Store.REPLICA, read_only=True).connect() as connection:
        return servers.adapter.replication.replayed_position(connection)


def _oldest_snapshot(session: Session) -> datetime:
    """When the oldest snapshot that is still open, on the primary or the replica, was taken."""
    servers = databases.current()
    with servers.engine(Store.REPLICA, read_only=True).connect() as replica:
        both = {"primary": session.connection(), "replica": replica}
        for name, connection in both.items():
            check_right(name, connection)
        found = (servers.adapter.server.oldest_snapshot_at(connection) for connection in both.values())
        return min(at or utc_now() for at in found)


def check_right(name: str, connection: Connection) -> None:
    """Without the right, a server tells of no snapshot, or refuses to tell: neither means that there is none.

    Raises RightMissing.
    """
    roles = databases.current().adapter.roles
    if not roles.sees_sessions(connection):
        raise RightMissing(
            f"copies of restored rows stay until no older snapshot reads them, and this login does not see those of"
            f" other sessions on the {name}: as an administrator, {roles.showing_sessions(connection)}"
        )


def _purge(batch_id: int) -> bool:
    step_id = _begin(batch_id)
    try:
        with databases.write() as session:
            batch = session.get_one(Batch, batch_id, with_for_update={"nowait": True})
            failpoints.hit("purge.begun")
            rows = _remove(session, batch) if batch.state == BatchState.RESTORED else 0
            values = {"state": StepState.DONE, "rows": rows, "finished_at": utc_now()}
            session.execute(update(Step).where(Step.id == step_id).values(values))
            failpoints.hit("purge.before_commit")
    except Exception as fault:
        _note(step_id, fault)
        return False
    return True


def _note_once(batch_id: int, fault: RightMissing) -> None:
    """Keep with the restore why it waits, for its page; asked twice a minute, it says so once."""
    with databases.read(Store.HOT) as session:
        last = select(Step.cause).where(Step.batch_id == batch_id, Step.name == StepName.PURGE)
        said = session.scalar(last.order_by(Step.id.desc()).limit(1))
    if said != cause(fault):
        _note(_begin(batch_id), fault)


def _begin(batch_id: int) -> int:
    with databases.write() as session:
        batch = session.get_one(Batch, batch_id)
        tried = session.scalars(select(Step.id).where(Step.batch_id == batch_id, Step.name == StepName.PURGE)).all()
        step = Step(run_id=batch.run_id, batch_id=batch_id, name=StepName.PURGE, attempt=len(tried) + 1,
                    state=StepState.RUNNING, worker=lease.worker_name())  # fmt: skip
        session.add(step)
        session.flush()
        return step.id


def _note(step_id: int, fault: Exception) -> None:
    values = {"state": StepState.FAILED, "cause": cause(fault), "fault": classify(fault).name, "finished_at": utc_now()}
    with databases.write() as session:
        session.execute(update(Step).where(Step.id == step_id).values(values))


def _remove(session: Session, batch: Batch) -> int:
    """Remove the copies of the batch's roots, then say so on the primary. Returns the rows."""
    kind = RECORD_TYPES[batch.record_type]
    mine = (RestoredRoot.batch_id == batch.id, RestoredRoot.purged_at.is_(None))
    roots = select(RestoredRoot.root_id).where(*mine).order_by(RestoredRoot.root_id)
    ids = list(session.scalars(roots))
    _check_back(session, kind, ids)
    # Of batches that were restored whole no row stays, to be held against what was sealed.
    from_parts = list(session.scalars(roots.where(RestoredRoot.by_id))) if kind.sealed else []
    with lease.archive_write(session, batch, kind.server) as archive:
        for table in kind.tables:
            _note_departed(archive, kind, archive_table(table), from_parts)
        rows = sum(_remove_copies(archive, table, ids) for table in reversed(kind.tables))
        if kind.sealed:
            departed_rows.forget_emptied(
                archive, kind, session.scalars(_restored(kind.name).with_only_columns(Batch.id))
            )
    failpoints.hit("purge.after_archive_commit")
    session.execute(update(RestoredRoot).where(*mine).values(purged_at=utc_now()))
    batch.state, batch.updated_at = BatchState.PURGED, utc_now()
    _close_emptied(session, batch.record_type)
    return rows


def _check_back(session: Session, kind: RecordType, ids: list[int]) -> None:
    """Raises Mismatch if a root is not on the primary: then its copies are all that there is, whoever marked it."""
    root = kind.root.c.id
    back = {found for part in _parts(ids) for found in session.scalars(select(root).where(any_of(root, part)))}
    if missing := sorted(set(ids) - back):
        raise Mismatch(f"{kind.name}:{missing[0]} is marked as brought back and not on the primary: its copies stay")


def _note_departed(archive: Connection, kind: RecordType, copies: Table, ids: list[int]) -> None:
    for part in _parts(ids):
        departed_rows.note(archive, kind, copies, any_of(copies.c[ROOT_COLUMNS[copies.name]], part))


def _remove_copies(archive: Connection, table: Table, ids: list[int]) -> int:
    root = table.c[ROOT_COLUMNS[table.name]]
    return sum(archive.execute(delete(table).where(any_of(root, part))).rowcount for part in _parts(ids))


def _parts(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + IDS_A_STATEMENT] for start in range(0, len(ids), IDS_A_STATEMENT))


def _close_emptied(session: Session, record_type: str) -> None:
    """Mark as purged the batches that were restored whole and have no copy left: readers need not look at them."""
    kind = RECORD_TYPES[record_type]
    tables = [archive_table(table) for table in kind.tables]
    with databases.read(Store(kind.server)) as archive:
        for batch in session.scalars(_restored(record_type)):
            left = (select(table.c.id).where(table.c[BATCH_COLUMN] == batch.id).limit(1) for table in tables)
            if all(archive.scalar(one) is None for one in left):
                batch.state, batch.updated_at = BatchState.PURGED, utc_now()


def _restored(record_type: str) -> Select[Batch]:
    return select(Batch).where(
        Batch.record_type == record_type, Batch.kind != BatchKind.RESTORE, Batch.state == BatchState.RESTORED
    )
