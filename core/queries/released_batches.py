"""Whether every batch that left for the archive is there as it was released: its row, its manifest's hash, its rows.

Each release is an event of the trail, so it is chained, keyed, and covered by the heads that are kept outside. How many
rows were erased or brought back since, the batch's own row says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from core.audit.verifier import Fault
from core.models import Batch
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES
from core.queries.batch_names import TARGET, name_of
from core.stores import archived, databases
from core.stores.archived import ColdUnavailable
from core.stores.databases import Store
from core.stores.tables import linked_table

RELEASED = "batch.released"
BATCHES_A_QUERY = 20
# To count the rows of that many batches: no page does.
COUNT_TIMEOUT_SECONDS = 60.0
_SAID = re.compile(r"(\w+), (\d{1,19}) rows, manifest ([0-9a-f]{64})")


def told(record_type: str, rows: int, content_hash: str) -> str:
    """What a release's event says, as its purpose."""
    return f"{record_type}, {rows} rows, manifest {content_hash}"


@dataclass(frozen=True)
class Release:
    """What one event says was released."""

    batch_id: int
    record_type: str
    rows: int
    content_hash: str

    @property
    def name(self) -> str:
        return name_of(self.batch_id, self.record_type)


@dataclass
class Releases:
    """Gathers the releases that the trail tells, then looks for the batches."""

    found: dict[int, Release] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def take(self, target: str | None, purpose: str | None) -> None:
        """Note one event of a release. A second one that says something else is a fault: the first counts."""
        named, said = TARGET.fullmatch(target or ""), _SAID.fullmatch(purpose or "")
        if named is None or said is None or said[1] not in RECORD_TYPES:
            self.faults.append(Fault(target or "a batch", 0, "its release is told in words that are none of ours"))
            return
        release = Release(int(named[1]), said[1], int(said[2]), said[3])
        if self.found.setdefault(release.batch_id, release) != release:
            self.faults.append(Fault(release.name, 0, "was released twice, and not alike"))

    def end(self) -> Iterator[Fault]:
        """What is wrong with the batches now. Notes which archive servers are silent."""
        yield from self.faults
        for kind in RECORD_TYPES.values():
            mine = [release for release in self.found.values() if release.record_type == kind.name]
            try:
                for start in range(0, len(mine), BATCHES_A_QUERY):
                    yield from _compare(mine[start : start + BATCHES_A_QUERY], kind.name)
            except ColdUnavailable:
                self.silent.append(kind.server)


def _compare(releases: Sequence[Release], record_type: str) -> Iterator[Fault]:
    ids = [release.batch_id for release in releases]
    archived_rows = _archived_rows(ids, record_type)
    # After the rows were counted: what leaves is noted first, then taken away.
    with databases.read(Store.HOT) as session:
        batches = {batch.id: batch for batch in session.scalars(select(Batch).where(Batch.id.in_(ids)))}
    for release in releases:
        batch = batches.get(release.batch_id)
        if batch is None:
            yield Fault(release.name, 0, "is gone: the archive run that released it is on the trail")
            continue
        if (batch.record_type, batch.content_hash) != (record_type, release.content_hash):
            yield Fault(release.name, 0, "its manifest is not the one that was released")
        missing = release.rows - batch.departed_rows - archived_rows[release.batch_id]
        if missing > 0:
            yield Fault(release.name, 0, f"{missing} of {release.rows} row(s) missing in the archive")


def _archived_rows(ids: Sequence[int], record_type: str) -> Counter[int]:
    counted: Counter[int] = Counter()
    for table in RECORD_TYPES[record_type].tables:
        batch = linked_table(table.name).c[BATCH_COLUMN]
        query = select(batch, func.count().label("rows")).where(batch.in_(ids)).group_by(batch)
        for row in archived.fetch(record_type, query, seconds=COUNT_TIMEOUT_SECONDS):
            counted[row[BATCH_COLUMN]] += row["rows"]
    return counted
