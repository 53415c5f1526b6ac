"""What the adapter sends to SQL Server: as it should read, and as a parser of T-SQL takes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlglot
from sqlalchemy import Connection, Engine, func, literal, select
from sqlalchemy import delete as remove_from
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from core.engines import FaultKind, kind_of, mssql, mssql_connection, mssql_link, words_of
from core.engines.fault_kinds import Conflict, EngineError
from core.engines.functions import percentile, ranked
from core.engines.mssql_dialect import Dialect
from core.engines.schema import ColumnFacts
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA

NOTE, HOLDING = Base.metadata.tables["note"], Base.metadata.tables["holding"]
URL = "mssql+pyodbc://reader:it's@archive.example:1444/strata_visits?TrustServerCertificate=yes"


class Sent:
    """Stands where a connection would, keeps what is sent, and answers each question with the next answer."""

    dialect = Dialect()
    rowcount = 1
    connection = SimpleNamespace(dbapi_connection=SimpleNamespace(timeout=0))

    def __init__(self, *answers: Any) -> None:
        self.statements: list[str] = []
        self._answers = list(answers)
        self.rows: list[Any] = []
        self.engine = self

    def execution_options(self, **_: Any) -> Sent:
        return self

    @contextmanager
    def connect(self) -> Iterator[Sent]:
        yield self

    def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> Any:
        return self._keep(statement)

    def execute(self, statement: Any, *_: Any) -> Any:
        return self._keep(str(statement.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})))

    def scalar(self, *_: Any) -> Any:
        return self._answers.pop(0) if self._answers else None

    def scalars(self, _statement: Any, *_: Any) -> Any:
        return self._answers.pop(0) if self._answers else []

    def all(self) -> list[Any]:
        return []

    def one(self) -> Any:
        return self._answers.pop(0)

    def one_or_none(self) -> Any:
        return self._answers.pop(0) if self._answers else None

    def _keep(self, statement: str) -> Any:
        self.statements.append(" ".join(statement.split()))
        answer = Sent()
        answer._answers, answer.rows = self._answers, self.rows
        return answer

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def _run_ddl_visitor(self, visitor: Any, element: Any, **options: Any) -> None:
        from sqlalchemy.schema import CreateTable

        self._keep(str(CreateTable(element).compile(dialect=self.dialect)))


def sent(connection: Sent) -> Connection:
    return cast(Connection, connection)


def parsed(statements: Sequence[str]) -> list[str]:
    for statement in statements:
        assert sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    return list(statements)


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


def test_a_link_is_encrypted_reads_only_and_takes_no_part_in_transactions() -> None:
    # The database, no link, no babelfish, no schema, no view, no former link.
    connection = Sent("strata", 0, None, None, None, None)
    note = ARCHIVE_METADATA["visits"].tables["note"]
    mssql_link.link(sent(connection), "visits", URL, [note])
    made = "\n".join(parsed([one for one in connection.statements if not one.startswith("EXEC")]))
    calls = "\n".join(one for one in connection.statements if one.startswith("EXEC"))
    assert "@server = N'strata_archive_visits'" in calls
    assert "@datasrc = N'archive.example,1444', @provstr = N'Encrypt=yes;TrustServerCertificate=yes'" in calls
    assert "@rmtuser = N'reader', @rmtpassword = N'it''s'" in calls
    assert "@optname = 'remote proc transaction promotion', @optvalue = 'false'" in calls
    assert "@optname = 'collation compatible', @optvalue = 'true'" in calls
    assert "@optname = 'use remote collation', @optvalue = 'true'" in calls
    assert "CREATE VIEW cold.note AS SELECT [id], [patient_id]" in made
    assert "FROM [strata_archive_visits].[strata_visits].dbo.[note]" in made


PLAN = """<ShowPlanXML xmlns="http://schemas.microsoft.com/sqlserver/2004/07/showplan"><RelOp PhysicalOp="Remote Query">
<RemoteQuery RemoteSource="archive_visits" RemoteQuery="SELECT &quot;Tbl1001&quot;.&quot;id&quot; FROM &quot;note&quot;
 &quot;Tbl1001&quot; WHERE &quot;Tbl1001&quot;.&quot;patient_id&quot;
 =(7)"/></RelOp><RemoteScan RemoteObject="note"/></ShowPlanXML>"""


