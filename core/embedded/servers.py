"""All embedded servers of one data directory: a primary, its standby, three archives and Valkey."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from core.embedded import EmbeddedError, binaries, home, new_cluster
from core.embedded.account import ServerAccount
from core.embedded.lock import ServersLock
from core.embedded.place import Place
from core.embedded.postgres import PostgresServer
from core.embedded.standby import Standby
from core.embedded.state import FILE_NAME, ServersState
from core.embedded.valkey import ValkeyServer

PRIMARY, REPLICA = "primary", "replica"
ARCHIVES = ("logs", "visits", "reports")
VALKEY = "valkey"
NAMES = (PRIMARY, REPLICA, *ARCHIVES, VALKEY)


def _silent(_line: str) -> None:
    pass


ARCHIVE_NICENESS = 10


class Servers:
    """Real servers in `data_dir` that listen on 127.0.0.1 only; as a context manager it starts and stops them.

    With `durable=False`, for tests, data survive killed processes but not a power cut. `fresh=True` deletes the data
    of earlier runs. Every fault raises EmbeddedError.
    """

    valkey: ValkeyServer
    _place: Place

    def __init__(
        self,
        data_dir: Path,
        on_progress: Callable[[str], None] = _silent,
        *,
        durable: bool = True,
        fresh: bool = False,
        postgres_bin: Path | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.on_progress = on_progress
        self.durable = durable
        self.fresh = fresh
        self.postgres_bin = postgres_bin
        self.postgres: dict[str, PostgresServer] = {}
        self._lock = ServersLock()
        self._busy: ThreadPoolExecutor | None = None

    def reserve(self) -> Path:
        """Make the data directory, and keep other processes out of it until `stop`; returns the servers' folder."""
        folder = home.prepare(self.data_dir, ServerAccount.current())
        self._lock.take(folder)
        return folder

    def start(self) -> None:
        """End what a killed run left behind, then start all servers. After a fault, nothing stays running."""
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise EmbeddedError(
                f"The servers can't start: {error.strerror or error} ({error.filename or self.data_dir}).",
                "free disk space, or choose a folder you can write to with --data-dir.",
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all servers and wait until no process is left. The standby stops last, and so has everything."""
        if self._busy is not None:
            self._place.abandoned.set()
            self._busy.shutdown()
        if self.postgres:
            archives = [self.postgres[name].stop for name in ARCHIVES]
            self._together(*archives, self._stop_pair, self.valkey.stop)
        self._lock.release()

    @property
    def is_reserved(self) -> bool:
        """Whether the folder belongs to this process, with all servers that run in it."""
        return self._lock.is_taken

    @property
    def replica(self) -> Standby:
        standby = self.postgres[REPLICA]
        assert isinstance(standby, Standby)  # noqa: S101
        return standby

    def env(self) -> dict[str, str]:
        """The settings that reach these servers."""
        archives = {f"STRATA_ARCHIVE_{name.upper()}_URL": self.postgres[name].url for name in ARCHIVES}
        return {
            "STRATA_PRIMARY_URL": self.postgres[PRIMARY].url,
            "STRATA_REPLICA_URL": self.postgres[REPLICA].url,
            **archives,
            "STRATA_REDIS_URL": self.valkey.url,
            "STRATA_STAGING_URL": (self.data_dir / "staging").as_uri(),
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        place = self._place = self._make_place()
        state = ServersState.load(self.data_dir) or self._begin(place)
        self._make_servers(place, state)
        self._end_leftovers()
        self._settle_ports(state)
        self.on_progress(f"Starting PostgreSQL {place.binaries.major} (primary, standby, three archives) and Valkey")
        new_cluster.remove(place)
        archives = [self.postgres[name].start for name in ARCHIVES]
        self._together(*archives, self._start_pair, self.valkey.start)
        new_cluster.remove(place)

    def _make_place(self) -> Place:
        folder = self.reserve()
        account = ServerAccount.current()
        if self.fresh:
            self.on_progress(f"Deleting what is in {self.data_dir}")
            home.erase(self.data_dir, folder)
        for name in ("logs", "staging"):
            (self.data_dir / name).mkdir(exist_ok=True)
        found = binaries.find(account, folder / "bin", postgres_bin=self.postgres_bin)
        return Place(folder, self.data_dir / "logs", found, account, self.durable)

    def _begin(self, place: Place) -> ServersState:
        if (place.home / PRIMARY).exists():
            raise EmbeddedError(
                f"{self.data_dir} holds databases, but {FILE_NAME} with their passwords is missing.",
                "put that file back, or start again with --fresh, which deletes the databases.",
            )
        home.check_space(place.home)
        return ServersState.new()

    def _make_servers(self, place: Place, state: ServersState) -> None:
        def postgres(name: str) -> PostgresServer:
            # In production each archive has its own machine. Here the archives let the servers of pages go first.
            niceness = ARCHIVE_NICENESS if name in ARCHIVES else 0
            return PostgresServer(name, place, port=state.ports.get(name, 0), password=password, niceness=niceness)

        password = state.passwords["postgres"]
        primary = postgres(PRIMARY)
        standby = Standby(REPLICA, place, port=state.ports.get(REPLICA, 0), password=password, primary=primary)
        self.postgres = {PRIMARY: primary, REPLICA: standby} | {name: postgres(name) for name in ARCHIVES}
        self.valkey = ValkeyServer(place, port=state.ports.get(VALKEY, 0), password=state.passwords["valkey"])

    def all(self) -> dict[str, PostgresServer | ValkeyServer]:
        """Every server by its name; the standby comes after its primary."""
        return {**self.postgres, VALKEY: self.valkey}

    def _end_leftovers(self) -> None:
        left = [server for server in self.all().values() if server.has_processes()]
        if left:
            self.on_progress("Ending the servers that a killed run left behind")
            self._together(*[server.stop for server in left])

    def _settle_ports(self, state: ServersState) -> None:
        for name in state.settle_ports(NAMES):
            self.on_progress(f"Another program has taken the port of {name}; it moves to {state.ports[name]}")
        for name, server in self.all().items():
            server.port = state.ports[name]
        state.save(self.data_dir)

    def _start_pair(self) -> None:
        self.postgres[PRIMARY].start()
        self.replica.start()

    def _stop_pair(self) -> None:
        self.postgres[PRIMARY].stop()
        self.replica.stop()

    def _together(self, *actions: Callable[[], None]) -> None:
        """Run the actions at the same time; raises the first fault when all have ended."""
        with ThreadPoolExecutor() as self._busy:
            futures = [self._busy.submit(action) for action in actions]
        self._busy = None
        for future in futures:
            future.result()
