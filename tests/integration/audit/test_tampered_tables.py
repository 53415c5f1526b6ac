"""Random alterations of the trail's tables on real servers, hot and archived: what lands is found, and where.

By the owner of all of them without a key, and by whoever has taken a process, with its logins and its key. Each has a
chain of its own, so that one verification tells of many. Sets of heads are altered in tests/unit/audit/test_tamper.py.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from core.audit import audit_keys
from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.queries import audit_chains
from core.staging.folder import Folder
from core.stores import databases
from core.stores.databases import Store
from tests.integration.audit.tampering import Altered, Chain, Hand, read_chains, write_chains
from tests.integration.web.conftest import move_to_archive
from tests.trail_alterations import OF_EVENTS, Alteration, Forger
from workers import audit_heads as task

pytestmark = pytest.mark.only_on_postgresql("its roles and rules of rows; events are proved alike on both")

OWNER = None
HANDS = (OWNER, *DatabaseRole)
TRIES, LONG_TRIES = 110, 1_000
# Where a writer is changed, its new chain is told of too.
BESIDE = ("staff-elsewhere-1-0a", "batch ")
NO_BATCH = 10**9


def swap_ids(chain: Chain, chance: random.Random) -> Altered:
    """Events are read in the order of their ids."""
    one, other, *rest = chance.sample(chain.events, len(chain.events))
    here, there = replace(one, event=other.event), replace(other, event=one.event)
    return Altered(chain.writer, (here, there, *rest), chain.heads)


def hide(chain: Chain, chance: random.Random) -> Altered:
    """In the archive, as if of a batch that is not there yet."""
    one, *rest = chance.sample(chain.events, len(chain.events))
    return Altered(chain.writer, (replace(one, batch_id=NO_BATCH), *rest), chain.heads)


def by(alter: Alteration) -> Callable[[Chain, Forger, Folder], Altered]:
    return lambda chain, chance, store: chain.altered(alter, chance, store)


WAYS: tuple[Callable[[Chain, Forger, Folder], Altered], ...] = (
    *map(by, OF_EVENTS),
    lambda chain, chance, _: swap_ids(chain, chance),
    lambda chain, chance, _: hide(chain, chance),
)


def hand_of(role: DatabaseRole | None, settings: Any) -> Hand:
    servers = databases.current()
    if role is OWNER:
        return Hand(*(servers.engine(store, read_only=False) for store in (Store.HOT, Store.LOGS)))
    name = f"tampering_{role.kind}"
    password = setup.make_login(name, role)
    primary = create_engine(archive_readers.as_login(settings.primary_url, name, password))
    if role not in GRANTS.archived:
        return Hand(primary, None)
    setup.make_archive_login("logs", name, role, password)
    return Hand(primary, create_engine(archive_readers.as_login(settings.archive_logs_url, name, password)))


def check(role: DatabaseRole | None, settings: Any, folder: Path, sync: Callable[[], None], tries: int) -> int:
    """How many of so many alterations landed. Each that did must be told of, and nothing else."""
    databases.configure(settings.model_copy(update={"audit_heads_url": folder.as_uri()}))
    keys, store = audit_keys.of_all(), Folder(folder)
    task.keep()
    writers = write_chains(tries, keys, store)
    move_to_archive("log")
    task.keep()
    sync()
    assert audit_chains.verify().faults == ()
    hand, chance = hand_of(role, settings), Forger(23, role.kind if role is not None else None, keys)
    landed = []
    for number, chain in enumerate(read_chains(writers)):
        to = WAYS[number // 5 % len(WAYS)](chain, chance, store)
        if hand.alter(chain, to):
            landed.append((to.where, number))
    sync()
    told = {fault.writer for fault in audit_chains.verify().faults if fault.what}
    assert [one for one in landed if one[0] not in told] == []
    assert {writer for writer in told if not writer.startswith(BESIDE)} == {where for where, _ in landed}
    return len(landed)


# The owner and the archiver can move any event; the others add to chains of their own kind, and set their heads.
LEAST = {OWNER: 0.99, DatabaseRole.ARCHIVER: 0.7}


@pytest.mark.parametrize("role", HANDS)
def test_what_is_altered_is_told_of_where_it_is(
    database: Any, tmp_path: Path, sync_replica: Callable[[], None], role: DatabaseRole | None
) -> None:
    assert check(role, database, tmp_path, sync_replica, TRIES) >= LEAST.get(role, 0.05) * TRIES


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", HANDS)
def test_a_thousand_alterations_are_told_of_where_they_are(
    database: Any, tmp_path: Path, sync_replica: Callable[[], None], role: DatabaseRole | None
) -> None:
    assert check(role, database, tmp_path, sync_replica, LONG_TRIES) >= LEAST.get(role, 0.05) * LONG_TRIES
