"""Stands in for pyodbc and the servers behind it, and refuses what Microsoft documents that SQL Server refuses.

It knows logins, links, open sessions and transactions, and no rows: a query that it does not know finds nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from tests.stub_sql_answers import ANSWERS, Rows
from tests.stub_sql_instance import (
    DatabaseError,
    Error,
    Instance,
    InterfaceError,
    Link,
    OperationalError,
    ProgrammingError,
    fault,
)


class Network:
    """The instances by the address under which they are reached, `host,port`; a listener routes by intent."""

    def __init__(self, **instances: Instance) -> None:
        self.at: dict[str, Instance] = {}
        self.read_only: dict[str, Instance] = {}
        self.file_is_missing = False
        self.connecting_seconds = 0.0
        self.installed = ["ODBC Driver 18 for SQL Server"]

    def connect(self, raw: str, **options: Any) -> Session:
        time.sleep(self.connecting_seconds)
        if self.file_is_missing:
            words = f"[01000] [unixODBC][Driver Manager]Can't open lib '{self.installed[0]}' : file not found"
            raise OperationalError("01000", f"{words} (0) (SQLDriverConnect)")
        values = dict(re.findall(r"([^=;]+)=(\{(?:[^}]|\}\})*\}|[^;]*)", raw))
        values = {name: value[1:-1] if value.startswith("{") else value for name, value in values.items()}
        address = values["Server"]
        instance = self.at.get(address)
        if instance is None:
            raise fault(0, "Login timeout expired", state="HYT00", call="SQLDriverConnect")
        if values.get("ApplicationIntent") == "ReadOnly":
            instance = self.read_only.get(address, instance)
        if instance.logins.get(values["UID"]) != values["PWD"]:
            raise fault(18456, f"Login failed for user '{values['UID']}'.", state="28000", call="SQLDriverConnect")
        made = Session(self, instance, values["Database"], autocommit=options.get("autocommit", False))
        made.login = values["UID"]
        return made

    def behind(self, link: Link) -> Instance:
        """The instance that a link reads. Faults as it does when the login fails there."""
        instance = self.at[link.source]
        if instance.logins.get(link.user) != link.password:
            raise fault(18456, f"Login failed for user '{link.user}'.")
        return instance

    def driver(self) -> Any:
        """What `import pyodbc` gives."""
        return SimpleNamespace(
            connect=self.connect, drivers=lambda: self.installed, pooling=True, version="5.2.0", paramstyle="qmark",
            Error=Error, DatabaseError=DatabaseError, OperationalError=OperationalError,
            ProgrammingError=ProgrammingError, InterfaceError=InterfaceError, Cursor=Cursor, Binary=bytes,
            SQL_VARCHAR=12, SQL_WVARCHAR=-9, SQL_CHAR=1, SQL_WCHAR=-8,
        )  # fmt: skip


class Session:
    """A connection. Without autocommit, its first statement begins a transaction."""

    def __init__(self, network: Network, instance: Instance, database: str, *, autocommit: bool) -> None:
        self.network, self.instance, self.database = network, instance, database
        self.timeout, self.in_transaction, self.is_open = 0, False, True
        self.login = ""
        self._autocommit = autocommit
        instance.sessions.append(self)

    @property
    def autocommit(self) -> bool:
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._autocommit = value
        self.in_transaction = False

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        self.in_transaction = False

    rollback = commit

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self.instance.sessions.remove(self)

    def add_output_converter(self, *_: Any) -> None:
        """Instants come as Python has them."""

    def run(self, statement: str, parameters: Sequence[Any]) -> Rows:
        if not self.is_open:
            raise fault(0, "Communication link failure", state="08S01")
        if not self._autocommit:
            self.in_transaction = True
        written = " ".join(statement.split())
        self.instance.statements.append(written)
        for pattern, answer in ANSWERS:
            found = re.search(pattern, written, re.IGNORECASE)
            if found is not None:
                return answer(self, found, tuple(parameters)) or []
        return []


class Cursor:
    """Answers one statement."""

    arraysize = 1
    fast_executemany = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: Rows = []
        self.description: Any = None
        self.rowcount = -1

    def execute(self, statement: str, *parameters: Any) -> Cursor:
        given = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], list | tuple) else parameters
        self._rows = self._session.run(statement, given)
        is_query = bool(self._rows) or statement.lstrip().upper().startswith(("SELECT", "WITH"))
        width = len(self._rows[0]) if self._rows else 1
        self.description = [(f"c{at}", str, None, None, None, None, True) for at in range(width)] if is_query else None
        return self

    def executemany(self, statement: str, rows: Any) -> None:
        for row in rows:
            self.execute(statement, row)

    def fetchall(self) -> Rows:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, _size: int | None = None) -> Rows:
        return self.fetchall()

    def nextset(self) -> bool:
        return False

    def setinputsizes(self, *_: Any) -> None:
        """Sizes matter to the driver alone."""

    def close(self) -> None:
        """Nothing is open."""
