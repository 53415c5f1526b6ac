"""What the stand-in for SQL Server answers to which statement, and what Microsoft documents that it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.stub_sql_instance import Link, fault

if TYPE_CHECKING:
    from tests.stub_sql_server import Session

CLASSES = (r"[A-Z]", r"[a-z]", r"[0-9]", r"[^A-Za-z0-9]")
Rows = list[tuple[Any, ...]]


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


Answer = Callable[["Session", "re.Match[str]", Sequence[Any]], Rows | None]
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
