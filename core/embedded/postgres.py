"""One PostgreSQL server as a child process."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from core.embedded import EmbeddedError, new_cluster, postmaster, processes
from core.embedded.account import PLAIN_ENVIRONMENT
from core.embedded.place import Place
from core.embedded.ports import HOST
from core.embedded.postgres_settings import client_rules, server_settings

USER = "strata"
DATABASE = "strata"
PROGRAM = "postgres"
START_SECONDS = 60
POLL_SECONDS = 0.02
STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class PostgresServer:
    """A server whose files are in `place.home/NAME`. The caller chooses its port.

    `niceness`, 0 to 19, is how far the server lets other processes go first.
    """

    def __init__(self, name: str, place: Place, *, port: int, password: str, niceness: int = 0) -> None:
        self.niceness = niceness
        self.name = name
        self.place = place
        self.port = port
        self.password = password
        self.data = place.home / name
        self.log = place.log_dir / f"postgres-{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy address of the application's database, as its owner."""
        return f"postgresql+psycopg://{USER}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def has_processes(self) -> bool:
        """Whether any process of this server runs, even one that an earlier run of Strata left behind."""
        return bool(self._family())

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        """An autocommit connection as the superuser."""
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=15,
        )

    def start(self) -> None:
        """Create what is missing, start, and return once the server accepts connections. A running one stays."""
        if self.running:
            return
        self._sweep()
        self._prepare()
        self._configure()
        self._launch()
        self._wait_for(self._ready, "start")
        self._complete()

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop, and wait until no process is left. "immediate" is a crash; the next start recovers from it."""
        postmaster_only = [p for p in self._family() if p.pid == postmaster.pid(self.data)]
        processes.end(postmaster_only, STOP_SIGNALS[mode])
        self._sweep()

    def kill(self) -> None:
        """Kill the postmaster as the kernel would (SIGKILL), then wait until its children are gone."""
        if self._process is not None:
            self._process.kill()
        self._sweep()

    def _sweep(self) -> None:
        """End processes that are left without a postmaster: they would keep a new server out of the data folder."""
        processes.end(self._family(), signal.SIGQUIT)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _family(self) -> list[processes.Process]:
        return processes.running_in(self.data, PROGRAM)

    def _prepare(self) -> None:
        """Create the data folder under another name, and rename it at the end: it is there whole or not at all."""
        if self.data.is_dir():
            self._check_major()
            return
        part = self._part_folder()
        new_cluster.copy_to(part, self.place, user=USER, password=self.password)
        part.rename(self.data)

    def _configure(self) -> None:
        """Write the whole configuration; all else is the server's default."""
        major, durable = self.place.binaries.major, self.place.durable
        settings = server_settings(self.port, major=major, durable=durable, standby=self._standby_settings())
        self.place.write(self.data / "postgresql.conf", settings)
        self.place.write(self.data / "pg_hba.conf", client_rules())

    def _standby_settings(self) -> dict[str, str]:
        return {}

    def _launch(self) -> None:
        self.place.check_wanted()
        # The file's pid may belong to another program by now; then PostgreSQL would refuse to start.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(self.place.binaries.postgres("postgres")), "-D", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=PLAIN_ENVIRONMENT,
                # Ctrl-C in a terminal goes to the whole group. The servers must end after the processes that use them.
                start_new_session=True,
                **self.place.account.popen_options(),
            )
        # The server's backends inherit the priority.
        os.setpriority(os.PRIO_PROCESS, self._process.pid, self.niceness)

    def _ready(self) -> bool:
        return self._process is not None and postmaster.accepts_connections(self.data, self._process.pid)

    def _complete(self) -> None:
        with self.connect("postgres") as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _wait_for(self, condition: Callable[[], bool], verb: str, *, seconds: float = START_SECONDS) -> None:
        """Poll until `condition`. If the server dies or the time is over, stop the server and raise EmbeddedError."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.running or time.monotonic() > deadline:
                self.stop("immediate")
                raise EmbeddedError(
                    f"PostgreSQL ({self.name}) did not {verb}: {postmaster.last_words(self.log)}.",
                    f"remove that cause; {self.log} says more.",
                )
            self.place.check_wanted()
            time.sleep(POLL_SECONDS)

    def _part_folder(self) -> Path:
        part = self.data.with_name(f"{self.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        return self.place.account.make_folder(part)

    def _check_major(self) -> None:
        made_by = postmaster.data_major(self.data)
        if made_by != self.place.binaries.major:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {made_by}; this is {self.place.binaries.major}.",
                "start again with --fresh, or set STRATA_POSTGRES_BIN to the older version.",
            )
