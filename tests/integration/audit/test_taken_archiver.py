"""The archiver's login moves events, and the archive's owner has them: neither rewrites one unseen."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, delete, insert, select, update

from core import audit
from core.audit import audit_keys
from core.audit.chain import CHAINED, values_hash
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.models import Base, utc_now
from core.models.record_types import ARCHIVE_METADATA
from core.queries import audit_chains
from core.stores import databases
from core.stores.databases import Store
from tests.integration.web.conftest import move_to_archive
from workers import audit_heads as task

TRIES = 24
KINDS = ("public", "staff", "worker", "archiver")
HOT: Table = Base.metadata.tables["access_event"]
COLD = ARCHIVE_METADATA["logs"].tables["access_event"]

Row = dict[str, Any]


def write(kind: str, count: int, days_ago: int) -> None:
    token = audit.origin.set(audit.Origin(kind))
    with databases.write() as session:
        for _ in range(count):
            at = utc_now() - timedelta(days=days_ago)
            audit.record(session, "chart.viewed", by=None, patient_id=7, target="patient:7", at=at)
    audit.origin.reset(token)


@pytest.fixture
def whole(database: Any, tmp_path: Path, sync_replica: Callable[[], None]) -> None:
    """Every kind of process has written, long ago and lately; heads were kept in between, not at the end."""
    databases.configure(database.model_copy(update={"audit_heads_url": tmp_path.as_uri()}))
    for kind in KINDS:
        write(kind, 3, days_ago=400)
    task.keep()
    move_to_archive("log")
    for kind in KINDS:
        write(kind, 3, days_ago=0)
    sync_replica()
    assert audit_chains.verify().faults == ()


@pytest.fixture
def archiver(database: Any) -> Engine:
    """The primary, for whoever has taken the archiver."""
    password = setup.make_login("taken_archiver", DatabaseRole.ARCHIVER)
    return create_engine(archive_readers.as_login(database.primary_url, "taken_archiver", password))


def rows_of(engine: Engine, table: Table) -> list[Row]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def rewritten(row: Row, key: bytes | None) -> Row:
    other = {**row, "actor_name": "Somebody Else"}
    return {**other, "hash": values_hash([other[name] for name in CHAINED], key)}


def found(sync: Callable[[], None]) -> set[str]:
    sync()
    return {fault.writer for fault in audit_chains.verify().faults}


def test_a_taken_archiver_rewrites_no_event_unseen(
    whole: None, archiver: Engine, sync_replica: Callable[[], None]
) -> None:
    chance = random.Random(5)
    for _ in range(TRIES):
        row = chance.choice([row for row in rows_of(archiver, HOT) if not row["writer"].startswith("archiver-")])
        with archiver.begin() as taken:
            taken.execute(delete(HOT).where(HOT.c.id == row["id"]))
            taken.execute(insert(HOT), rewritten(row, chance.choice([None, audit_keys.own("archiver")])))
        assert row["writer"] in found(sync_replica)
        with archiver.begin() as taken:
            taken.execute(delete(HOT).where(HOT.c.id == row["id"]))
            taken.execute(insert(HOT), row)
    assert found(sync_replica) == set()


def test_a_taken_archiver_cuts_no_chain_unseen(whole: None, archiver: Engine, sync_replica: Callable[[], None]) -> None:
    """Also since heads were kept: the database's own head stands, which only its kind of process moves."""
    for kind in KINDS[:-1]:
        mine = [row for row in rows_of(archiver, HOT) if row["writer"].startswith(kind)]
        with archiver.begin() as taken:
            taken.execute(delete(HOT).where(HOT.c.id.in_([row["id"] for row in mine[-2:]])))
        assert mine[-1]["writer"] in found(sync_replica)
        with archiver.begin() as taken:
            taken.execute(insert(HOT), mine[-2:])
    assert found(sync_replica) == set()


def test_an_archived_event_is_rewritten_by_nobody_unseen(whole: None, sync_replica: Callable[[], None]) -> None:
    owner, chance = databases.current().engine(Store.LOGS, read_only=False), random.Random(7)
    for _ in range(TRIES // 2):
        row = chance.choice(rows_of(owner, COLD))
        other = rewritten(row, None)
        with owner.begin() as taken:
            taken.execute(update(COLD).where(COLD.c.id == row["id"]).values(other))
        assert row["writer"] in found(sync_replica)
        with owner.begin() as taken:
            taken.execute(update(COLD).where(COLD.c.id == row["id"]).values(row))
    assert found(sync_replica) == set()
