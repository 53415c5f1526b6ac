"""A login of the primary for each kind of process, with the least that it needs; new passwords at each start."""

from __future__ import annotations

from sqlalchemy import make_url

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
        password = setup.make_login(settings, name, role)
        found[role] = {
            "STRATA_PRIMARY_URL": _as(settings.primary_url, name, password),
            "STRATA_REPLICA_URL": _as(settings.replica_url, name, password),
        }
    archives = {f"STRATA_ARCHIVE_{server.upper()}_URL": setup.reader_url(settings, server) for server in SERVERS}
    return {role: env | (archives if role in PORTALS else {}) for role, env in found.items()}


def _as(url: str, name: str, password: str) -> str:
    return make_url(url).set(username=name, password=password).render_as_string(hide_password=False)
