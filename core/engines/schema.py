"""A database's schema: what it needs beforehand, and which columns its tables have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine


@dataclass(frozen=True)
class ColumnFacts:
    """A column as its server has it: its type with the width, whether it may be null, and its collation.

    `nullable` is None if the server can't tell it; so is `collation`, also for a column that is not text.
    """

    type: str
    nullable: bool | None
    collation: str | None

    def agrees(self, other: ColumnFacts) -> bool:
        """Whether the two columns are alike in everything that both servers tell."""
        told = ((self.nullable, other.nullable), (self.collation, other.collation))
        return self.type == other.type and all(ours == theirs for ours, theirs in told if None not in (ours, theirs))

    def __str__(self) -> str:
        collation = f" collate {self.collation}" if self.collation else ""
        return f"{self.type}{collation}{' not null' if self.nullable is False else ''}"


@dataclass(frozen=True)
class LaxCheck:
    """A CHECK of a table that is kept by new rows, and of which the server does not know whether older rows keep it."""

    table: str
    name: str
    condition: str


class Schema(Protocol):
    """Prepares a database, and describes its tables."""

    def prepare(self, engine: Engine) -> None:
        """Set what the database needs before its tables are made, outside of any transaction. Repeatable."""

    def columns(
        self, connection: Connection, schema: str | None, tables: Sequence[str]
    ) -> Mapping[str, Mapping[str, ColumnFacts]]:
        """The columns of those tables that exist, by table and name; a schema of None is the default one."""

    def lax_checks(self, connection: Connection) -> list[LaxCheck]:
        """The checks of the default schema's tables whose older rows the server never looked at."""

    def look_at_all(self, connection: Connection, check: LaxCheck) -> None:
        """Have the server look at every row. Raises IntegrityError if one does not keep the check."""
