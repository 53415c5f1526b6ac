"""Whoever has taken one process gains nothing outside its row of the table in docs/security.md.

`judged_grants.txt` lists every right that a role has, with the rows it is for. A right that is not there, or reaches
other rows, fails until somebody has judged it: add what it could be used for to `taken_effects.py`, then the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, TextClause, create_engine, text
from sqlalchemy.exc import DBAPIError

from core.install import archive_readers, setup
from core.install.database_roles import DatabaseRole
from core.settings.config import Settings
from core.stores import databases
from tests.integration.access.taken_effects import EFFECTS, NEVER
from tests.integration.access.taken_moves import make_moves
from tests.integration.access.taken_world import Effect, World, make_world

pytestmark = pytest.mark.only_on_postgresql("row-level security; what SQL Server is told is in tests/unit/engines")

JUDGED = Path(__file__).with_name("judged_grants.txt")
WITH_RULES = ("account", "credential", "set_up_code", "sign_in", "recovery_code", "passkey", "access_event",
              "chain_head", "report", "claim", "citation", "signature", "evidence", "report_event", "model_call",
              "correction", "glass_break", "outbox_message", "batch", "holding", "restored_root")  # fmt: skip
# By rights, by rules of rows, or by the tables' own guards.
REFUSED = re.compile(
    "permission denied|must be owner|row-level security policy|is signed|is withdrawn|has no signature|does not exist"
    "|ix_account_one_of_a_patient|_in_reach|_readable"
)

EVERY_ROW = "(1 = 1)"
RIGHTS = """
WITH granted AS (
  SELECT c.oid, n.nspname AS schema, c.relname AS name, NULL AS col, a.grantee, a.privilege_type AS verb
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
  UNION ALL
  SELECT c.oid, n.nspname, c.relname, t.attname, a.grantee, a.privilege_type
  FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
    aclexplode(t.attacl) a
), held AS (
  SELECT r.rolname AS role, schema, name, verb, CASE
    WHEN count(col) = (SELECT count(*) FROM pg_attribute t WHERE t.attrelid = granted.oid AND t.attnum > 0
      AND NOT t.attisdropped AND t.attidentity = '') AND bool_and(col <> 'id') THEN ' (all but id)'
    ELSE coalesce(' (' || string_agg(col, ', ' ORDER BY col COLLATE "C") || ')', '') END AS columns
  FROM granted JOIN pg_roles r ON r.oid = grantee GROUP BY r.rolname, granted.oid, schema, name, verb
)
SELECT role, CASE schema WHEN 'public' THEN name ELSE schema || '.' || name END, verb || columns,
  (SELECT string_agg(coalesce(nullif(p.qual, p.with_check), p.with_check, p.qual), ' OR ' ORDER BY p.policyname)
   FROM pg_policies p WHERE p.schemaname = schema AND p.tablename = name AND role = ANY(p.roles) AND p.cmd = verb)
FROM held WHERE role LIKE 'strata\\_%' AND role NOT LIKE 'strata\\_reader%'
"""


@pytest.fixture(scope="module")
def logins(settings: Settings) -> dict[DatabaseRole, str]:
    """The primary's address for somebody who has taken a process of each role."""
    databases.configure(settings)
    names = {role: f"taken_{role.kind}" for role in DatabaseRole}
    return {
        role: archive_readers.as_login(settings.primary_url, name, setup.make_login(name, role))
        for role, name in names.items()
    }


@pytest.fixture
def world(database: Settings) -> World:
    world = make_world()
    with databases.write() as session:
        make_moves(session, world.patient_id)
    return world


def connected(url: str) -> Connection:
    return create_engine(url).connect()


def rights(settings: Settings) -> list[str]:
    """A line for each right that a role has, as the database has it."""
    with connected(settings.primary_url) as owner:
        found = owner.execute(text(RIGHTS)).all()
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for role, table, verb, rows in found:
        where = f" where {' '.join(rows.split())}" if rows and rows != EVERY_ROW else ""
        verbs.setdefault((role, table, where), []).append(verb)
    return sorted(f"{role} {table}: {', '.join(sorted(held))}{where}" for (role, table, where), held in verbs.items())


def test_every_right_that_a_role_has_was_judged(settings: Settings) -> None:
    judged = [line for line in JUDGED.read_text().splitlines() if line and not line.startswith("#")]
    assert rights(settings) == judged


@pytest.mark.parametrize("table", WITH_RULES)
def test_a_role_reaches_the_rows_of_these_tables_by_rules_alone(settings: Settings, table: str) -> None:
    with connected(settings.primary_url) as owner:
        query = text("SELECT relrowsecurity FROM pg_class WHERE oid = CAST(:table AS regclass)")
        assert owner.scalar(query, {"table": table})


def is_refused(trial: Callable[[], object]) -> bool:
    """Whether the database refuses it, and not because it could not be understood."""
    try:
        trial()
    except DBAPIError as fault:
        if not re.search(REFUSED, str(fault)):
            raise
        return True
    return False


def succeeds(effect: Effect, taken: Connection, world: World) -> bool:
    had: list[bool] = []
    return not is_refused(lambda: had.append(effect.succeeds(taken, world))) and had == [True]


@pytest.mark.parametrize("role", DatabaseRole)
def test_a_taken_process_has_the_effects_of_its_own_work_alone(
    logins: dict[DatabaseRole, str], world: World, role: DatabaseRole
) -> None:
    with connected(logins[role]) as taken:
        had = {effect.name for effect in EFFECTS if succeeds(effect, taken, world)}
    part_of_its_work = {effect.name for effect in EFFECTS if role in effect.part_of}
    assert sorted(had - part_of_its_work) == []
    assert sorted(part_of_its_work - had) == []


@pytest.mark.parametrize("role", DatabaseRole)
def test_no_process_does_this(logins: dict[DatabaseRole, str], world: World, role: DatabaseRole) -> None:
    with connected(logins[role]) as taken:
        done = [name for name, statement in NEVER.items() if not is_refused(partial(try_out, taken, statement))]
    assert done == []


def try_out(taken: Connection, statement: TextClause) -> None:
    with taken.begin() as trial:
        taken.execute(statement)
        trial.rollback()
