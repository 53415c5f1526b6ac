from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from core.embedded import EmbeddedError
from core.embedded.servers import Servers
from tests.integration.embedded.looking import execute, processes_below


def test_a_second_start_finds_data_ports_and_passwords_again(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        for name in ("primary", "logs", "visits", "reports"):
            execute(servers, name, "CREATE TABLE IF NOT EXISTS kept (place text)")
            execute(servers, name, f"INSERT INTO kept VALUES ('{name}')")
        with Redis.from_url(servers.valkey.url) as valkey:
            valkey.set("kept", "yes")
        before = servers.env()

    with Servers(own_folder, durable=False) as servers:
        assert servers.env() == before
        for name in ("primary", "replica", "logs", "visits", "reports"):
            expected = "primary" if name == "replica" else name
            assert execute(servers, name, "SELECT place FROM kept") == [(expected,)]
        with Redis.from_url(servers.valkey.url) as valkey:
            assert valkey.get("kept") == b"yes"


def test_stop_leaves_no_process(own_folder: Path) -> None:
    with Servers(own_folder, durable=False):
        assert set(processes_below(own_folder)) == {"postgres", "valkey-server"}
    assert processes_below(own_folder) == []


def test_the_standby_streams_and_is_read_only(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        execute(servers, "primary", "CREATE TABLE streamed AS SELECT 7 AS n")
        servers.replica.wait_until_replayed()
        assert execute(servers, "replica", "SELECT n FROM streamed") == [(7,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            execute(servers, "replica", "INSERT INTO streamed VALUES (8)")


def test_paused_replay_shows_an_older_state_until_it_is_resumed(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        execute(servers, "primary", "CREATE TABLE paused (n int)")
        servers.replica.wait_until_replayed()
        servers.replica.pause_replay()
        execute(servers, "primary", "INSERT INTO paused VALUES (1)")
        assert execute(servers, "replica", "SELECT n FROM paused") == []
        servers.replica.resume_replay()
        servers.replica.wait_until_replayed()
        assert execute(servers, "replica", "SELECT n FROM paused") == [(1,)]


def test_servers_are_reached_with_the_password_and_on_loopback_only(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        port = servers.postgres["primary"].port
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host="127.0.0.1", port=port, user="strata", password="wrong", dbname="strata")
        family = [p for p in psutil.process_iter(["cwd"]) if (p.info["cwd"] or "").startswith(str(own_folder))]
        assert {address for process in family for address in listens_on(process)} == {"127.0.0.1"}


def listens_on(process: psutil.Process) -> set[str]:
    """The addresses that a process listens on; a server's worker may have ended since it was found."""
    with suppress(psutil.NoSuchProcess):
        return {c.laddr.ip for c in process.net_connections("inet") if c.status == "LISTEN"}
    return set()


def test_what_holds_passwords_is_private(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        assert (own_folder / "servers.json").stat().st_mode & 0o777 == 0o600
        assert (servers.valkey.data / "valkey.conf").stat().st_mode & 0o777 == 0o600
        commands = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
        assert not any(servers.valkey.password in command for command in commands)


def test_two_runs_cannot_share_a_data_directory(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as first:
        with pytest.raises(EmbeddedError, match="already running") as refused:
            Servers(own_folder, durable=False).start()
        assert "--data-dir" in refused.value.mend
        assert execute(first, "primary", "SELECT 1") == [(1,)]
