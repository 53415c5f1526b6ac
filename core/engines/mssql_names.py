"""Names on SQL Server: quoted, and such that two installations on one instance keep apart."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection

NAME_LENGTH_MAX = 128


def quoted(name: str) -> str:
    """An identifier in brackets, whatever is in it."""
    return "[" + name.replace("]", "]]") + "]"


def link_name(connection: Connection, server: str) -> str:
    """The linked server by which this installation reads an archive: its primary's database and the archive's name.

    Linked servers belong to the instance, and a database's name is unique there.
    """
    database = str(connection.exec_driver_sql("SELECT DB_NAME()").scalar())
    return shortened(f"{database}_archive_{server}", NAME_LENGTH_MAX)


def shortened(name: str, length: int) -> str:
    """The name, or as much of it as fits, with a hash that tells it from others that begin alike."""
    if len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: length - len(digest) - 1]}_{digest}"
