"""What a login says of its own next sessions, and how much of the server it may take; for `strata doctor`.

Every login may keep settings for itself (`ALTER ROLE CURRENT_USER SET`). Whoever took one process leaves them to the
next of its kind: numbers rounded as they are read, commits that a crash takes back, sessions that begin read-only or
end at once. No process of ours keeps any, so that each is somebody else's. Settings that only superusers may make, such
as `temp_file_limit`, are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from core.engines.postgresql_wider_rights import MEMBERS
from core.engines.roles import Grants

KEPT = (
    MEMBERS
    + """
SELECT o.rolname, d.datname, split_part(c.line, '=', 1) AS name
FROM pg_db_role_setting s JOIN ours o ON o.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) AS c (line)
LEFT JOIN pg_settings known ON known.name = lower(split_part(c.line, '=', 1))
WHERE known.context IS DISTINCT FROM 'superuser' ORDER BY 1, 2, 3
"""
)
UNBOUNDED = (
    MEMBERS
    + """
SELECT o.rolname FROM ours o JOIN pg_roles r ON r.oid = o.oid
WHERE r.rolcanlogin AND r.rolconnlimit < 0 AND NOT o.rolname = ANY(:roles) ORDER BY 1
"""
)
# Of each login, on each server: more than two portals or workers at their busiest have open.
CONNECTIONS = 60
TEMPORARY_FILES = "4GB"


def bounds(login: str) -> Iterator[str]:
    """The statements of a superuser that keep a login from filling the server; `login` is quoted."""
    yield f"ALTER ROLE {login} CONNECTION LIMIT {CONNECTIONS}"
    yield f"ALTER ROLE {login} SET temp_file_limit = '{TEMPORARY_FILES}'"


def differences(connection: Connection, grants: Grants) -> list[str]:
    """A line for each setting that a login keeps for itself, and each login that may take every connection."""
    roles = {"roles": list(grants.tables)}
    lines = []
    for login, database, name in connection.execute(text(KEPT), roles):
        where = f' IN DATABASE "{database}"' if database else ""
        mend = f'ALTER ROLE "{login}"{where} RESET {name}'
        lines.append(f"{login}: keeps {name} for its own sessions, which no process of ours does ({mend})")
    lines += [
        f'{login}: may take every connection (ALTER ROLE "{login}" CONNECTION LIMIT {CONNECTIONS})'
        for login in connection.scalars(text(UNBOUNDED), roles)
    ]
    return lines
