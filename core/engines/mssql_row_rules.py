"""Rules of rows carried out on SQL Server: a security policy for each table. Members of db_owner are not bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, MetaData, Table

from core.engines import mssql_schemas
from core.engines.mssql_dialect import Dialect
from core.engines.row_rules import RowRule, Verb, columns, sql

SCHEMA = "row_rules"
OWNERS = "IS_ROLEMEMBER('db_owner') = 1"
# When each is asked: what is not seen can't be updated or deleted either.
PREDICATES = {
    Verb.SELECT: (("FILTER", ""),),
    Verb.INSERT: (("BLOCK", " AFTER INSERT"),),
    Verb.UPDATE: (("BLOCK", " BEFORE UPDATE"), ("BLOCK", " AFTER UPDATE")),
    Verb.DELETE: (("BLOCK", " BEFORE DELETE"),),
}
EXISTING = (
    "SELECT 'SECURITY POLICY', name FROM sys.security_policies WHERE schema_id = SCHEMA_ID('row_rules')"
    " UNION ALL SELECT 'FUNCTION', name FROM sys.objects WHERE schema_id = SCHEMA_ID('row_rules') AND type = 'IF'"
)


def apply(connection: Connection, rules: Sequence[RowRule], schema: MetaData) -> None:
    """Make the policies of these rules, and no others. `schema` tells the columns' types. Repeatable."""
    found = connection.exec_driver_sql(EXISTING).all()
    for kind, name in sorted(found, reverse=True):
        connection.exec_driver_sql(f"DROP {kind} {SCHEMA}.{name}")
    for statement in statements(rules, schema):
        connection.exec_driver_sql(statement)


def differences(connection: Connection, rules: Sequence[RowRule]) -> list[str]:
    """Which tables' policies are missing or switched off; a line each."""
    query = "SELECT name FROM sys.security_policies WHERE schema_id = SCHEMA_ID('row_rules') AND is_enabled = 1"
    in_force = set(connection.exec_driver_sql(query).scalars())
    tables = dict.fromkeys(rule.table for rule in rules)
    return [f"{table}: its rules of rows are not in force" for table in tables if f"{table}_rows" not in in_force]


def statements(rules: Sequence[RowRule], schema: MetaData) -> Iterator[str]:
    """What makes the rules in a database that has none."""
    yield mssql_schemas.made(SCHEMA)
    for name in dict.fromkeys(rule.table for rule in rules):
        yield from _of_table(schema.tables[name], [rule for rule in rules if rule.table == name])


def _of_table(table: Table, rules: Sequence[RowRule]) -> Iterator[str]:
    predicates = []
    for verb in Verb:
        of_verb = [rule for rule in rules if verb in rule.verbs]
        used = sorted(frozenset().union(*(columns(rule.rows) for rule in of_verb))) or [_any_column(table)]
        function = f"{SCHEMA}.{table.name}_{verb.lower()}"
        yield _function(function, table, used, of_verb)
        predicates += [
            f"ADD {kind} PREDICATE {function}({', '.join(used)}) ON dbo.{table.name}{when}"
            for kind, when in PREDICATES[verb]
        ]
    joined = ",\n".join(predicates)
    yield f"CREATE SECURITY POLICY {SCHEMA}.{table.name}_rows\n{joined}\nWITH (STATE = ON)"


def _any_column(table: Table) -> str:
    return next(iter(table.primary_key.columns)).name


def _function(name: str, table: Table, used: Sequence[str], rules: Sequence[RowRule]) -> str:
    parameters = ", ".join(f"@{column} {table.c[column].type.compile(dialect=Dialect())}" for column in used)
    allowed = [OWNERS, *(_allowed(rule) for rule in rules)]
    rows = "\n   OR ".join(allowed)
    return (
        f"CREATE FUNCTION {name}({parameters}) RETURNS TABLE WITH SCHEMABINDING AS\n"
        f"RETURN SELECT 1 AS allowed WHERE {rows}"
    )


def _allowed(rule: RowRule) -> str:
    return f"(IS_ROLEMEMBER('{rule.role}') = 1 AND ({sql(rule.rows, lambda column: f'@{column}', 'dbo')}))"
