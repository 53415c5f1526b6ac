"""Moving all that is cold to the archive, as a benchmark's preparation."""

from __future__ import annotations

from datetime import datetime

from core.models import RunState
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from workers.archive import driver


def archive_all(record_type: str, as_of: datetime | None = None) -> None:
    """Run to the end, as of now unless a time is given. Raises RuntimeError if the run does not finish."""
    with databases.write() as session:
        run = archive.start_run(session, record_type=record_type, by=None, as_of=as_of)
    while "rests" not in driver.drive(run.id):
        pass
    with databases.read(Store.HOT) as session:
        if session.get_one(type(run), run.id).state != RunState.DONE:
            raise RuntimeError(f"the {record_type}s were not archived")
