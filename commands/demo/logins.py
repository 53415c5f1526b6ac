"""Logins of the primary and of Redis for each kind of process, with its rights; new passwords at each start."""

from __future__ import annotations

import secrets

from commands.demo import keyring
from commands.demo.demo_files import Keys
from core.embedded.valkey import ValkeyServer
from core.install import archive_readers, redis_users, setup
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.install.redis_users import RedisUser
from core.models.record_types import SERVERS
from core.settings.config import Settings

REDIS_USERS = {
    DatabaseRole.PUBLIC: RedisUser.PUBLIC,
    DatabaseRole.STAFF: RedisUser.STAFF,
    DatabaseRole.WORKER: RedisUser.WORKER,
    DatabaseRole.ARCHIVER: RedisUser.WORKER,
}

NO_LOGIN = "no_login"


def environments(settings: Settings, valkey: ValkeyServer, keys: Keys) -> dict[DatabaseRole, dict[str, str]]:
    """How each role reaches databases and Redis, and its keys, as settings; none has the owner's address of any.

    The patients' portal signs in to no archive: it reads them through views on the primary that leave out drafts.
    """
    found = {}
    for role in DatabaseRole:
        name = f"demo_{role.removeprefix('strata_')}"
        password = setup.make_login(name, role)
        found[role] = {
            "STRATA_PRIMARY_URL": archive_readers.as_login(settings.primary_url, name, password),
            "STRATA_REPLICA_URL": archive_readers.as_login(settings.replica_url, name, password),
            "STRATA_REDIS_URL": _redis(valkey, name, REDIS_USERS[role]),
            **keyring.for_role(keys, role),
        }
        for server in SERVERS:
            address = _archive(settings, role, server, name, password)
            found[role][f"STRATA_ARCHIVE_{server.upper()}_URL"] = address
    return found


def _archive(settings: Settings, role: DatabaseRole, server: str, name: str, password: str) -> str:
    url = settings.archive_url(server)
    if role not in GRANTS.archived:
        return archive_readers.as_login(url, NO_LOGIN, "")
    setup.make_archive_login(server, name, role, password)
    return archive_readers.as_login(url, name, password)


def _redis(valkey: ValkeyServer, name: str, user: RedisUser) -> str:
    password = secrets.token_hex(24)
    valkey.set_user(name, redis_users.rules(user, password))
    return archive_readers.as_login(valkey.url, name, password)
