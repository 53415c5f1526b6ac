"""Content hashes and versions of rows, computed by the server that has them: of each row, and one over all of them."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Table, text

from core import db


class Hashes(NamedTuple):
    """Of a set of rows: how many, the hash over their contents, and the hash over their versions on this server."""

    rows: int
    contents: str
    versions: str


def of_row(table: Table, alias: str) -> str:
    """SQL for a row's content hash, over every column of the hot table."""
    return db.databases().adapter.row_hash(table, table.columns.keys(), alias)


def of_rows(connection: Connection, table: Table, rows: str) -> Hashes:
    """The hashes of `FROM ... WHERE ...` rows, alias t."""
    adapter = db.databases().adapter
    hashed = f"SELECT t.id, {of_row(table, 't')} AS row_hash, {adapter.row_version('t')} AS row_version {rows}"
    contents, versions = (adapter.rows_hash(part, "h.id") for part in ("h.row_hash", "h.row_version"))
    return Hashes(*connection.execute(text(f"SELECT count(*), {contents}, {versions} FROM ({hashed}) h")).one())


def of_versions(connection: Connection, taken: str) -> tuple[int, str]:
    """The number and the versions' hash of a `WITH taken AS (...)` that gives `id` and `row_version`."""
    versions = db.databases().adapter.rows_hash("row_version", "id")
    count, digest = connection.execute(text(f"{taken} SELECT count(*), {versions} FROM taken")).one()
    return int(count), str(digest)
