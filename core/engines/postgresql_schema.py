"""The columns of tables on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, text

from core.engines.schema import ColumnFacts, LaxCheck

# The default collation is its database's: encoding and provider count as well.
COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    CASE WHEN a.attcollation = 0 THEN NULL
         WHEN l.collname <> 'default' THEN l.collname || ' ' || pg_encoding_to_char(d.encoding)
         ELSE concat_ws(' ', d.datcollate, d.datctype, d.datlocprovider,
             coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), pg_encoding_to_char(d.encoding))
    END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_database d ON d.datname = current_database()
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE n.nspname = :schema AND c.relname = ANY(:tables) AND a.attnum > 0 AND NOT a.attisdropped
"""
LAX_CHECKS = """
SELECT r.relname, c.conname, pg_get_expr(c.conbin, c.conrelid)
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
WHERE c.contype = 'c' AND NOT c.convalidated AND c.connamespace = CAST('public' AS regnamespace)
ORDER BY r.relname, c.conname
"""


def prepare(engine: Engine) -> None:
    """PostgreSQL needs nothing beforehand."""


def columns(connection: Connection, schema: str | None, tables: Sequence[str]) -> dict[str, dict[str, ColumnFacts]]:
    """The columns of tables in a schema, which is `public` for None."""
    found: dict[str, dict[str, ColumnFacts]] = {}
    where = {"schema": schema or "public", "tables": list(tables)}
    for table, name, *facts in connection.execute(text(COLUMNS), where):
        found.setdefault(table, {})[name] = ColumnFacts(*facts)
    return found


def lax_checks(connection: Connection) -> list[LaxCheck]:
    """The checks that were added NOT VALID."""
    return [LaxCheck(*row) for row in connection.execute(text(LAX_CHECKS))]


def look_at_all(connection: Connection, check: LaxCheck) -> None:
    """Readers and writers go on meanwhile."""
    connection.exec_driver_sql(f'ALTER TABLE "{check.table}" VALIDATE CONSTRAINT "{check.name}"')
