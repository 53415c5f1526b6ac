"""What can break while a batch moves, each as something a test does and undoes."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql

from core.models.record_types import VISIT
from tests.integration.archive.worker import Worker
from tests.tcp_proxy import TcpProxy
from tests.tiers import Tiers

# Longer than a busy machine keeps a living server from answering.
SILENCE_SECONDS = 3.0
HEAL_AFTER_SECONDS = SILENCE_SECONDS + 1.5
DISK_BYTES = 1 << 20


@dataclass
class Site:
    """Where a scenario happens: the servers, the ways to them, the worker's folder and its staging."""

    tiers: Tiers
    primary: TcpProxy
    archive: TcpProxy
    folder: Path


Fault = Callable[[Site, Worker], None]


def _killed_server(name: str) -> Fault:
    def strike(site: Site, worker: Worker) -> None:
        server = site.tiers.of[name]
        server.kill()
        worker.let_go()
        worker.ends_within(HEAL_AFTER_SECONDS)
        server.start()

    return strike


def _cut(way: str) -> Fault:
    def strike(site: Site, worker: Worker) -> None:
        proxy: TcpProxy = getattr(site, way)
        proxy.cut()
        worker.let_go()
        worker.ends_within(HEAL_AFTER_SECONDS)
        proxy.heal()

    return strike


def _silenced(way: str) -> Fault:
    def strike(site: Site, worker: Worker) -> None:
        proxy: TcpProxy = getattr(site, way)
        proxy.silence()
        worker.let_go()
        worker.ends_within(HEAL_AFTER_SECONDS)
        proxy.heal()

    return strike


FAULTS: dict[str, Fault] = {
    "primary killed": _killed_server("primary"),
    "archive killed": _killed_server("visits"),
    "valkey killed": _killed_server("valkey"),
    "primary cut": _cut("primary"),
    "archive cut": _cut("archive"),
    "primary silent": _silenced("primary"),
    "archive silent": _silenced("archive"),
}


def full_staging(site: Site, worker: Worker) -> None:
    """No byte more fits into the folder where batches are staged."""
    with _filled(site.folder / "staging"):
        worker.let_go()
        worker.ends_within(HEAL_AFTER_SECONDS)


def full_archive(site: Site, worker: Worker) -> None:
    """No page more fits into the file system that holds the archive's tables."""
    with _filled(site.folder / "tablespace"):
        worker.let_go()
        worker.ends_within(HEAL_AFTER_SECONDS)


@contextmanager
def _filled(folder: Path) -> Iterator[None]:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    yield
    filler.unlink()


@contextmanager
def small_disk(folder: Path, owner: int = 0) -> Iterator[Path]:
    """A file system of DISK_BYTES at `folder`; needs root."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)], check=True)  # noqa: S607
    os.chown(folder, owner, owner)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def archive_on(server: Any, folder: Path) -> Iterator[None]:
    """The archive's empty tables in a tablespace at `folder`, so that their first row needs a page there."""
    tables = [table.name for table in VISIT.tables]
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(folder))))
        _move(connection, tables, "small")
    try:
        yield
    finally:
        with server.connect() as connection:
            _move(connection, tables, "pg_default")
            connection.execute("CHECKPOINT")
            connection.execute("DROP TABLESPACE small")


def _move(connection: Any, tables: list[str], tablespace: str) -> None:
    for table in tables:
        name = sql.Identifier(table)
        if tablespace == "small":
            connection.execute(sql.SQL("TRUNCATE {}").format(name))
        connection.execute(sql.SQL("ALTER TABLE {} SET TABLESPACE {}").format(name, sql.Identifier(tablespace)))
