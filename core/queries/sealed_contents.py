"""Whether archived batches still say what was sealed: each archive server is asked for the hash over a batch's rows.

One batch at a time, so that memory does not grow with the archive; a sample of them, if the caller says how many.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import SQLAlchemyError

from core.archiving import hashes
from core.audit import departed_rows
from core.audit.verifier import Fault
from core.models.hashed_columns import UnknownVersion
from core.models.record_types import BATCH_COLUMN, RECORD_TYPES, SEALED_TYPES, RecordType, archive_table
from core.queries import archived_batches
from core.queries.archived_batches import Known, Standing
from core.queries.batch_names import name_of
from core.queries.batch_seals import Seal, Sealed, Seals
from core.stores import databases
from core.stores.databases import Store

ARCHIVE_TIMEOUT_SECONDS = 300.0
BATCHES_A_LINE = 100
NO_ROWS = hashlib.sha256().hexdigest()


@dataclass
class Looked:
    """What was looked at: `batches` of those that are `sealed` and still there, with their rows.

    `unsealed` has the ids of batches that left before contents were sealed; `silent` names archive servers that did not
    answer: the contents of their batches were not looked at.
    """

    sealed: int = 0
    batches: int = 0
    rows: int = 0
    unsealed: list[int] = field(default_factory=list)
    unsealed_rows: int = 0
    silent: list[str] = field(default_factory=list)


@dataclass
class Contents:
    """Looks at the contents of all batches, or of `sample` of them; `known` is what the trail's snapshot knew."""

    seals: Seals
    known: Mapping[int, Known]
    sample: int | None = None
    say: Callable[[str], None] = lambda line: None
    looked: Looked = field(default_factory=Looked)

    def end(self) -> Iterator[Fault]:
        """What does not hold. Fills `looked`."""
        yield from self.seals.end()
        due: list[Sealed] = []
        for kind in SEALED_TYPES:
            try:
                standings = list(archived_batches.standings(kind, self.known, ARCHIVE_TIMEOUT_SECONDS))
            except SQLAlchemyError:
                self.looked.silent.append(kind.server)
                continue
            for standing in standings:
                yield from self._place(kind, standing, due)
        self.looked.sealed = len(due)
        if self.sample is not None and self.sample < len(due):
            due = random.SystemRandom().sample(due, self.sample)
        for done, sealed in enumerate(due, start=1):
            yield from self._compare(sealed)
            if done % BATCHES_A_LINE == 0:
                self.say(f"contents of {done:,} of {len(due):,} batches looked at")

    def _place(self, kind: RecordType, standing: Standing, due: list[Sealed]) -> Iterator[Fault]:
        """Whether the rows under a batch's number belong there, and are sealed."""
        sealed, name = self.seals.found.get(standing.batch_id), name_of(standing.batch_id, kind.name)
        if not standing.released:
            yield Fault(name, 0, f"{standing.rows} row(s) in the archive of a batch that was never released")
        elif sealed is not None and sealed.record_type == kind.name:
            due.append(sealed)
        elif self.seals.since is not None and standing.batch_id > self.seals.since:
            yield Fault(name, 0, f"its {standing.rows} row(s) in the archive were never sealed")
        else:
            self.looked.unsealed.append(standing.batch_id)
            self.looked.unsealed_rows += standing.rows

    def _compare(self, sealed: Sealed) -> Iterator[Fault]:
        server = RECORD_TYPES[sealed.record_type].server
        if server in self.looked.silent:
            return
        try:
            found = list(_differences(sealed))
            if found:
                # Looked at again: the batch may have been brought back meanwhile.
                is_back = sealed.batch_id in archived_batches.brought_back()
                found = [] if is_back else list(_differences(sealed))
        except SQLAlchemyError:
            self.looked.silent.append(server)
            return
        self.looked.batches += 1
        self.looked.rows += sum(seal.rows for seal in sealed.tables.values())
        yield from (Fault(sealed.name, 0, what) for what in found)


def _differences(sealed: Sealed) -> Iterator[str]:
    kind = RECORD_TYPES[sealed.record_type]
    with databases.read(Store(kind.server), statement_timeout_seconds=ARCHIVE_TIMEOUT_SECONDS) as archive:
        for table in kind.tables:
            seal = sealed.tables.get(table.name, Seal(table.name, 0, 1, NO_ROWS))
            try:
                what = _difference(archive.connection(), kind, table, sealed.batch_id, seal)
            except UnknownVersion:
                what = "was sealed by columns that this version of Strata does not know"
            except departed_rows.NotOpened:
                what = "no key opens what is kept of the rows that left it"
            if what is not None:
                yield f"{table.name}: {what}"


def _difference(archive: Connection, kind: RecordType, table: Table, batch_id: int, seal: Seal) -> str | None:
    """How a batch's rows of one table, with those that left it since, are not what was sealed."""
    copies = archive_table(table)
    mine = select(copies.c.id).where(copies.c[BATCH_COLUMN] == batch_id)
    there = hashes.of_rows(archive, table, seal.version, mine)
    if (there.rows, there.contents) == (seal.rows, seal.contents):
        return None
    left = sorted(departed_rows.of_batch(archive, kind, batch_id, table.name, seal.version))
    if there.rows + len(left) != seal.rows:
        gone = f", {len(left)} left by an erasure or a purge" if left else ""
        return f"{there.rows} row(s) are there{gone}, and {seal.rows} were sealed"
    if left and _digest(merge(left, hashes.of_each(archive, table, seal.version, mine))) == seal.contents:
        return None
    return f"its {there.rows} row(s) do not say what was sealed"


def _digest(rows: Iterator[tuple[int, bytes]]) -> str:
    digest = hashlib.sha256()
    for _, row_hash in rows:
        digest.update(row_hash)
    return digest.hexdigest()
