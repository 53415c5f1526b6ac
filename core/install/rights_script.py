"""One script of the rights that an installation needs, by process, for whoever administers the servers."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import make_url

from core.engines.passwords import make_password
from core.engines.roles import Login, Rights
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models.record_types import SERVERS
from core.settings.config import Settings
from core.stores.databases import Databases


def statements(settings: Settings) -> Iterator[str]:
    """The statements, with comments between them, and a new password for each login. Asks no server."""
    owner = make_url(settings.primary_url)
    primary = str(owner.database)
    rights = Rights(
        primary=primary,
        archives=tuple(str(make_url(settings.archive_url(server)).database) for server in SERVERS),
        owner=Login(owner.username or "strata_owner", make_password()),
        processes=tuple(_process(primary, role) for role in DatabaseRole),
        takes_locks=GRANTS.takes_locks,
    )
    return Databases(settings).adapter.roles.script(rights)


def _process(primary: str, role: DatabaseRole) -> Login:
    return Login(
        f"{primary}_{role.kind}_login",
        make_password(),
        role,
        sees_sessions=role in GRANTS.sees_sessions,
        reaches_archives=role in GRANTS.archived,
        writes=role is DatabaseRole.ARCHIVER,
    )