def test_what_a_link_is_asked_is_told_by_the_plan_and_the_query_not_run() -> None:
    connection = Sent(0)
    connection.rows = [(PLAN[:200],), (PLAN[200:],)]
    query = select(NOTE.c.id).where(NOTE.c.patient_id == 7)
    [asked] = mssql.adapter().links.remote_queries(sent(connection), query)
    assert " ".join(asked.split()) == 'SELECT "Tbl1001"."id" FROM "note" "Tbl1001" WHERE "Tbl1001"."patient_id" =(7)'
    assert parsed(connection.statements)[1:] == [
        "SET SHOWPLAN_XML ON",
        "SELECT note.id FROM note WHERE note.patient_id = 7",
        "SET SHOWPLAN_XML OFF",
    ]


def test_polybase_reads_by_external_tables_with_their_collation_stated() -> None:
    # Installed, no schema, no key, no credential, no source, no columns.
    connection = Sent(1, None, None, None, None, [])
    note = ARCHIVE_METADATA["visits"].tables["note"]
    mssql.adapter(by_polybase=True).links.link(sent(connection), "visits", URL, [note])
    made = {one.split(" archive_visits", 1)[0]: one for one in connection.statements if one.startswith("CREATE")}
    assert made["CREATE DATABASE SCOPED CREDENTIAL"].endswith("WITH IDENTITY = N'reader', SECRET = N'it''s'")
    assert made["CREATE EXTERNAL DATA SOURCE"].endswith(
        "WITH (LOCATION = N'sqlserver://archive.example:1444',"
        " CONNECTION_OPTIONS = N'Encrypt=yes;TrustServerCertificate=yes', PUSHDOWN = ON, CREDENTIAL = archive_visits)"
    )
    [table] = [one for one in parsed(connection.statements) if "EXTERNAL TABLE" in one]
    assert table.startswith("CREATE EXTERNAL TABLE cold.note (id BIGINT NOT NULL, patient_id BIGINT NOT NULL,")
    assert "text NVARCHAR(max) COLLATE Latin1_General_100_BIN2 NOT NULL" in table
    assert table.endswith("WITH (LOCATION = N'strata_visits.dbo.note', DATA_SOURCE = archive_visits)")


def test_polybase_that_leads_elsewhere_is_made_anew() -> None:
    elsewhere = ("sqlserver://old.example:1433", "Encrypt=yes")
    connection = Sent(1, 1, 1, 1, elsewhere, ["note"], [])
    mssql.adapter(by_polybase=True).links.link(
        sent(connection), "visits", URL, [ARCHIVE_METADATA["visits"].tables["note"]]
    )
    dropped = [one for one in connection.statements if one.startswith("DROP")]
    assert dropped == ["DROP EXTERNAL TABLE cold.note", "DROP EXTERNAL DATA SOURCE archive_visits"]
    assert connection.statements[1].startswith("ALTER DATABASE SCOPED CREDENTIAL archive_visits")


def test_polybase_that_is_not_installed_names_the_mend() -> None:
    with pytest.raises(EngineError, match=r"PolyBase is not installed: install .* or set STRATA_LINK=linked_server"):
        mssql.adapter(by_polybase=True).links.link(sent(Sent(0)), "visits", URL, [])


def test_a_role_has_what_the_map_says() -> None:
    connection = Sent(["note", "access_event", "claim"], 1)
    mssql.adapter().roles.grant(sent(connection), GRANTS)
    of_public = next(batch for batch in connection.statements if f"TO {DatabaseRole.PUBLIC}" in batch)
    statements = parsed([one.strip() for one in of_public.split(";")])
    assert "GRANT SELECT ON dbo.note TO strata_public" in statements
    assert "REVOKE INSERT, UPDATE, DELETE ON dbo.note FROM strata_public" in statements
    assert "GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.credential TO strata_public" in statements
    assert "REVOKE INSERT, UPDATE, DELETE ON dbo.account FROM strata_public" in statements
    assert "REVOKE SELECT ON cold.access_event FROM strata_public" in statements
    assert "REVOKE SELECT ON cold.claim FROM strata_public" in statements
    assert "GRANT SELECT ON signed.claim TO strata_public" in statements
    assert [batch for batch in connection.statements if "ON signed." in batch] == [of_public]


