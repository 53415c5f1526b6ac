"""The logins by which the primary reads the archives: one of each archive's database, which may select and no more.

A password is made once and changed only if it is asked for, for whoever reads meanwhile is turned away. Where the
engine shows nobody a link's password, it is kept sealed on the primary before the login is given it.
"""

from __future__ import annotations

from sqlalchemy import Connection, NullPool, make_url
from sqlalchemy.exc import DBAPIError

from core.engines.mssql_names import shortened
from core.engines.passwords import make_password
from core.models.record_types import SERVERS
from core.sealing import sealed
from core.sealing.sealed import KeyMissing
from core.stores import databases
from core.stores.databases import Databases, Store

# As long as PostgreSQL's names are.
NAME_LENGTH_MAX = 63
ROTATE = "`strata init --rotate` makes new passwords"


def name_of(url: str) -> str:
    """The reader's login of an archive: it carries the database's name, for logins belong to the whole server."""
    return shortened(f"strata_reader_{make_url(url).database}", NAME_LENGTH_MAX)


def as_login(url: str, name: str, password: str) -> str:
    """A database's address with another login."""
    return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)


def check_keys(servers: Databases) -> None:
    """Raises KeyMissing if passwords must be kept sealed and there is no key."""
    if servers.adapter.links.keeps_sealed:
        sealed.seal("")


def address(server: str) -> str:
    """An archive's address with the login that only reads. Raises RuntimeError if `strata init` never ran."""
    servers = databases.current()
    url = servers.settings.archive_url(server)
    with servers.engine(Store.HOT, read_only=True).connect() as primary:
        password = _known(servers, primary, server, name_of(url))
    if password is None:
        raise RuntimeError(f"archive {server} has no login that only reads: run `strata init`")
    return as_login(url, name_of(url), password)


def let_in(servers: Databases, primary: Connection, server: str, *, rotate: bool) -> str:
    """Let an archive's reader sign in and read every table; returns the archive's address with that login."""
    url, roles = servers.settings.archive_url(server), servers.adapter.roles
    name = name_of(url)
    password = None if rotate else _known(servers, primary, server, name)
    is_new = password is None
    if password is None:
        password = make_password()
        if servers.adapter.links.keeps_sealed:
            servers.adapter.links.keep(primary, name, sealed.seal(password))
    as_reader = as_login(url, name, password)
    with servers.engine(Store(server), read_only=False).begin() as archive:
        # A password that is in use stays: another one would turn away whoever reads at this moment.
        if is_new or not roles.let_read(archive, name) or not _opens(servers, as_reader):
            roles.make_reader(archive, name, password)
    return as_reader


def retire_old(servers: Databases, server: str) -> str | None:
    """End the login of an archive that was named after the archive's kind, until it was named after its database.

    Call it once the links use the present one. Returns the name of the login that was ended.
    """
    old = f"strata_reader_{server}"
    if old == name_of(servers.settings.archive_url(server)):
        return None
    with servers.engine(Store(server), read_only=False).begin() as archive:
        return old if servers.adapter.roles.retire_reader(archive, old) else None


def reseal() -> int:
    """Seal every kept password again with the newest key; returns how many."""
    servers = databases.current()
    links = servers.adapter.links
    if not links.keeps_sealed:
        return 0
    with servers.engine(Store.HOT, read_only=False).connect() as primary:
        names = {name_of(servers.settings.archive_url(server)) for server in SERVERS}
        found = {name: kept for name in names if (kept := links.kept(primary, name)) is not None}
        primary.rollback()
        for name, kept in found.items():
            links.keep(primary, name, sealed.seal_again(kept))
    return len(found)


def _known(servers: Databases, primary: Connection, server: str, name: str) -> str | None:
    """The reader's password, from the link or as it was kept; None if there is none. Raises KeyMissing."""
    links = servers.adapter.links
    shown = links.password_of(primary, server, name)
    kept = links.kept(primary, name) if shown is None else None
    if kept is None:
        return shown
    try:
        return sealed.open_sealed(kept)
    except KeyMissing as fault:
        raise KeyMissing(f"the password of {name} is sealed, and {fault}; or {ROTATE}") from fault


def _opens(servers: Databases, url: str) -> bool:
    """Whether the login has this password: an earlier init may have stopped before it gave the login the password."""
    seconds = servers.settings.statement_timeout_seconds
    engine = servers.adapter.connections.create_engine(
        url, read_only=True, statement_timeout_seconds=seconds, silence_seconds=seconds, poolclass=NullPool
    )
    try:
        engine.connect().close()
    except DBAPIError:
        return False
    return True
