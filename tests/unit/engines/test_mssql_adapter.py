"""What the adapter sends to SQL Server: as it should read, and as a parser of T-SQL takes it."""

from __future__ import annotations

import sys
from typing import cast

import pytest
from sqlalchemy import Connection, Engine, func, literal, select
from sqlalchemy import delete as remove_from

from core.engines import mssql
from core.engines.fault_kinds import Conflict
from core.engines.functions import percentile, ranked
from core.engines.mssql_dialect import Dialect
from core.engines.schema import ColumnFacts
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import Base
from tests.unit.engines.sent_statements import Sent, parsed, sent

NOTE, HOLDING = Base.metadata.tables["note"], Base.metadata.tables["holding"]


def test_removed_rows_go_into_a_table_that_tells_what_they_were() -> None:
    connection = Sent()
    removal = remove_from(NOTE).where(NOTE.c.visit_id.in_(select(literal(7))))
    mssql.adapter().row_sets.remove(sent(connection), removal, [NOTE.c.id, NOTE.c.text])
    drop, create, removed, hashed = connection.statements
    # The parser does not know the OUTPUT of a DELETE.
    parsed([drop, create, hashed])
    assert drop == "DROP TABLE IF EXISTS #taken"
    assert create.startswith("CREATE TABLE [#taken] ( id BIGINT NULL, text NVARCHAR(max)")
    assert removed == (
        "DELETE FROM note OUTPUT deleted.id, deleted.text INTO #taken WHERE note.visit_id IN (SELECT 7 AS anon_1)"
    )
    assert "FROM [#taken] ORDER BY [#taken].id" in hashed


def merge(connection: Sent) -> None:
    rows = select(literal(1).label("patient_id"), literal("visit").label("record_type"), literal(2).label("roots"))
    keys = ["patient_id", "record_type"]
    mssql.adapter().row_sets.merge(
        sent(connection), HOLDING, rows, keys, lambda old, new: {"roots": old.roots + new.roots}
    )


def test_a_row_that_came_in_between_two_statements_is_a_conflict() -> None:
    """One row is changed and one inserted, of three: the third was there for neither."""
    merge(Sent(2))
    with pytest.raises(Conflict, match="holding"):
        merge(Sent(3))


def test_rows_are_merged_without_merge() -> None:
    connection = Sent(2)
    merge(connection)
    changed, added = parsed(connection.statements)
    assert changed.startswith("UPDATE holding WITH (UPDLOCK, HOLDLOCK) SET roots=(holding.roots + new.roots) FROM ")
    assert added.startswith("INSERT INTO holding (patient_id, record_type, roots) SELECT new.patient_id")
    assert "WHERE NOT (EXISTS (SELECT holding.patient_id FROM holding WITH (UPDLOCK, HOLDLOCK)" in added


def test_a_role_has_what_the_map_says() -> None:
    connection = Sent(["note", "access_event", "claim"], 1)
    mssql.adapter().roles.grant(sent(connection), GRANTS)
    of_public = next(batch for batch in connection.statements if f"TO {DatabaseRole.PUBLIC}" in batch)
    statements = parsed([one.strip() for one in of_public.split(";")])
    assert {
        "GRANT SELECT ON dbo.note TO strata_public",
        "REVOKE INSERT, UPDATE, DELETE ON dbo.note FROM strata_public",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.credential TO strata_public",
        "REVOKE INSERT, UPDATE, DELETE ON dbo.account FROM strata_public",
        "REVOKE SELECT ON cold.access_event FROM strata_public",
        "REVOKE SELECT ON cold.claim FROM strata_public",
        "GRANT SELECT ON signed.claim TO strata_public",
    } - set(statements) == set()
    assert [batch for batch in connection.statements if "ON signed." in batch] == [of_public]


def test_a_versioned_database_is_made_once() -> None:
    connection = Sent((False, 0))
    mssql.adapter().schema.prepare(cast(Engine, connection))
    assert [one for one in connection.statements if one.startswith("ALTER")] == [
        "ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK AFTER 30",
        "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON",
    ]
    again = Sent((True, 1))
    mssql.adapter().schema.prepare(cast(Engine, again))
    assert not [one for one in again.statements if one.startswith("ALTER")]


def test_a_percentile_needs_no_function_of_an_engine() -> None:
    those = ranked(select(NOTE.c.id), NOTE.c.version)
    query = select(func.count(), percentile(0.95, those))
    parsed([str(query.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True}))])


def test_columns_agree_as_far_as_both_tell() -> None:
    ours = ColumnFacts("nvarchar(64)", False, "Latin1_General_100_BIN2")
    assert ours.agrees(ColumnFacts("nvarchar(64)", None, None))
    assert not ours.agrees(ColumnFacts("nvarchar(60)", None, None))
    assert not ours.agrees(ColumnFacts("nvarchar(64)", False, "Latin1_General_CI_AS"))
    assert not ours.agrees(ColumnFacts("nvarchar(64)", True, None))


def test_a_server_tells_what_it_is_and_whether_it_may_be_written() -> None:
    connection = Sent(0, ("16.0.4135.4", "Developer Edition (64-bit)"), 0, "READ_ONLY")
    assert mssql.adapter().server.version(sent(connection)) == "SQL Server 16.0.4135.4, Developer Edition (64-bit)"
    assert not mssql.adapter().server.takes_writes(sent(connection))
    assert len(parsed(connection.statements)) == 4


def test_babelfish_is_told_by_its_name_and_asked_as_postgresql() -> None:
    answers = Sent(1, "Babelfish for PostgreSQL - 12.0\nPostgreSQL 16.4 on x86_64 (Babelfish 4.3.0)", 1, True)
    assert mssql.adapter().server.version(sent(answers)) == "PostgreSQL 16.4 on x86_64 (Babelfish 4.3.0)"
    assert not mssql.adapter().server.takes_writes(sent(answers))


def test_a_table_whose_pages_no_server_tells_goes_by_time_and_has_no_room_to_give() -> None:
    babelfish = Sent(1, 1)
    assert mssql.adapter().layout.pages(sent(babelfish), NOTE) == sys.maxsize
    assert not any(mssql.adapter().compaction.room(sent(babelfish), "visit"))
    assert not any("allocation_units" in statement for statement in babelfish.statements)
    assert mssql.adapter().layout.pages(sent(Sent(0, 7)), NOTE) == 7


def test_an_owner_has_no_role_of_a_process() -> None:
    assert mssql.adapter().roles.own(sent(Sent((0, 1), 1, 1)), ["strata_staff", "strata_public"]) == []
    assert mssql.adapter().roles.own(sent(Sent((0, 0), 1, None)), ["strata_staff", "strata_public"]) == ["strata_staff"]


def test_a_load_that_fails_gives_the_servers_ids_back() -> None:
    sent = Sent()
    with (
        pytest.raises(ValueError, match="row"),
        mssql.adapter().loading.keeping_ids(cast(Connection, sent), Base.metadata.tables["visit"]),
    ):
        raise ValueError("a row is wrong")
    assert sent.statements == ["SET IDENTITY_INSERT visit ON", "SET IDENTITY_INSERT visit OFF"]
