"""What PostgreSQL lets every login do, and no process of ours needs: closed to all but the roles that do.

A temporary table shadows another's name; large objects and messages in the log fill the disk and belong to no table; an
application lock that somebody else holds stops archive runs and the keeping of heads. In the databases that each server
is made with all of that is open, so that these are closed whole. What else is on a server is for its owner to close.

A server asks some functions of a row before the rules of rows, for they tell nothing of their arguments. Which text
comes first tells, by EXPLAIN, all of a text that a rule hides: whether the rule was asked after it. Equality stays, for
rows are found by it, and tells of a value that is known already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text

from core.engines.roles import Grants

EVERYBODY = "PUBLIC"
LOCKS = r"proname ~ '^pg_(try_)?advisory_'"
SPARE = "datname IN ('postgres', 'template1') AND datname <> current_database()"
FILLERS = r"proname ~ '^(lo_(creat|create|from_bytea|import)|pg_logical_emit_message)$'"
TELLING = (
    "p.proleakproof AND p.pronamespace = 'pg_catalog'::regnamespace"
    " AND proname !~ '^(text|name|bpchar|bytea)(eq|ne)(text|name)?$'"
    " AND p.proargtypes::oid[] && ARRAY['text', 'name', 'bpchar', 'varchar', 'bytea']::regtype[]::oid[]"
)
# On one line: it is a line of a script too.
CLOSE = (
    "DO $$ DECLARE closed regprocedure; telling regprocedure; spare name; BEGIN"
    " FOR closed IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND ({locks} OR {fillers})"
    " LOOP EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', closed); END LOOP;"
    " FOR closed IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND {locks}"
    " LOOP EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {lockers}', closed); END LOOP;"
    " FOR telling IN SELECT p.oid FROM pg_proc p WHERE {telling}"
    " LOOP EXECUTE format('ALTER FUNCTION %s NOT LEAKPROOF', telling); END LOOP;"
    " FOR spare IN SELECT datname FROM pg_database WHERE {spare}"
    " LOOP EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', spare); END LOOP; END $$"
)
OPEN = f"""
SELECT r.rolname, p.oid::regprocedure::text FROM pg_proc p CROSS JOIN pg_roles r
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND r.rolname = ANY(:roles)
  AND (({FILLERS}) OR ({LOCKS} AND NOT r.rolname = ANY(:lockers)))
  AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
ORDER BY 1, 2
"""
TEMPORARY = """
SELECT rolname FROM pg_roles WHERE rolname = ANY(:roles) AND NOT rolname = ANY(:makers)
  AND has_database_privilege(oid, current_database(), 'TEMPORARY') ORDER BY 1
"""
CONNECTS = f"""
SELECT r.rolname, d.datname FROM pg_roles r CROSS JOIN pg_database d
WHERE {SPARE} AND r.rolname = ANY(:roles) AND has_database_privilege(r.oid, d.oid, 'CONNECT') ORDER BY 1, 2
"""
TELLS = f"SELECT min(CAST(p.oid AS regprocedure)::text), count(*) - 1 FROM pg_proc p WHERE {TELLING}"
MEND = "a superuser runs what `strata init --print-grants` prints"


def block(lockers: Sequence[str]) -> str:
    """The statement that closes the functions to all but those who take locks, and other databases; a superuser's."""
    return CLOSE.format(locks=LOCKS, fillers=FILLERS, telling=TELLING, spare=SPARE, lockers=", ".join(lockers))


def close(connection: Connection, grants: Grants) -> None:
    """Close what this login can: temporary tables as the database's owner, the rest as a superuser."""
    database = connection.dialect.identifier_preparer.quote(str(connection.scalar(text("SELECT current_database()"))))
    connection.exec_driver_sql(f"REVOKE TEMPORARY ON DATABASE {database} FROM {EVERYBODY}")
    for role in grants.makes_temporary:
        connection.exec_driver_sql(f"GRANT TEMPORARY ON DATABASE {database} TO {role}")
    if connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        connection.exec_driver_sql(block(grants.takes_locks).replace("%", "%%"))


def differences(connection: Connection, grants: Grants) -> list[str]:
    """What is still open to a role that has no need of it; a line each."""
    roles = {"roles": list(grants.tables)}
    made = connection.scalars(text(TEMPORARY), {**roles, "makers": list(grants.makes_temporary)})
    connects = connection.execute(text(CONNECTS), roles)
    lines = [f"{role}: temporary tables too much" for role in made]
    lines += [f"{role}: it may connect to database {name} ({MEND})" for role, name in connects]
    first, more = connection.execute(text(TELLS)).one()
    if first is not None:
        lines.append(f"everybody: {first} and {more} more such functions tell of rows that rules hide ({MEND})")
    return lines + list(_open(connection, grants))


def _open(connection: Connection, grants: Grants) -> Iterator[str]:
    found = connection.execute(text(OPEN), {"roles": list(grants.tables), "lockers": list(grants.takes_locks)})
    by_role: dict[str, list[str]] = {}
    for role, function in found:
        by_role.setdefault(role, []).append(function)
    for role, functions in by_role.items():
        yield f"{role}: {functions[0]} and {len(functions) - 1} more such functions too much ({MEND})"
