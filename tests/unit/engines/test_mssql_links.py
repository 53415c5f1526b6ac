"""How archived rows are read through a link: a linked server or PolyBase."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.engines import mssql, mssql_link
from core.engines.fault_kinds import EngineError
from core.install.database_roles import DatabaseRole
from core.install.grants import GRANTS
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA
from tests.unit.engines.sent_statements import Sent, parsed, sent

NOTE = Base.metadata.tables["note"]
URL = "mssql+pyodbc://reader:it's@archive.example:1444/strata_visits?TrustServerCertificate=yes"


def test_a_link_is_encrypted_reads_only_and_takes_no_part_in_transactions() -> None:
    # The database, no link, no babelfish, no schema, no view, no former link.
    connection = Sent("strata", 0, None, None, None, None)
    note = ARCHIVE_METADATA["visits"].tables["note"]
    mssql_link.link(sent(connection), "visits", URL, [note])
    made = "\n".join(parsed([one for one in connection.statements if not one.startswith("EXEC")]))
    calls = "\n".join(one for one in connection.statements if one.startswith("EXEC"))
    wanted = (
        "@server = N'strata_archive_visits'",
        "@datasrc = N'archive.example,1444', @provstr = N'Encrypt=yes;TrustServerCertificate=yes'",
        "@rmtuser = N'reader', @rmtpassword = N'it''s'",
        "@optname = 'remote proc transaction promotion', @optvalue = 'false'",
        "@optname = 'collation compatible', @optvalue = 'true'",
        "@optname = 'use remote collation', @optvalue = 'true'",
    )
    assert [words for words in wanted if words not in calls] == []
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
