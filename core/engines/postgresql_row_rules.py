"""Rules of rows carried out on PostgreSQL: row-level security, which its replicas have too. Owners are not bound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core.engines.row_rules import RowRule, Verb, sql

SCHEMA = "public"


def apply(connection: Connection, rules: Sequence[RowRule]) -> None:
    """Make the policies of these rules, and no others, on every table that has or had any. Repeatable."""
    for name, table in existing(connection):
        connection.exec_driver_sql(f"DROP POLICY {name} ON {table}")
    for statement in statements(rules):
        connection.exec_driver_sql(statement)
    # The server keeps what it understood, not what was said: both are noted, so that a change of either is seen.
    for policy in policies(rules):
        note = f"{_hash(policy.statement)} {_hash(_kept(connection, policy))}"
        connection.exec_driver_sql(f"COMMENT ON POLICY {policy.name} ON {policy.table} IS '{note}'")


def existing(connection: Connection) -> list[tuple[str, str]]:
    """Every policy there is, with its table."""
    query = text("SELECT policyname, tablename FROM pg_policies WHERE schemaname = :schema ORDER BY 2, 1")
    return [(name, table) for name, table in connection.execute(query, {"schema": SCHEMA})]


@dataclass(frozen=True)
class Policy:
    """One policy, and the statement that makes it."""

    name: str
    table: str
    statement: str


def statements(rules: Sequence[RowRule]) -> Iterator[str]:
    """What makes the rules, on tables without policies."""
    for table in dict.fromkeys(rule.table for rule in rules):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    for policy in policies(rules):
        yield policy.statement


def policies(rules: Sequence[RowRule]) -> Iterator[Policy]:
    """A policy for each verb of each rule."""
    for number, rule in enumerate(rules):
        for verb in rule.verbs:
            yield _policy(f"row_rule_{number}_{verb.lower()}", rule, verb)


def differences(connection: Connection, rules: Sequence[RowRule]) -> list[str]:
    """Which policies are missing, are others than the rules say, or are not in force; a line each."""
    said = {(policy.name, policy.table): policy for policy in policies(rules)}
    found = set(existing(connection))
    lines = [f"{table}: policy {name} is not ours" for name, table in sorted(found - said.keys())]
    lines += [f"{table}: policy {name} is missing" for name, table in sorted(said.keys() - found)]
    for key in sorted(said.keys() & found):
        policy = said[key]
        if (
            connection.scalar(text(NOTED), _named(policy))
            != f"{_hash(policy.statement)} {_hash(_kept(connection, policy))}"
        ):
            lines.append(f"{policy.table}: policy {policy.name} says something else")
    for table in dict.fromkeys(rule.table for rule in rules):
        if not connection.scalar(
            text("SELECT relrowsecurity FROM pg_class WHERE oid = CAST(:t AS regclass)"), {"t": table}
        ):
            lines.append(f"{table}: its rules of rows are switched off")
    return lines


NOTED = """
SELECT obj_description(p.oid, 'pg_policy') FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE p.polname = :name AND c.relname = :table AND c.relnamespace = CAST('public' AS regnamespace)
"""
KEPT = """
SELECT concat_ws(' | ', cmd, permissive, array_to_string(roles, ','), qual, with_check)
FROM pg_policies WHERE schemaname = 'public' AND policyname = :name AND tablename = :table
"""


def _kept(connection: Connection, policy: Policy) -> str:
    return str(connection.scalar(text(KEPT), _named(policy)))


def _named(policy: Policy) -> dict[str, str]:
    return {"name": policy.name, "table": policy.table}


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _policy(name: str, rule: RowRule, verb: Verb) -> Policy:
    rows = sql(rule.rows, lambda column: f"{rule.table}.{column}", SCHEMA)
    using = f" USING ({rows})" if verb is not Verb.INSERT else ""
    check = f" WITH CHECK ({rows})" if verb in (Verb.INSERT, Verb.UPDATE) else ""
    statement = f"CREATE POLICY {name} ON {rule.table} FOR {verb} TO {rule.role}{using}{check}"
    return Policy(name, rule.table, statement)
