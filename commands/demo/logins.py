"""A login of the primary for each kind of process, with the least that it needs; new passwords at each start."""

from __future__ import annotations

from core import setup
from core.config import Settings
from core.grants import DatabaseRole
from core.models.record_types import SERVERS

PORTALS = (DatabaseRole.PUBLIC, DatabaseRole.STAFF)


def environments(settings: Settings) -> dict[DatabaseRole, dict[str, str]]:
    """The settings by which each role reaches the databases. Portals reach archives by the login that only reads."""
    found = {}
    for role in DatabaseRole:
        name = f"demo_{role.removeprefix('strata_')}"
        password = setup.make_login(name, role)
        found[role] = {
            "STRATA_PRIMARY_URL": setup.as_login(settings.primary_url, name, password),
            "STRATA_REPLICA_URL": setup.as_login(settings.replica_url, name, password),
        }
    archives = {f"STRATA_ARCHIVE_{server.upper()}_URL": setup.reader_url(server) for server in SERVERS}
    return {role: env | (archives if role in PORTALS else {}) for role, env in found.items()}
