"""Where access events wait while the primary is down: one JSON line each, on disk before the page is sent.

Each writer's file is a hash chain of its own, so joining it twice changes nothing and an altered line is found.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from core.audit.chain import CHAINED, GENESIS, Link
from core.audit.decision import Decision, chained, origin
from core.models import AccessEvent, ChainHead
from core.staging.folder import sync_folder
from core.stores import databases

log = logging.getLogger(__name__)

SPOOL = "spool"


class _Chain(threading.local):
    """This thread's chain in the spool; a forked child, or another kind of process, starts a new one."""

    pid, kind, name, sequence, hash = 0, "", "", 0, GENESIS

    def start(self) -> None:
        kind = origin.get().portal
        if (self.pid, self.kind) != (os.getpid(), kind):
            self.pid, self.kind, self.sequence, self.hash = os.getpid(), kind, 0, GENESIS
            self.name = f"{kind}-{SPOOL}-{socket.gethostname()[:30]}-{self.pid}-{secrets.token_hex(6)}"


_chain = _Chain()


def begin_anew() -> None:
    """Begin a new chain with the next event of this thread, as a new process does."""
    _chain.pid = 0


_may_wait = True


def append(decision: Decision) -> None:
    """Write one event to the disk and wait until it is there. Raises OSError, and then nothing may be shown."""
    global _may_wait
    _chain.start()
    row = AccessEvent(**chained(decision, _chain.name, Link(_chain.sequence, _chain.hash)))
    folder = Path(databases.current().settings.spool_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder / f"{_chain.name}.jsonl", "ab") as file:
        size = file.tell()
        try:
            file.write(json.dumps(_plain(row), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            file.truncate(size)
            raise
    sync_folder(folder)
    _chain.sequence, _chain.hash = row.sequence, row.hash
    _may_wait = True


def _plain(row: AccessEvent) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in (*CHAINED, "hash")}
    return {**values, "at": row.at.isoformat()}


def waiting() -> int:
    """How many spool files of this kind of process this host has: no other kind may join them."""
    return len(_files())


def drain(session: Session) -> int:
    """Join waiting events to the audit trail in the caller's transaction; returns how many were joined now.

    A file is deleted only when a later call finds all its events committed, so a rollback loses nothing.
    """
    joined = 0
    for path in _files():
        try:
            with session.begin_nested():
                joined += _join(session, path)
        except (DataError, IntegrityError, OSError) as fault:
            log.error("%s can't be joined: %s", path.name, type(fault).__name__)
    return joined


def join_waiting() -> int:
    """Join waiting events in a transaction of its own, unless none can be waiting. Raises SQLAlchemyError."""
    global _may_wait
    if not _may_wait:
        return 0
    with databases.write() as session:
        joined = drain(session)
    _may_wait = waiting() > 0
    return joined


def _files() -> list[Path]:
    return sorted(Path(databases.current().settings.spool_dir).glob(f"{origin.get().portal}-{SPOOL}-*.jsonl"))


def _join(session: Session, path: Path) -> int:
    with _locked(path, "rb") as file:
        head = session.scalar(select(ChainHead).where(ChainHead.writer == path.stem).with_for_update())
        known = head.sequence if head is not None else 0
        rows = list(_rows(file, path))
        new = [row for row in rows if row.sequence > known]
        if not new:
            path.unlink(missing_ok=True)
            return 0
        if head is None:
            head = ChainHead(writer=path.stem, sequence=0, hash=GENESIS)
            session.add(head)
        session.add_all(new)
        head.sequence, head.hash = new[-1].sequence, new[-1].hash
        session.flush()
        return len(new)


def _rows(file: IO[bytes], path: Path) -> Iterator[AccessEvent]:
    for number, line in enumerate(file, 1):
        try:
            values = json.loads(line)
            yield AccessEvent(**{**values, "at": datetime.fromisoformat(values["at"])})
        except (ValueError, TypeError, KeyError):
            log.error("%s line %s is not an event: its page was never sent", path.name, number)


@contextmanager
def _locked(path: Path, mode: str) -> Iterator[IO[bytes]]:
    """The file, open and locked. A file that was removed while we waited for the lock is opened again."""
    while True:
        with path.open(mode) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                yield file
                return
