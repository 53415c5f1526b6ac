"""The job that counts what stands out in the trail, so that no page reads the events of a week."""

from __future__ import annotations

from sqlalchemy import delete

from core.models import OutlierLine, utc_now
from core.queries import audit_outliers
from core.stores import databases, replica_reads
from core.stores.databases import Store
from core.stores.replica_reads import ReplicaBehind

# Alerts wait behind it.
COUNT_TIMEOUT_SECONDS = 30.0


def count() -> str:
    """Count on the replica, and keep the lines in place of the last ones; a job, safe to repeat."""
    now = utc_now()
    try:
        replica_reads.await_replica()
    except ReplicaBehind:
        return "the replica is behind: nothing was counted"
    with databases.read(Store.REPLICA, COUNT_TIMEOUT_SECONDS) as replica:
        lines = audit_outliers.lines(audit_outliers.count(replica), now)
    with databases.write() as session:
        session.execute(delete(OutlierLine))
        session.add_all(lines)
    return f"{len(lines) - 1} lines stand out"
