"""A standby that is dead, silent, cut off or behind is out of use within a second, and back when it has caught up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.engines.fault_kinds import EngineError
from core.stores import databases, freshness, page_reads, redis, replica_reads
from core.stores.databases import Store
from core.stores.freshness import Positions
from core.stores.page_reads import Busy, Reader, page_read
from tests.factories import make_patient
from tests.tcp_proxy import TcpProxy
from tests.tiers import Tiers

OUT_SECONDS = 1.0
BACK_SECONDS = 2.0
SLACK_SECONDS = 0.5
NOBODY = Reader(None)
# The server refuses; SQL Server knows no session that only reads, so that the connection does.
REFUSALS = {"postgresql": (DBAPIError, "read-only"), "mssql": (EngineError, "only reads")}


def store_of_a_page() -> Store:
    with page_read(Positions(redis.client(), "public"), NOBODY) as session:
        session.execute(text("SELECT 1"))
    store: Store = session.info["store"]
    return store


def wait_for(store: Store, seconds: float) -> None:
    """Fails unless pages are read on `store` within so many seconds."""
    until = time.monotonic() + seconds + SLACK_SECONDS
    while store_of_a_page() is not store:
        assert time.monotonic() < until, f"pages are not read on the {store} after {seconds} s"
        time.sleep(0.02)


def why_heavy_reads_wait(seconds: float) -> str:
    """Fails unless heavy reads wait for the replica within so many seconds."""
    until = time.monotonic() + seconds + SLACK_SECONDS
    while time.monotonic() < until:
        try:
            freshness.wait_for_replica(0)
        except replica_reads.ReplicaBehind as fault:
            return str(fault)
    return "nothing"


def write() -> None:
    with databases.write() as session:
        make_patient(session)


@pytest.fixture
def in_use(watched: Any, with_bound: Callable[[float], None], sync_replica: Callable[[], None]) -> None:
    """The standby serves pages, unless it is half a second behind."""
    with_bound(0.5)
    sync_replica()
    wait_for(Store.REPLICA, BACK_SECONDS)


@pytest.fixture
def with_bound(watched: Any) -> Callable[[float], None]:
    """Call it to set the lag bound."""

    def change(seconds: float) -> None:
        databases.current().settings = databases.current().settings.model_copy(
            update={"replica_lag_bound_seconds": seconds}
        )

    return change


@pytest.mark.usefixtures("in_use")
def test_a_dead_standby(tiers: Tiers) -> None:
    tiers.replica.kill()
    wait_for(Store.HOT, OUT_SECONDS)
    tiers.replica.start()
    wait_for(Store.REPLICA, BACK_SECONDS)


@pytest.mark.usefixtures("in_use")
def test_a_standby_behind(tiers: Tiers) -> None:
    tiers.replica.pause_replay()
    write()
    wait_for(Store.HOT, 0.5 + OUT_SECONDS)
    tiers.replica.resume_replay()
    wait_for(Store.REPLICA, BACK_SECONDS)


@pytest.mark.only_on_postgresql("changes settings of a standby")
@pytest.mark.usefixtures("in_use")
def test_a_standby_cut_off_from_its_primary(tiers: Tiers) -> None:
    """It has replayed all that it received, and would call itself fresh for ever."""
    with tiers.replica.connect("postgres") as connection:
        connection.execute("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'")
        connection.execute("SELECT pg_reload_conf()")
        try:
            until = time.monotonic() + 10
            while connection.execute("SELECT pid FROM pg_stat_wal_receiver").fetchone():
                assert time.monotonic() < until
            write()
            wait_for(Store.HOT, 0.5 + OUT_SECONDS)
            with databases.read(Store.REPLICA) as session:
                assert databases.current().adapter.replication.replica_lag_seconds(session.connection()) > 0
        finally:
            connection.execute("ALTER SYSTEM RESET primary_conninfo")
            connection.execute("SELECT pg_reload_conf()")
    wait_for(Store.REPLICA, 8)


@pytest.mark.only_on_postgresql("makes a standby anew")
def test_a_rebuilt_standby(tiers: Tiers, in_use: None) -> None:
    tiers.replica.kill()
    write()
    wait_for(Store.HOT, OUT_SECONDS)
    tiers.replica.rebuild()
    wait_for(Store.REPLICA, BACK_SECONDS)


@pytest.fixture
def silent_way(tiers: Tiers, watched: Any) -> Iterator[TcpProxy]:
    """The only way to the standby."""
    with TcpProxy(tiers.replica.port) as way:
        databases.configure(watched.model_copy(update={"replica_url": way.url(watched.replica_url)}))
        wait_for(Store.REPLICA, BACK_SECONDS)
        yield way


def test_a_silent_standby_holds_up_no_page_after_a_second(silent_way: TcpProxy) -> None:
    silent_way.silence()
    time.sleep(OUT_SECONDS)
    for _ in range(20):
        started = time.monotonic()
        assert store_of_a_page() is Store.HOT
        assert time.monotonic() - started < 1.0
    silent_way.heal()
    wait_for(Store.REPLICA, BACK_SECONDS)


@pytest.mark.usefixtures("in_use")
def test_pages_that_read_the_primary_are_capped(tiers: Tiers) -> None:
    databases.current().settings = databases.current().settings.model_copy(update={"spill_reads_max": 2})
    tiers.replica.kill()
    wait_for(Store.HOT, OUT_SECONDS)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(page_read(Positions(redis.client(), "public"), NOBODY))
        with pytest.raises(Busy):
            store_of_a_page()
    assert store_of_a_page() is Store.HOT


@pytest.mark.usefixtures("in_use")
def test_a_page_waits_a_little_for_its_place(tiers: Tiers) -> None:
    databases.current().settings = databases.current().settings.model_copy(update={"spill_reads_max": 1})
    tiers.replica.kill()
    wait_for(Store.HOT, OUT_SECONDS)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with page_reads.spill.place():
            holding.set()
            release.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert holding.wait(60)
    threading.Timer(page_reads.SPILL_WAIT_SECONDS / 4, release.set).start()
    assert store_of_a_page() is Store.HOT
    other.join()


@pytest.mark.usefixtures("in_use")
def test_a_heavy_read_waits_and_says_why(tiers: Tiers) -> None:
    databases.current().settings = databases.current().settings.model_copy(update={"replica_wait_seconds": 0.3})
    tiers.replica.pause_replay()
    write()
    with pytest.raises(replica_reads.ReplicaBehind, match="waited 0 s"), replica_reads.read():
        pass
    tiers.replica.kill()
    assert "does not answer" in why_heavy_reads_wait(OUT_SECONDS)


@pytest.mark.usefixtures("in_use")
@pytest.mark.parametrize("store", [store for store in Store if store is not Store.HOT])
def test_a_write_on_any_store_but_the_primary_fails(store: Store, engine_name: str) -> None:
    with pytest.raises(REFUSALS[engine_name][0], match=REFUSALS[engine_name][1]), databases.read(store) as session:
        session.execute(text("CREATE TABLE never (id bigint)"))


@pytest.mark.usefixtures("in_use")
def test_a_write_in_a_reading_session_on_the_primary_fails(engine_name: str) -> None:
    with pytest.raises(REFUSALS[engine_name][0], match=REFUSALS[engine_name][1]), databases.read(Store.HOT) as session:
        session.execute(text("CREATE TABLE never (id bigint)"))
