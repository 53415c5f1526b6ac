"""Functions that run with their owner's rights, on PostgreSQL; for `strata doctor`.

A session's own temporary tables are found first unless the function's own `search_path` names `pg_temp` last: without
one, whoever calls it chooses what its names mean, with the owner's rights.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# Ids below are the server's own.
FIRST_OF_USERS = 16_384
SAFE = "pg_catalog, public, pg_temp"
LOOSE = f"""
SELECT CAST(CAST(p.oid AS regprocedure) AS text) FROM pg_proc p
WHERE p.prosecdef AND p.oid >= {FIRST_OF_USERS}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  AND NOT EXISTS (
    SELECT FROM unnest(p.proconfig) AS c (line)
    WHERE c.line ~ '^search_path=.*pg_temp"?$' AND c.line NOT LIKE '%$user%'
  )
ORDER BY 1
"""


def differences(connection: Connection) -> list[str]:
    """A line for each function that runs with its owner's rights and looks names up as its caller pleases."""
    return [
        f"{function}: runs with its owner's rights, and its names are its caller's to choose"
        f" (ALTER FUNCTION {function} SET search_path = {SAFE})"
        for function in connection.scalars(text(LOOSE))
    ]
