"""Who may write for a batch: the worker whose transaction on the primary holds the batch's row.

A worker whose connection to the primary is gone may still be busy at an archive server while another has taken over.
So each write there takes the batch's lock on that server and, last before its commit, asks the primary whether the
row is still held: a lost worker commits nothing that its successor would not replace.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from core.models import Batch
from core.stores import databases
from core.stores.databases import Store
from workers.archive.retry_policy import Busy


@contextmanager
def archive_write(session: Session, batch: Batch, server: str) -> Iterator[Connection]:
    """A transaction on the batch's archive server; committed only while `session` holds the batch. Raises Busy."""
    servers = databases.current()
    with servers.engine(Store(server), read_only=False).begin() as connection:
        servers.adapter.limits.make_room(connection)
        if not servers.adapter.locks.try_lock(connection, f"batch {batch.id}"):
            raise Busy(f"another worker writes the copies of batch {batch.id}")
        yield connection
        check_held(session)


def worker_name() -> str:
    """This process, as steps name it."""
    return f"{socket.gethostname()}:{os.getpid()}"[:120]


def check_held(session: Session) -> None:
    """Raises DBAPIError if the transaction that holds the batch's row is gone."""
    session.execute(text("SELECT 1"))
