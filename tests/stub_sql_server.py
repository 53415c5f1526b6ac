"""Stands in for pyodbc and the servers behind it, and refuses what Microsoft documents that SQL Server refuses.

It knows logins, links, open sessions and transactions, and no rows: a query that it does not know finds nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

CLASSES = (r"[A-Z]", r"[a-z]", r"[0-9]", r"[^A-Za-z0-9]")
Rows = list[tuple[Any, ...]]


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


def _needs_autocommit(session: Session, number: int, what: str) -> None:
    if session.in_transaction:
        raise fault(number, f"{what} statement not allowed within multi-statement transaction.")


def _version_rows(session: Session, found: re.Match[str], _: Any) -> None:
    """Docs, "ALTER DATABASE SET options": no other connection may be open to the database, or be given up after."""
    _needs_autocommit(session, 226, "ALTER DATABASE")
    others = [one for one in session.instance.sessions if one is not session and one.database == session.database]
    waits = int(found[2] or 10**9)
    if others and session.timeout and session.timeout < waits:
        raise fault(0, "Query timeout expired", state="HYT00")
    for other in others:
        other.close()
    session.instance.versioned.add(session.database)


def _set_password(session: Session, found: re.Match[str], _: Any) -> None:
    """Docs, "Password Policy": CHECK_POLICY is ON unless said otherwise."""
    name, password = found[2].strip("[]"), found[3]
    if len(password) < 8 or sum(bool(re.search(one, password)) for one in CLASSES) < 3:
        raise fault(15118, "Password validation failed. The password does not meet the operating system policy")
    session.instance.logins[name] = password


def _make_user(session: Session, found: re.Match[str], _: Any) -> None:
    session.instance.users.add((session.database, found[1]))


def _users(session: Session, _: Any, given: Sequence[Any]) -> Rows:
    return [(1,)] if (session.database, given[0]) in session.instance.users else []


def _named(found: re.Match[str], name: str) -> str:
    value = re.search(rf"@{name} = N'((?:[^']|'')*)'", found.string)
    return value[1].replace("''", "'") if value else ""


def _add_link(session: Session, found: re.Match[str], _: Any) -> None:
    _needs_autocommit(session, 15002, "sp_addlinkedserver")
    name = _named(found, "server")
    if name in session.instance.links:
        raise fault(15028, f"The server '{name}' already exists.")
    session.instance.links[name] = Link(_named(found, "datasrc"), _named(found, "catalog"), _named(found, "provstr"))


def _drop_link(session: Session, found: re.Match[str], _: Any) -> None:
    _needs_autocommit(session, 15002, "sp_dropserver")
    del session.instance.links[_named(found, "server")]


def _map_login(session: Session, found: re.Match[str], _: Any) -> None:
    link = session.instance.links[_named(found, "rmtsrvname")]
    link.user, link.password = _named(found, "rmtuser"), _named(found, "rmtpassword")


def _links(session: Session, found: re.Match[str], given: Sequence[Any]) -> Rows:
    link = session.instance.links.get(given[0])
    told = {"data_source": "source", "catalog": "catalog", "provider_string": "options"}
    names = [name.strip() for name in found[1].split(",")]
    return [tuple(getattr(link, told[name]) if name in told else 1 for name in names)] if link else []


def _plain(name: str) -> str:
    return name.replace("[", "").replace("]", "")


def _make_view(session: Session, found: re.Match[str], _: Any) -> None:
    if re.search(r"(?<!\[)\b[\w]+-[\w-]+\b(?!\])", found.string):
        raise fault(102, "Incorrect syntax near '-'.")
    session.instance.views[_plain(found[2])] = found.string


def _read_cold(session: Session, found: re.Match[str], _: Any) -> Rows:
    """Docs, "BEGIN DISTRIBUTED TRANSACTION": within a transaction a distributed query makes it a distributed one."""
    if session.in_transaction:
        session.instance.promotions += 1
        raise fault(7391, "The operation could not be performed because OLE DB provider MSOLEDBSQL for linked server")
    primary = session.instance
    link = next((one for name, one in primary.links.items() if name in primary.views.get(_plain(found[1]), "")), None)
    if link is None:
        raise fault(7202, "Could not find server in sys.servers.")
    session.network.behind(link)
    return []


def _snapshots(session: Session, *_: Any) -> Rows:
    """Docs, "sys.dm_tran_active_snapshot_database_transactions": a right of the server, not of the database."""
    if "VIEW SERVER STATE" not in session.instance.rights:
        raise fault(300, "VIEW SERVER PERFORMANCE STATE permission was denied on object 'server'")
    return [(None,)]


def _identity_insert(session: Session, found: re.Match[str], _: Any) -> None:
    """Docs, "SET IDENTITY_INSERT": whoever does not own the table needs ALTER on it."""
    if "ALTER" not in session.instance.rights:
        raise fault(
            1088, f'Cannot find the object "{found[1]}" because it does not exist or you do not have permissions'
        )


def _keep(session: Session, _: Any, given: Sequence[Any]) -> None:
    session.instance.kept[given[-1]] = given[0]


def _kept(session: Session, _: Any, given: Sequence[Any]) -> Rows:
    return [(session.instance.kept[given[0]],)] if given[0] in session.instance.kept else []


Answer = Callable[[Session, "re.Match[str]", Sequence[Any]], Rows | None]
ANSWERS: tuple[tuple[str, Answer], ...] = (
    (r"ProductVersion'\) AS VARCHAR", lambda *_: [("16.0.4135.4",)]),
    (r"ProductVersion'", lambda *_: [("16.0.4135.4", "Developer Edition")]),
    (r"schema_name\(\)", lambda *_: [("dbo",)]),
    (r"ORIGINAL_LOGIN", lambda session, *_: [(session.login, session.instance.major)]),
    (r"^SELECT DB_NAME\(\)", lambda session, *_: [(session.database,)]),
    (r"SERVERPROPERTY\('Babelfish'\)", lambda *_: [(None,)]),
    (r"Updateability", lambda session, *_: [("READ_ONLY" if session.instance.is_secondary else "READ_WRITE",)]),
    (r"^SELECT SYSDATETIMEOFFSET", lambda *_: []),
    (r"is_read_committed_snapshot_on", lambda session, *_: [(session.database in session.instance.versioned, 0)]),
    (r"ALTER DATABASE CURRENT SET (READ_COMMITTED_SNAPSHOT) ON(?: WITH ROLLBACK AFTER (\d+))?", _version_rows),
    (r"(CREATE|ALTER) LOGIN (\S+) WITH PASSWORD = N?'([^']*)'", _set_password),
    (r"CREATE USER \[(.*)\] FOR LOGIN", _make_user),
    (r"FROM sys\.database_principals WHERE name = ", _users),
    (r"FROM sys\.server_principals", lambda session, _, given: [(1,)] if given[0] in session.instance.logins else []),
    (r"sp_getapplock", lambda *_: [(0,)]),
    (r"sp_addlinkedserver ", _add_link),
    (r"sp_dropserver ", _drop_link),
    (r"sp_addlinkedsrvlogin ", _map_login),
    (r"SELECT (.*) FROM sys\.servers", _links),
    (r"(CREATE|ALTER|CREATE OR ALTER) VIEW (\S+)", _make_view),
    (r"FROM (cold\.\S+)", _read_cold),
    (r"dm_tran_active_snapshot_database_transactions s", _snapshots),
    (r"OBJECT_ID\('sys\.dm_tran", lambda *_: [(1,)]),
    (r"IS_SRVROLEMEMBER", lambda session, *_: [(0, int("db_owner" in session.instance.roles))]),
    (r"IS_ROLEMEMBER\(\?\)", lambda session, _, given: [(int(given[0] in session.instance.roles),)]),
    (r"HAS_PERMS_BY_NAME\('dbo", lambda session, *_: [(int("ALTER" in session.instance.rights),)]),
    (r"HAS_PERMS_BY_NAME\(NULL", lambda session, *_: [(int("VIEW SERVER STATE" in session.instance.rights),)]),
    (r"^SET IDENTITY_INSERT (\S+) ON", _identity_insert),
    (r"^SELECT OBJECT_ID\('installation", lambda session, *_: [(1 if session.instance.kept else None,)]),
    (r"UPDATE installation\.reader_password", _keep),
    (r"SELECT sealed FROM installation\.reader_password", _kept),
)