@pytest.mark.parametrize("by_polybase", [False, True])
def test_the_patients_portal_reads_views_of_signed_reports(by_polybase: bool) -> None:
    connection = Sent(None, None)
    view, query = next(pair for pair in GRANTS.views[DatabaseRole.PUBLIC] if pair[0].name == "claim")
    mssql.adapter(by_polybase=by_polybase).links.make_view(sent(connection), view, query)
    made = parsed([one for one in connection.statements if "OBJECT_DEFINITION" not in one and "SCHEMA_ID" not in one])
    assert made[0] == "CREATE SCHEMA signed AUTHORIZATION dbo"
    assert made[1].startswith("CREATE VIEW signed.claim AS SELECT ")
    assert made[1].endswith(
        " FROM cold.claim WHERE EXISTS (SELECT * FROM cold.report AS of_report"
        " WHERE of_report.id = cold.claim.report_id AND of_report.state = 'signed')"
    )


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


@pytest.mark.parametrize(
    ("state", "number", "kind"),
    [
        ("40001", 1205, FaultKind.WAITED),
        ("42000", 1222, FaultKind.WAITED),
        ("HYT00", 0, FaultKind.WAITED),
        ("08S01", 10054, FaultKind.CONNECTION),
        ("42000", 40613, FaultKind.CONNECTION),
        ("42000", 1105, FaultKind.DISK_FULL),
        ("42S02", 208, FaultKind.OTHER),
        # Of a linked server that is away, or not done in time.
        ("42000", 7303, FaultKind.CONNECTION),
        ("42000", 7399, FaultKind.CONNECTION),
    ],
)
def test_faults_are_told_apart(state: str, number: int, kind: FaultKind) -> None:
    fault = Exception(state, f"[{state}] [Microsoft][SQL Server]words ({number}) (SQLExecDirectW)")
    assert kind_of(DBAPIError("SELECT", None, fault)) is kind


def test_a_server_that_lets_nobody_in_is_away_and_not_late() -> None:
    """The driver calls both a time-out: it tries a port that refuses it again until its time is over."""
    fault = Exception("HYT00", "[HYT00] [Microsoft][ODBC Driver 18]Login timeout expired (0) (SQLDriverConnect)")
    assert kind_of(DBAPIError("", None, fault)) is FaultKind.CONNECTION


def test_a_fault_is_told_by_its_numbers_and_quotes_no_row() -> None:
    said = "[23000] Cannot insert duplicate key row. The duplicate key value is (S1234567D). (2627) (SQLExecDirectW)"
    fault = DBAPIError("INSERT", None, Exception("23000", said))
    assert words_of(fault) == "duplicate key (SQLSTATE 23000, error 2627)"


@pytest.mark.parametrize(
    ("words", "raised"),
    [
        ("Transaction was deadlocked (1205)", OperationalError),
        ("TDS client library error: DB #: 20002, DB Msg: server connection failed (33557097)", OperationalError),
        ("Invalid object name (208)", ProgrammingError),
    ],
)
def test_what_is_the_servers_fault_is_raised_as_such(words: str, raised: type[DBAPIError]) -> None:
    fault = ProgrammingError("SELECT", None, Exception("42000", f"[42000] [Microsoft]{words} (SQLExecDirectW)"))
    context: Any = SimpleNamespace(sqlalchemy_exception=fault)
    assert type(mssql_connection.tell_operational(context) or fault) is raised


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


@pytest.mark.parametrize(
    ("found", "is_linked"),
    [
        (("archive.example,1444", "strata_visits", None), True),
        (("archive.example,1445", "strata_visits", None), False),
        (("archive.example,1444", "strata_logs", None), False),
        (None, False),
    ],
)
def test_a_link_is_there_if_it_leads_to_that_database(found: tuple[str, str, None] | None, is_linked: bool) -> None:
    assert mssql.adapter().links.is_linked(sent(Sent("strata", found, 0)), "visits", URL) is is_linked


def test_a_load_that_fails_gives_the_servers_ids_back() -> None:
    sent = Sent()
    with (
        pytest.raises(ValueError, match="row"),
        mssql.adapter().loading.keeping_ids(cast(Connection, sent), Base.metadata.tables["visit"]),
    ):
        raise ValueError("a row is wrong")
    assert sent.statements == ["SET IDENTITY_INSERT visit ON", "SET IDENTITY_INSERT visit OFF"]
