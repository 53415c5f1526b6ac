"""The migrations as SQL Server is sent them: what they make is what the models say, by statements that it takes."""

from __future__ import annotations

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from core.migrations.upgrade import configuration
from core.models import Base
from tests.replayed_schema import Replayed

VERSIONS = "core.migrations.versions.primary."
# What a server of the protocol refuses although SQL Server takes it. A trigger may declare a variable.
REFUSED = ("DECLARE @const", "ALTER COLUMN", "UTF8", "_AI")
# What is there for SQL Server alone, beside computed columns.
ON_SQL_SERVER = {"replication_position"}


def migrated(*names: str, on: Replayed | None = None) -> Replayed:
    """The schema after these migrations, or after all of them."""
    server = on or Replayed()
    steps = [importlib.import_module(VERSIONS + name) for name in names]
    if not steps:
        script = ScriptDirectory.from_config(configuration(server, "primary"))  # type: ignore[arg-type]
        steps = [revision.module for revision in reversed(list(script.walk_revisions()))]
    with Operations.context(MigrationContext.configure(connection=server)):  # type: ignore[arg-type]
        for step in steps:
            step.upgrade()
    return server


@pytest.fixture(scope="module")
def new() -> Replayed:
    """A new server's schema."""
    return migrated()


def test_a_new_server_has_what_the_models_say(new: Replayed) -> None:
    said = Replayed()
    Base.metadata.create_all(said, checkfirst=False)  # type: ignore[arg-type]
    assert set(new.tables) == set(said.tables) | ON_SQL_SERVER
    for name, columns in said.tables.items():
        found = {column: facts for column, facts in new.tables[name].items() if "computed" not in facts}
        assert {c: f - {"default"} for c, f in found.items()} == {c: f - {"default"} for c, f in columns.items()}, name
    assert {name: words for name, (*_, words) in new.indexes.items()} == {
        name: words for name, (*_, words) in said.indexes.items()
    }


def test_a_new_server_is_sent_nothing_that_some_servers_refuse(new: Replayed) -> None:
    assert not [text for text in new.sent if any(words in text for words in REFUSED)]


def test_a_column_of_an_older_server_becomes_nullable() -> None:
    older = migrated("0001_people_and_records")
    assert "null" in older.tables["patient"]["birth_on"]
    for table, column in (("patient", "birth_on"), ("prescription", "started_on")):
        older.tables[table][column] -= {"null"}
    migrated("0021_said", on=older)
    for table, column in (("patient", "birth_on"), ("prescription", "started_on")):
        assert "null" in older.tables[table][column]
        assert f"ALTER TABLE {table} ALTER COLUMN {column} DATE NULL" in older.sent


def test_a_default_goes_before_its_column() -> None:
    older = migrated("0001_people_and_records", "0012_second_factor", "0024_credentials")
    gone = older.sent.index("ALTER TABLE account DROP CONSTRAINT IF EXISTS [DF__account__password_changed_at]")
    assert gone < older.sent.index("ALTER TABLE account DROP COLUMN password_changed_at")
    assert sum("DROP CONSTRAINT" in text for text in older.sent) == 1
