"""A host for each server: its part of the memory and of the disk of one modest machine, by Linux control groups.

The benchmark has a part of a real group's patients. Each server gets the same part of a real host, so that what does
not fit into its memory there does not fit here either, and its disk is as busy. The host is that of one time the
patients: three times as many come onto the same one. Where groups can't be made, servers share all there is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from core.embedded.postgres import PostgresServer

ROOT = Path("/sys/fs/cgroup")
# Linux, Documentation/admin-guide/cgroup-v1 and cgroup-v2.
GROUP = "strata-bench-{pid}-{system}-{server}"
MB = 2**20
# By group's folder, what to write into which of its files.
Told = Mapping[Path, list[tuple[str, str]]]
Limits = Callable[[str, "Host", str], Told]


@dataclass(frozen=True)
class Host:
    """Memory in MB, and a disk's operations and MB a second."""

    memory: int
    operations: int
    megabytes: float

    @property
    def buffers(self) -> str:
        """What a database gets of the memory for its own buffers; the system caches files in the rest."""
        return f"{self.memory // 4}MB"

    @property
    def words(self) -> str:
        return f"{self.memory} MB, {self.operations} operations and {self.megabytes:.1f} MB a second"


# A general-purpose machine, and a volume as clouds give it without extra payment, for PATIENTS.
WHOLE, PATIENTS = Host(16_384, 3_000, 125.0), 500_000
# With less, a server's own processes fill the memory.
LEAST_MEMORY = 480


def part(patients: int) -> Host | None:
    """The part of a real host that so many patients have, or None if it is too small for a server."""
    share = patients / PATIENTS
    memory = round(WHOLE.memory * share)
    found = Host(memory, max(1, round(WHOLE.operations * share)), WHOLE.megabytes * share)
    return found if memory >= LEAST_MEMORY and _version() else None


def half(host: Host) -> Host:
    """A host with half the memory, and the same disk: volumes of every size have that."""
    return replace(host, memory=host.memory // 2)


@contextmanager
def groups(system: str) -> Iterator[Hosts]:
    """Hosts for a system's servers. Their groups are removed once the servers in them have ended."""
    made = Hosts(system)
    try:
        yield made
    finally:
        for folder in made.folders:
            with suppress(OSError):
                folder.rmdir()


@dataclass
class Hosts:
    """The groups of one system, and what stands in each."""

    system: str
    servers: dict[PostgresServer, Host] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)

    def move_in(self) -> None:
        """Restart each server with its host's memory, and with nothing of its files in it."""
        for server, host in self.servers.items():
            with server.connect() as connection:
                connection.execute(f"ALTER SYSTEM SET shared_buffers = '{host.buffers}'")
            server.stop()
            forget(server.data)
            server.start()
            for folder in self._limit(server, memory_limits):
                # Those that the server starts later are in its group.
                for process in family(server):
                    with suppress(ProcessLookupError):
                        (folder / "cgroup.procs").write_text(str(process.pid), encoding="utf-8")

    def slow_disks(self) -> None:
        """Hold each server to its host's disk."""
        for server in self.servers:
            self._limit(server, disk_limits)

    def _limit(self, server: PostgresServer, limits: Limits) -> list[Path]:
        name = GROUP.format(pid=os.getpid(), system=self.system.replace(" ", "-"), server=server.name)
        told = limits(name, self.servers[server], device(server.data))
        for folder, files in told.items():
            if folder not in self.folders:
                folder.mkdir()
                self.folders.append(folder)
            for file, text in files:
                (folder / file).write_text(text, encoding="utf-8")
        return list(told)


def memory_limits(name: str, host: Host, disk: str) -> Told:
    """By group's folder, what to write into which of its files. The disk's group is made, too."""
    if _version() == 2:
        return {ROOT / name: [("memory.max", str(host.memory * MB))]}
    return {ROOT / "memory" / name: [("memory.limit_in_bytes", str(host.memory * MB))], ROOT / "blkio" / name: []}


def disk_limits(name: str, host: Host, disk: str) -> Told:
    """The same for the disk, which is named as major:minor."""
    speed = round(host.megabytes * MB)
    if _version() == 2:
        rates = f"{disk} rbps={speed} wbps={speed} riops={host.operations} wiops={host.operations}"
        return {ROOT / name: [("io.max", rates)]}
    rates_of = {"iops": host.operations, "bps": speed}
    return {
        ROOT / "blkio" / name: [
            (f"blkio.throttle.{way}_{unit}_device", f"{disk} {rate}")
            for way in ("read", "write")
            for unit, rate in rates_of.items()
        ]
    }


def family(server: PostgresServer) -> list[psutil.Process]:
    """A server's processes, its first one at the head. Those that it starts later are pinned as it is."""
    first = psutil.Process(int((server.data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0]))
    return [first, *first.children()]


def device(path: Path) -> str:
    """The disk, as major:minor, that holds these files; of a partition, its whole disk."""
    number = path.stat().st_dev
    found = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()
    whole = found.parent if (found / "partition").exists() else found
    return (whole / "dev").read_text(encoding="utf-8").strip()


def forget(folder: Path) -> None:
    """Write these files to the disk and drop them from the system's cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _version() -> int | None:
    """Of the control groups that this process may make here."""
    if all(os.access(ROOT / kind, os.W_OK) and (ROOT / kind / "cgroup.procs").exists() for kind in ("memory", "blkio")):
        return 1
    with suppress(OSError):
        given = (ROOT / "cgroup.subtree_control").read_text(encoding="utf-8").split()
        if os.access(ROOT, os.W_OK) and {"memory", "io"} <= set(given):
            return 2
    return None
