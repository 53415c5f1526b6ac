"""What stands in for one SQL Server: its logins, links and rights, and a fault in the words of Microsoft's driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stub_sql_server import Session


class Error(Exception):
    """PEP 249's classes, as pyodbc has them."""


class DatabaseError(Error):
    pass


class OperationalError(DatabaseError):
    pass


class ProgrammingError(DatabaseError):
    pass


class InterfaceError(Error):
    pass


def fault(number: int, words: str, *, state: str = "42000", call: str = "SQLExecDirectW") -> Error:
    """A fault in the words of Microsoft's driver."""
    kind = InterfaceError if state == "28000" else OperationalError if state.startswith("HY") else ProgrammingError
    return kind(state, f"[{state}] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]{words} ({number}) ({call})")


@dataclass
class Link:
    """A linked server: where it leads, and the login by which everybody reads it."""

    source: str
    catalog: str
    options: str
    user: str = ""
    password: str = ""


@dataclass(eq=False)
class Instance:
    """One SQL Server. `logins` have a password, `rights` say who may do more than its roles let it."""

    name: str
    logins: dict[str, str] = field(default_factory=dict)
    rights: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    users: set[tuple[str, str]] = field(default_factory=set)
    links: dict[str, Link] = field(default_factory=dict)
    versioned: set[str] = field(default_factory=set)
    sessions: list[Session] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    promotions: int = 0
    is_secondary: bool = False
    major: int = 16

    def said(self, part: str) -> list[str]:
        """The statements that hold a part."""
        return [one for one in self.statements if part in one]
