"""Fixtures that every kind of test may use. Servers start at their first use, once for the whole run."""

import base64
import gc
import inspect
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from redis import Redis

from core.embedded import EmbeddedError, home
from core.embedded.lock import LOCK_NAME, ServersLock
from core.embedded.servers import Servers
from core.settings.parsing import PROCESS_KINDS
from tests import kept_databases, run_order, sql_server
from tests.owner_connections import OwnerConnections
from tests.tiers import Tiers

ROOT = Path(__file__).parents[1]
ON_POSTGRESQL_ALONE = [ROOT / "tests/integration" / name for name in ("demo", "embedded", "engines")]

# A run started in the background ignores Ctrl-C, and so would every program that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
SERVERS_PREFIX = "strata-tests-"
# Collecting the tests makes no garbage to speak of, and running them little that is not gone by itself.
gc.disable()
OBJECTS_BEFORE_A_COLLECTION = 100_000
# The same examples on each run, so that a change and nothing else makes a test fail; new ones in `make check-long`.
hypothesis.settings.register_profile("check", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=500)
hypothesis.settings.load_profile("check")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Once for the run: its worker processes would meet one another's new servers."""
    if not hasattr(session.config, "workerinput"):
        _clear_abandoned()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> run_order.ByFile:
    config.option.loadscopereorder = False
    return run_order.ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=run_order.rank)


