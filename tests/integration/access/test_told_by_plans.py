"""What a server says of how it looked for rows tells nothing of texts that the rules of rows hide."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from core.engines import postgresql_public_rights
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.settings.config import Settings
from tests.integration.access.taken_world import World
from tests.integration.access.test_taken_process import connected, logins, world  # noqa: F401 - fixtures

pytestmark = pytest.mark.only_on_postgresql("what its EXPLAIN tells")

# Texts that the patients' portal may not read, though rows beside them it may.
HIDDEN = (
    ("credential", "password_hash", "account_id IN (SELECT id FROM account WHERE role = 'admin')"),
    ("recovery_code", "code_hash", "account_id IN (SELECT id FROM account WHERE role = 'admin')"),
    ("account", "username", "id = (SELECT min(id) FROM account WHERE role = 'admin')"),
    ("claim", "text", "report_id IN (SELECT id FROM report WHERE state = 'ready')"),
    ("access_event", "actor_name", "portal = 'staff'"),
)
# Met by a text whatever it is.
QUESTIONS = (
    "{column} >= '{value}' AND {column} <= '{value}'",
    "{column} ~>=~ '{value}' AND {column} ~<=~ '{value}'",
    "{column} ^@ '{value}'",
    "CAST({column} AS name) >= '{value}' AND CAST({column} AS name) <= '{value}'",
)
WORDS, OTHER_WORDS = "~hidden", "~nowhere"


def plan(taken: Connection, table: str, question: str) -> list[str]:
    """What was done to answer, without what the question says."""
    told = "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off)"
    lines = taken.exec_driver_sql(f"{told} SELECT 1 FROM {table} WHERE {question}").scalars().all()
    return [line for line in lines if WORDS not in line and OTHER_WORDS not in line]


def test_a_plan_tells_nothing_of_a_text_that_rules_hide(
    settings: Settings,
    logins: dict[DatabaseRole, str],  # noqa: F811
    world: World,  # noqa: F811
) -> None:
    with connected(settings.primary_url) as owner, owner.begin():
        owner.execute(text("UPDATE access_event SET patient_id = NULL WHERE portal = 'staff'"))
        for table, column, whose in HIDDEN:
            hid = owner.execute(text(f"UPDATE {table} SET {column} = :words WHERE {whose}"), {"words": WORDS})
            assert hid.rowcount, table
    told = []
    with connected(logins[DatabaseRole.PUBLIC]) as taken:
        for table, column, _ in HIDDEN:
            for question in QUESTIONS:
                met, unmet = (question.format(column=column, value=value) for value in (WORDS, OTHER_WORDS))
                if plan(taken, table, met) != plan(taken, table, unmet):
                    told.append((table, question))
    assert told == []


def test_the_doctor_names_a_function_that_tells(settings: Settings) -> None:
    with connected(settings.primary_url) as owner:
        assert postgresql_public_rights.differences(owner, GRANTS) == []
        owner.exec_driver_sql("ALTER FUNCTION text_lt(text, text) LEAKPROOF")
        found = postgresql_public_rights.differences(owner, GRANTS)
        owner.rollback()
    assert [line.partition(" and 0 more")[0] for line in found] == ["everybody: text_lt(text,text)"]
