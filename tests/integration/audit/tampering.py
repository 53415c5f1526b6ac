"""A trail on real servers, hot and archived, and hands that alter it: an owner's, or those of a process' logins."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from core.audit.chain import CHAINED, Link
from core.models import Base, utc_now
from core.models.record_types import ARCHIVE_METADATA, BATCH_COLUMN
from core.settings.parsing import PROCESS_KINDS
from core.staging.folder import Folder
from core.stores import databases
from core.stores.databases import Store
from tests.made_trails import Event, Trail
from tests.trail_alterations import Alteration, Forger

HOT: Table = Base.metadata.tables["access_event"]
HEAD: Table = Base.metadata.tables["chain_head"]
COLD = ARCHIVE_METADATA["logs"].tables["access_event"]
DAYS_AGO = (400, 399, 0)
NEW_IDS = count(10**9)
REFUSED = re.compile("permission denied|row-level security policy")


@dataclass(frozen=True)
class Placed:
    """An event where it lies: on the primary, or in an archive's batch. One that is new there has no id."""

    event: Event
    id: int | None = None
    batch_id: int | None = None

    def row(self) -> dict[str, Any]:
        said = {**self.event.values, "hash": self.event.hash}
        return said | ({"id": self.id} if self.id is not None else {}) | (
            {BATCH_COLUMN: self.batch_id} if self.batch_id is not None else {}
        )  # fmt: skip


NOWHERE = Placed(Event({}, ""))


@dataclass(frozen=True)
class Chain:
    """One writer's events, and its head as the database has it, by its name."""

    writer: str
    events: tuple[Placed, ...]
    heads: Mapping[str, Link]

    def altered(self, alter: Alteration, chance: Forger, store: Folder) -> Altered:
        """What an alteration makes of it."""
        copies = [Event(dict(placed.event.values), placed.event.hash) for placed in self.events]
        places = {id(copy): placed for copy, placed in zip(copies, self.events, strict=True)}
        trail = Trail(store, list(copies), dict(self.heads))
        where = alter(trail, chance)
        now = [replace(places.get(id(event), NOWHERE), event=event) for event in trail.events]
        return Altered(where, tuple(now), trail.heads)


@dataclass(frozen=True)
class Altered:
    """What is to become of a chain, and where a verification must say so."""

    where: str
    events: tuple[Placed, ...]
    heads: Mapping[str, Link]


def write_chains(number: int, keys: Mapping[str, Sequence[bytes]], store: Folder) -> list[str]:
    """Chains of three events each, two of them long ago, written as each kind of process does; their writers."""
    made = Trail(store)
    writers = [f"{PROCESS_KINDS[n % len(PROCESS_KINDS)]}-host{n}-1-0a1b2c3d4e5f" for n in range(number)]
    for days in DAYS_AGO:
        for writer in writers:
            at = utc_now() - timedelta(days=days)
            made.write(writer, key=keys[writer.partition("-")[0]][0], at=at)
    with databases.write() as session:
        session.execute(insert(HOT), [Placed(event).row() for event in made.events])
        heads = [{"writer": writer, "sequence": end.sequence, "hash": end.hash} for writer, end in made.heads.items()]
        session.execute(insert(HEAD), heads)
    return writers


def read_chains(writers: Iterable[str]) -> list[Chain]:
    """As they lie in both tiers now, by the owner."""
    found: dict[str, list[Placed]] = defaultdict(list)
    for table, store in ((COLD, Store.LOGS), (HOT, Store.HOT)):
        with databases.current().engine(store, read_only=False).connect() as connection:
            for row in connection.execute(select(table).order_by(table.c.id)).mappings():
                event = Event({name: row[name] for name in CHAINED}, row["hash"])
                found[row["writer"]].append(Placed(event, row["id"], row.get(BATCH_COLUMN)))
    with databases.read(Store.HOT) as session:
        heads = {writer: Link(sequence, hash_) for writer, sequence, hash_ in session.execute(select(HEAD)).all()}
    return [Chain(writer, tuple(found[writer]), {writer: heads[writer]}) for writer in writers]


class Refused(Exception):
    """No row was in reach."""


@dataclass
class Hand:
    """Whoever alters: by these logins of the primary and of the archive of events, if it has one there."""

    primary: Engine
    archive: Engine | None

    def alter(self, chain: Chain, to: Altered) -> bool:
        """Make of the chain what it is to be, or what of it the databases let; whether anything changed."""
        batch = next((placed.batch_id for placed in chain.events if placed.batch_id is not None), None)
        beside = [one if one.id is not None else replace(one, id=next(NEW_IDS), batch_id=batch) for one in to.events]
        ways = (to, replace(to, events=tuple(beside)), replace(to, heads=chain.heads), replace(to, events=chain.events))
        changes = (way for way in ways if (way.events, way.heads) != (chain.events, chain.heads))
        return any(self._write(chain, way) for way in changes)

    def _write(self, chain: Chain, to: Altered) -> bool:
        """Whether the databases let it. Nothing stays of what they refused."""
        gone = [placed for placed in chain.events if placed not in to.events]
        new = [placed for placed in to.events if placed not in chain.events]
        try:
            with self.primary.begin() as primary, _begun(self.archive) as archive:
                for connection, table, is_cold in ((primary, HOT, False), (archive, COLD, True)):
                    _move(connection, table, of_tier(gone, is_cold), of_tier(new, is_cold))
                for writer in {*chain.heads, *to.heads}:
                    _set_head(primary, writer, chain.heads.get(writer), to.heads.get(writer))
        except (Refused, IntegrityError):
            return False
        except ProgrammingError as fault:
            if not REFUSED.search(str(fault)):
                raise
            return False
        return True


def _begun(archive: Engine | None) -> AbstractContextManager[Connection | None]:
    return archive.begin() if archive is not None else nullcontext()


def of_tier(events: Iterable[Placed], is_cold: bool) -> list[Placed]:
    return [placed for placed in events if (placed.batch_id is not None) == is_cold]


def _move(connection: Connection | None, table: Table, gone: Sequence[Placed], new: Sequence[Placed]) -> None:
    if not gone and not new:
        return
    if connection is None:
        raise Refused
    if gone and connection.execute(delete(table).where(table.c.id.in_([one.id for one in gone]))).rowcount != len(gone):
        raise Refused
    for one in new:
        connection.execute(insert(table), one.row())


def _set_head(primary: Connection, writer: str, was: Link | None, now: Link | None) -> None:
    if now == was:
        return
    statement: Any = delete(HEAD).where(HEAD.c.writer == writer)
    if now is not None:
        values = {"sequence": now.sequence, "hash": now.hash}
        change = update(HEAD).where(HEAD.c.writer == writer).values(values)
        statement = change if was is not None else insert(HEAD).values(writer=writer, **values)
    if primary.execute(statement).rowcount != 1:
        raise Refused