def pytest_collection_finish() -> None:
    """No collection of garbage looks at the modules and the tests again: it took a tenth of the run."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_A_COLLECTION)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """No test may reach another machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in sql_server.LOOPBACK:
            pytest.fail(f"a test tried to reach {address[0]}:{address[1]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real input data."""
    folder = Path(os.environ.get("STRATA_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.fail(f"{folder} is missing: set STRATA_SHARED_DATA to the folder with synthea-27 and synthea-59")
    return folder


@pytest.fixture
def reachable_folder() -> Iterator[Path]:
    """An empty folder that the servers' account can enter, unlike pytest's own for root."""
    folder = Path(tempfile.mkdtemp(prefix="strata-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real servers, shared by the whole run; `database` puts right what a fault test stopped."""
    folder = Path(tempfile.mkdtemp(prefix=SERVERS_PREFIX))
    folder.chmod(0o755)
    try:
        with Servers(folder, durable=False) as running:
            yield running
            kept_databases.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def owner_connections(servers: Servers) -> Iterator[OwnerConnections]:
    """The test run's own connections to the servers."""
    kept = OwnerConnections(servers)
    yield kept
    kept.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What the product must do on real servers is tried on both engines."""
    folder = metafunc.definition.path.parent
    if folder.parent != ROOT / "tests/integration" or folder in ON_POSTGRESQL_ALONE:
        return
    if "environment" not in metafunc.fixturenames:
        return
    only = metafunc.definition.get_closest_marker("only_on_postgresql")
    engines: list[Any] = ["postgresql"]
    if only is None and sql_server.is_named():
        used = {name for mark in metafunc.definition.iter_markers("usefixtures") for name in mark.args}
        stops = {"tiers", "site"} & {*inspect.signature(metafunc.function).parameters, *used}
        # Said here: a fixture that skips would first end what the session has set up for the other engine.
        cut = pytest.mark.skipif(
            bool(stops) and not sql_server.can_be_cut_off(),
            reason="SQL Server: stops a server, and the way to one on another machine is not this test's to cut",
        )
        engines.append(pytest.param("mssql", marks=cut))
    metafunc.parametrize("engine_name", engines, indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not sql_server.is_named():
        terminalreporter.write_line(f"Left out: the same tests on SQL Server. To run them: {sql_server.TO_NAME}")


@pytest.fixture(scope="session")
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine that a test runs on; PostgreSQL unless it is tried on both."""
    name: str = getattr(request, "param", "postgresql")
    return name


@pytest.fixture(scope="session")
def tiers(engine_name: str, servers: Servers) -> Iterator[Tiers]:
    """The servers, which a test may stop."""
    if engine_name == "postgresql":
        yield Tiers.embedded(servers)
        return
    with sql_server.tiers(servers) as named:
        yield named


@pytest.fixture(scope="session")
def databases_env(engine_name: str, servers: Servers, tiers: Tiers) -> Iterator[dict[str, str]]:
    """The addresses of the test servers, all running, as STRATA_* variables."""
    _start(tiers)
    if engine_name == "postgresql":
        yield servers.env()
        return
    with sql_server.new_databases() as addresses:
        yield {**servers.env(), **sql_server.by_ways(addresses, tiers)}


@pytest.fixture(scope="session")
def environment(databases_env: dict[str, str], servers: Servers) -> dict[str, str]:
    """The STRATA_* variables that reach the test servers, for commands run as processes of their own."""
    return {
        **databases_env,
        "STRATA_SECRET_KEY": "only-for-tests-" + "0" * 32,
        "STRATA_SPOOL_DIR": str(servers.data_dir / "spool"),
        "STRATA_PLAIN_HTTP": "1",
        "STRATA_FIELD_KEYS": _key("fields"),
        "STRATA_EVENT_KEYS": ",".join(f"{kind}={_key(kind)}" for kind in PROCESS_KINDS),
        "STRATA_AUDIT_KEY": _key("audit"),
        "STRATA_SIGNING_KEY": _key("signing"),
        "STRATA_SECOND_FACTOR": "offered",
        "STRATA_ARCHIVE_ROWS_PER_SECOND": "0",
    }


def _key(name: str) -> str:
    return base64.urlsafe_b64encode(f"only for tests: {name}".ljust(32).encode()).decode()


@pytest.fixture(scope="session")
def settings(environment: dict[str, str]) -> Any:
    """Settings for the test servers, with schema and linked tables made."""
    from core.install.setup import initialise
    from core.settings import config

    loaded = config.load(environment)
    initialise(loaded)
    return loaded


@pytest.fixture
def databases(
    engine_name: str,
    tiers: Tiers,
    settings: Any,
    owner_connections: OwnerConnections,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Every server running, and this process's connections to them."""
    from core.stores import databases

    if engine_name == "mssql":
        sql_server.renew_often()
    monkeypatch.setattr(databases, "configure", kept_databases.configure)
    _start(tiers)
    configured = databases.configure(settings)
    (tiers.replica if engine_name == "mssql" else owner_connections).resume_replay()
    return configured


@pytest.fixture
def database(databases: Any, settings: Any, empty_tables: Callable[[], None], sync_replica: Callable[[], None]) -> Any:
    """Every server running, every table empty, this process configured and without grudges; gives the settings."""
    from core import audit, staging
    from core.audit import head_sets
    from core.queries import tiers as tier_states
    from core.stores import archived, replica_watch
    from core.stores.outage import primary

    empty_tables()
    # A portal that an earlier test asked has left its name in this thread.
    audit.origin.set(audit.Origin("command"))
    # Heads that were kept of another test's events are no heads of these.
    staging.audit_store().delete(head_sets.PREFIX)
    with Redis.from_url(settings.redis_url) as valkey:
        valkey.flushall()
    sync_replica()
    # What a process remembers of servers that failed belongs to the test that made them fail.
    primary.answered()
    for breaker in archived.breakers.values():
        breaker.answered()
    replica_watch.forget()
    tier_states.forget()
    return settings


@pytest.fixture
def sends_conditions_on(engine_name: str, database: Any) -> None:
    """The server judges conditions on linked tables where their rows are; Babelfish can't."""
    sql_server.skip_on_babelfish(engine_name, "fetches a linked table whole, whatever is asked of it")


@pytest.fixture
def locks_rows(engine_name: str, database: Any) -> None:
    """A row that is read for update is locked; on Babelfish only a write locks it."""
    sql_server.skip_on_babelfish(
        engine_name, "lets nobody wait for a row that is read for update: UPDLOCK has no effect"
    )


@pytest.fixture
def tells_snapshots(engine_name: str, database: Any) -> None:
    """A server tells since when another session reads by a snapshot; Babelfish does not."""
    sql_server.skip_on_babelfish(engine_name, "tells no session of another's snapshot")


@pytest.fixture
def empty_tables(engine_name: str, owner_connections: OwnerConnections) -> Callable[[], None]:
    """Call it to empty every table, and to begin its ids anew."""
    return sql_server.empty if engine_name == "mssql" else owner_connections.empty_tables


@pytest.fixture
def sync_replica(engine_name: str, owner_connections: OwnerConnections) -> Callable[[], None]:
    """Call it to wait until the standby has replayed all that the primary has written."""
    return sql_server.wait_until_replayed if engine_name == "mssql" else owner_connections.wait_until_replayed


def _start(tiers: Tiers) -> None:
    for server in tiers.of.values():
        server.start()


def _clear_abandoned() -> None:
    """End and delete the servers of test runs that were killed; a living run holds its lock."""
    for found in Path(tempfile.gettempdir()).glob(f"{SERVERS_PREFIX}*/{home.LINK_NAME}/{LOCK_NAME}"):
        lock, folder = ServersLock(), found.parent
        with suppress(EmbeddedError, OSError):
            lock.take(folder)
            home.erase(folder.parent, folder)
            shutil.rmtree(folder.parent, ignore_errors=True)
        lock.release()
