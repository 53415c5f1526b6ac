"""Ways in which a process reaches further than its role's own rights say, on PostgreSQL; for `strata doctor`.

By being a member of another role, by what a login is or was given itself, by what everybody was given, and by linked
tables and views of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from core.engines.roles import Grants

MEMBERS = """
WITH RECURSIVE ours AS (
  SELECT oid, rolname FROM pg_roles WHERE rolname = ANY(:roles)
  UNION SELECT m.oid, m.rolname FROM ours
  JOIN pg_auth_members a ON a.roleid = ours.oid JOIN pg_roles m ON m.oid = a.member
  WHERE NOT m.rolsuper AND m.rolname <> current_user AND NOT m.rolcreaterole
)
"""
OTHER_ROLES = (
    MEMBERS
    + """
SELECT o.rolname, r.rolname FROM ours o JOIN pg_auth_members a ON a.member = o.oid JOIN pg_roles r ON r.oid = a.roleid
WHERE NOT (r.rolname = ANY(:roles) AND NOT o.rolname = ANY(:roles))
  AND NOT (r.rolname = 'pg_read_all_stats' AND o.rolname = ANY(:sees))
ORDER BY 1, 2
"""
)
ATTRIBUTES = (
    MEMBERS
    + """
SELECT o.rolname, a.name FROM ours o JOIN pg_roles r ON r.oid = o.oid
CROSS JOIN LATERAL (VALUES ('BYPASSRLS', r.rolbypassrls), ('CREATEDB', r.rolcreatedb),
  ('REPLICATION', r.rolreplication), ('LOGIN', r.rolcanlogin AND r.rolname = ANY(:roles))) a (name, held)
WHERE a.held ORDER BY 1, 2
"""
)
GIVEN = (
    MEMBERS
    + """
, granted AS (
  SELECT c.oid, c.relnamespace, c.relname, x.grantee, x.privilege_type FROM pg_class c, aclexplode(c.relacl) x
  UNION SELECT c.oid, c.relnamespace, c.relname, x.grantee, x.privilege_type
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) x
)
SELECT coalesce(o.rolname, 'everybody'), g.privilege_type, n.nspname, g.relname
FROM granted g JOIN pg_namespace n ON n.oid = g.relnamespace LEFT JOIN ours o ON o.oid = g.grantee
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = g.oid AND d.deptype = 'e')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND (g.grantee = 0 OR o.oid IS NOT NULL)
ORDER BY 1, 3, 4, 2
"""
)
MAIN = "public"


def differences(connection: Connection, grants: Grants) -> list[str]:
    """What a process reaches beside the rights of its role in our own tables; a line each."""
    names = {"roles": list(grants.tables), "sees": list(grants.sees_sessions)}
    lines = [f"{member}: member of {role} too" for member, role in connection.execute(text(OTHER_ROLES), names)]
    lines += [f"{role}: {attribute} too much" for role, attribute in connection.execute(text(ATTRIBUTES), names)]
    return lines + list(_given(connection, grants, names))


def _given(connection: Connection, grants: Grants, names: dict[str, list[str]]) -> Iterator[str]:
    for who, verb, schema, table in connection.execute(text(GIVEN), names):
        if who in grants.tables and (schema == MAIN or _is_said(grants, who, verb, schema, table)):
            # What roles have in our own tables is compared one by one elsewhere.
            continue
        yield f"{who}: {verb} {schema}.{table} too much"


def _is_said(grants: Grants, role: str, verb: str, schema: str, table: str) -> bool:
    """Whether the map gives a role this right to a linked table, or to a view of one."""
    if verb != "SELECT":
        return False
    views = {(view.schema, view.name) for view, _ in grants.views.get(role, ())}
    return (schema, table) in views or (schema == "cold" and table not in grants.not_cold.get(role, ()))
