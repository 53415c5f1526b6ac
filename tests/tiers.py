"""The servers of a test, which it may stop and start again, whichever engine they run."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import make_url

from core.embedded.servers import Servers
from core.engines.mssql_link import DEFAULT_PORT
from core.engines.mssql_server import is_babelfish
from core.stores import databases
from core.stores.databases import Store
from tests import tcp_proxy

START_SECONDS = 20


@dataclass(frozen=True)
class Tiers:
    """`of` has them by their stores' names, and Valkey; the replica can also be kept from replaying."""

    of: Mapping[str, Any]
    replica: Any

    @classmethod
    def embedded(cls, servers: Servers) -> Tiers:
        return cls(servers.all(), servers.replica)


class NamedServer:
    """A server that is named by its address, which is not a test's to stop: what ends is the way to it.

    The way is a process that forwards a port; whoever is to meet an outage goes by that port, also linked servers.
    """

    def __init__(self, address: str) -> None:
        self._server_port = make_url(address).port or DEFAULT_PORT
        with socket.create_server((tcp_proxy.HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def by_way(self, address: str) -> str:
        """The address of the server, or of one of its databases, by this way."""
        return make_url(address).set(host=tcp_proxy.HOST, port=self.port).render_as_string(hide_password=False)

    def start(self) -> None:
        if self._process is not None:
            return
        ports = (str(self.port), str(self._server_port))
        self._process = subprocess.Popen([sys.executable, tcp_proxy.__file__, *ports])
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < until, f"nothing forwards port {self.port}"
            time.sleep(0.02)

    def stop(self, _mode: str = "fast") -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    kill = stop

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((tcp_proxy.HOST, self.port)):
            return True
        return False


class NamedReplica(NamedServer):
    """A secondary, whose server can be told to receive and not to replay."""

    def __init__(self, address: str | None, primary: str) -> None:
        super().__init__(address or primary)
        self.is_secondary = address is not None
        self.is_paused = False

    def pause_replay(self) -> None:
        if not self.is_secondary:
            pytest.skip("SQL Server: no readable secondary is named")
        self._replay("pause", "SUSPEND")
        self.is_paused = True

    def resume_replay(self) -> None:
        if self.is_paused:
            self._replay("resume", "RESUME")
        self.is_paused = False

    @staticmethod
    def _replay(of_babelfish: str, of_group: str) -> None:
        servers = databases.current()
        engine = servers.engine(Store.REPLICA, read_only=True).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # Past the guard of connections that read: it writes nothing.
            cursor = connection.connection.cursor()
            if is_babelfish(connection):
                cursor.execute(f"SELECT 1 WHERE pg_catalog.pg_wal_replay_{of_babelfish}() IS NOT NULL")
            else:
                name = make_url(servers.settings.replica_url).database
                cursor.execute(f"ALTER DATABASE [{name}] SET HADR {of_group}")
            cursor.close()
