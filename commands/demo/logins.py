"""Logins of the primary and of Redis for each kind of process, with its rights; new passwords at each start."""

from __future__ import annotations

import secrets

from commands.demo import keyring
from commands.demo.demo_files import Keys
from core.embedded.valkey import ValkeyServer
from core.install import archive_readers, redis_users, setup
from core.install.database_roles import DatabaseRole
from core.install.redis_users import RedisUser
from core.models.record_types import SERVERS
from core.settings.config import Settings

REDIS_USERS = {
    DatabaseRole.PUBLIC: RedisUser.PUBLIC,
    DatabaseRole.STAFF: RedisUser.STAFF,
    DatabaseRole.WORKER: RedisUser.WORKER,
    DatabaseRole.ARCHIVER: RedisUser.WORKER,
}


def environments(settings: Settings, valkey: ValkeyServer, keys: Keys) -> dict[DatabaseRole, dict[str, str]]:
    """How each role reaches databases and Redis, and its keys, as settings; all but the archiver only read archives."""
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
    archives = {f"STRATA_ARCHIVE_{server.upper()}_URL": archive_readers.address(server) for server in SERVERS}
    return {role: env | (archives if role is not DatabaseRole.ARCHIVER else {}) for role, env in found.items()}


def _redis(valkey: ValkeyServer, name: str, user: RedisUser) -> str:
    password = secrets.token_hex(24)
    valkey.set_user(name, redis_users.rules(user, password))
    return archive_readers.as_login(valkey.url, name, password)
