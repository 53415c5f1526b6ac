"""The T-SQL that is compiled for SQL Server: as it should read, and as a parser of T-SQL takes it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    MetaData,
    Numeric,
    String,
    Table,
    case,
    false,
    func,
    literal_column,
    not_,
    select,
    true,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.orm import aliased
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from core.engines import mssql_compaction, mssql_documents, mssql_layout, mssql_parameters
from core.engines.fault_kinds import EngineError
from core.engines.functions import any_of, any_word_of, row_hash, seconds_between, utc_day, utc_week
from core.engines.layout import Span
from core.engines.mssql_dialect import Dialect
from core.engines.mssql_hash import canonical_json
from core.engines.mssql_tables import unique_constraints
from core.models import Batch, Claim, ImportedRow, OutboxMessage, Patient, Report
from core.models.base import Base, Json
from core.models.record_types import ARCHIVE_METADATA, RECORD_TYPES, SERVERS
from workers.archive import stragglers

DIALECT = Dialect()
OTHER = aliased(Patient, name="other")
VISIT = Base.metadata.tables["visit"]
TABLES = [table for kind in RECORD_TYPES.values() for table in kind.tables]

LOCKS = {
    "a row": (
        select(Batch.id).where(Batch.id == 1).with_for_update(),
        "SELECT batch.id FROM batch WITH (UPDLOCK, ROWLOCK) WHERE batch.id = 1",
    ),
    "what is free": (
        select(OutboxMessage.id).limit(2).with_for_update(skip_locked=True),
        "SELECT TOP 2 outbox_message.id FROM outbox_message WITH (UPDLOCK, ROWLOCK, READPAST)",
    ),
    "at once or not": (
        select(Batch.id).with_for_update(nowait=True),
        "SELECT batch.id FROM batch WITH (UPDLOCK, ROWLOCK, NOWAIT)",
    ),
    "shared": (
        select(Batch.id).with_for_update(read=True),
        "SELECT batch.id FROM batch WITH (REPEATABLEREAD, ROWLOCK)",
    ),
    "one of two tables": (
        select(Report.id).join(Patient, Patient.id == Report.patient_id).with_for_update(of=Report),
        "SELECT report.id FROM report WITH (UPDLOCK, ROWLOCK) JOIN patient ON patient.id = report.patient_id",
    ),
    "both tables": (
        select(Report.id).join(OTHER, OTHER.id == Report.patient_id).with_for_update(),
        "SELECT report.id FROM report WITH (UPDLOCK, ROWLOCK)"
        " JOIN patient AS other WITH (UPDLOCK, ROWLOCK) ON other.id = report.patient_id",
    ),
    "none": (select(Batch.id), "SELECT batch.id FROM batch"),
}


def compiled(statement: Any) -> str:
    text = str(statement.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True}))
    parse(text)
    return " ".join(text.split())


def parse(text: str) -> None:
    """Raises ParseError for what is no T-SQL."""
    assert sqlglot.parse(text, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


@pytest.mark.parametrize("name", list(LOCKS))
def test_locks_are_hints_on_the_tables(name: str) -> None:
    statement, expected = LOCKS[name]
    assert compiled(statement) == expected


def test_text_is_unicode_and_instants_keep_microseconds() -> None:
    table = Base.metadata.tables["patient"]
    made = compiled(CreateTable(table))
    assert "name NVARCHAR(200) COLLATE Latin1_General_100_BIN2 NOT NULL" in made
    assert "id BIGINT NOT NULL IDENTITY" in made
    assert "created_at DATETIMEOFFSET(6)" in made
    assert "legal_hold BIT" in made


@pytest.mark.parametrize("server", list(ARCHIVE_METADATA))
def test_tables_of_an_archive_keep_every_id_and_every_character(server: str) -> None:
    for table in ARCHIVE_METADATA[server].tables.values():
        assert "IDENTITY" not in compiled(CreateTable(table)), table.name
        types = {column.type.compile(dialect=DIALECT).split("(")[0] for column in table.columns}
        assert not types - {"BIGINT", "BIT", "DATE", "DATETIMEOFFSET", "NUMERIC", "NVARCHAR"}, table.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_that_moves_can_be_hashed(table: Table) -> None:
    hashed = compiled(select(row_hash(*table.columns)))
    for name in list(table.columns.keys()):
        assert f"{table.name}.{name}" in hashed.replace("[", "").replace("]", "")


def test_a_field_that_is_hashed() -> None:
    assert compiled(select(row_hash(Patient.__table__.c.legal_hold))) == (
        "SELECT HASHBYTES('SHA2_256', CONVERT(varchar(max), (CAST(N'(' AS nvarchar(max))"
        " + CASE patient.legal_hold WHEN 1 THEN N't' WHEN 0 THEN N'f' ELSE N'' END + N')')"
        " COLLATE Latin1_General_100_BIN2_UTF8)) AS anon_1 FROM patient"
    )


def test_a_type_that_differs_on_both_engines_is_refused() -> None:
    table = Table("measure", MetaData(), Column("value", Float))
    with pytest.raises(EngineError, match="can't be hashed alike"):
        compiled(select(row_hash(table.c.value)))


def test_json_is_written_as_jsonb_prints_it() -> None:
    value = {"bb": [1, None, True], "a": {"é": "x", "z": 'q"'}}
    assert canonical_json(value) == '{"a": {"z": "q\\"", "é": "x"}, "bb": [1, null, true]}'


INDEXES = {
    "one that is left": (
        "outbox_message",
        "ix_outbox_message_open",
        "CREATE INDEX ix_outbox_message_open ON outbox_message (due_at) WHERE done_at IS NULL",
    ),
    "of a flag": (
        "patient",
        "ix_patient_legal_hold",
        "CREATE INDEX ix_patient_legal_hold ON patient (id) WHERE legal_hold = 1",
    ),
    "that covers what is asked of cold rows": (
        "visit",
        "ix_visit_ended",
        "CREATE INDEX ix_visit_ended ON visit (ended_at, id) INCLUDE (patient_id, status)",
    ),
}


@pytest.mark.parametrize("name", list(INDEXES))
def test_indexes_are_filtered_and_covering(name: str) -> None:
    table, index, expected = INDEXES[name]
    found = next(one for one in Base.metadata.tables[table].indexes if one.name == index)
    assert compiled(CreateIndex(found)) == expected


UNIQUE = {
    "patient": "CREATE UNIQUE INDEX uq_patient_national_id_hash ON patient (national_id_hash)"
    " WHERE national_id_hash IS NOT NULL",
    "account": "CREATE UNIQUE INDEX uq_account_username ON account (username)",
    # On PostgreSQL too, NULL equals NULL here.
    "assay": "CREATE UNIQUE INDEX uq_assay_system_code_unit ON assay (system, code, unit)",
}


@pytest.mark.parametrize("name", list(UNIQUE))
def test_null_is_equal_to_nothing_where_values_are_unique(name: str) -> None:
    table = Base.metadata.tables[name]
    assert "UNIQUE" not in compiled(CreateTable(table))
    assert UNIQUE[name] in [compiled(AddConstraint(one)) for one in unique_constraints(table)]


def test_every_key_of_an_index_has_a_length() -> None:
    """No key of an index is of unlimited length: SQL Server takes none."""
    for table in Base.metadata.tables.values():
        keys = [index.columns for index in table.indexes] + [one.columns for one in unique_constraints(table)]
        for column in [column for columns in [*keys, table.primary_key.columns] for column in columns]:
            assert "max" not in column.type.compile(dialect=DIALECT), f"{table.name}.{column.name}"


def test_now_has_its_offset() -> None:
    assert compiled(select(func.now())) == "SELECT SYSDATETIMEOFFSET() AS now_1"


STARTED, ENDED = literal_column("s", DateTime(timezone=True)), literal_column("e", DateTime(timezone=True))
WORDED = {
    "many ids": (
        select(Batch.id).where(any_of(Batch.id, [1, 2])),
        "SELECT batch.id FROM batch WHERE batch.id IN (SELECT id FROM OPENJSON('[1, 2]') WITH (id bigint '$'))",
    ),
    "many words": (
        select(ImportedRow.row_id).where(any_word_of(ImportedRow.source_key, ["a", "b's"])),
        "SELECT imported_row.row_id FROM imported_row WHERE imported_row.source_key IN (SELECT word COLLATE"
        " Latin1_General_100_BIN2 FROM OPENJSON('[\"a\", \"b''s\"]') WITH (word nvarchar(400) '$'))",
    ),
    "seconds": (
        select(func.max(seconds_between(STARTED, ENDED)).label("n")),
        "SELECT max((DATEDIFF_BIG(microsecond, s, e) / 1000000.0)) AS n",
    ),
    "day": (select(utc_day(ENDED).label("n")), "SELECT CAST(SWITCHOFFSET(e, '+00:00') AS date) AS n"),
    "week": (
        select(utc_week(ENDED).label("n")),
        "SELECT CAST(DATEADD(day, -(DATEDIFF(day, '19000101', CAST(SWITCHOFFSET(e, '+00:00') AS date)) % 7),"
        " CAST(SWITCHOFFSET(e, '+00:00') AS date)) AS date) AS n",
    ),
    # A bracket in a pattern would begin a set of letters there.
    "what a person typed": (
        select(Report.id).where(Report.prompt_version.contains("50%[a]", autoescape=True)),
        "SELECT report.id FROM report WHERE (report.prompt_version LIKE REPLACE('%' + '50/%[a]' + '%', '[', '/[')"
        " ESCAPE '/')",
    ),
    "what a person did not type": (
        select(Report.id).where(not_(Report.prompt_version.startswith("[", autoescape=True))),
        "SELECT report.id FROM report WHERE (report.prompt_version NOT LIKE REPLACE('[' + '%', '[', '/[') ESCAPE '/')",
    ),
    "a pattern of ours": (
        select(Report.id).where(Report.prompt_version.like("[ab]%")),
        "SELECT report.id FROM report WHERE report.prompt_version LIKE '[ab]%'",
    ),
    "what is missing last": (
        select(Report.id).order_by(Report.closed_at.desc().nulls_last()),
        "SELECT report.id FROM report ORDER BY report.closed_at DESC",
    ),
}


@pytest.mark.parametrize("name", list(WORDED))
def test_what_the_engines_word_otherwise(name: str) -> None:
    statement, expected = WORDED[name]
    assert compiled(statement) == expected


def test_an_order_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(CompileError, match="only in descending order"):
        compiled(select(Report.id).order_by(Report.closed_at.asc().nulls_last()))


def test_an_instant_says_what_it_is() -> None:
    statement = select(Report.id).where(Report.closed_at < datetime(2026, 3, 1, tzinfo=UTC))
    text = str(statement.compile(dialect=DIALECT))
    parse(text)
    assert (
        "report.closed_at < CAST(:closed_at_1 AS DATETIMEOFFSET(6))" in text or "CAST(? AS DATETIMEOFFSET(6))" in text
    )


@pytest.mark.parametrize(
    ("statement", "values", "written", "left"),
    [
        ("UPDATE t SET a = ?, b = ? WHERE id = ?", (None, 2, 3), "UPDATE t SET a = NULL, b = ? WHERE id = ?", (2, 3)),
        ("INSERT INTO t VALUES (CAST(? AS DATE))", (None,), "INSERT INTO t VALUES (CAST(NULL AS DATE))", ()),
        ("SELECT ?", (1,), "SELECT ?", (1,)),
        # A question mark that is no parameter: left to the driver.
        ("SELECT '?', ?", (None,), "SELECT '?', ?", (None,)),
        ("SELECT 1", (), "SELECT 1", ()),
    ],
)
def test_nulls_are_written_out(statement: str, values: Any, written: str, left: Any) -> None:
    assert mssql_parameters.with_nulls_written(statement, values) == (written, left)


def test_rows_are_loaded_from_json() -> None:
    table = Table(
        "t",
        MetaData(),
        Column("id", BigInteger),
        Column("word", String(3)),
        Column("amount", Numeric(18, 6)),
        Column("at", DateTime(timezone=True)),
        Column("fields", Json),
    )
    statement = mssql_documents.insertion(DIALECT, table, table.columns.keys())
    parse(statement)
    assert statement == (
        "INSERT INTO t (id, word, amount, at, fields) SELECT id, word, amount, at, fields FROM OPENJSON(?) WITH"
        " (id BIGINT '$[0]', word NVARCHAR(max) '$[1]', amount NUMERIC(18, 6) '$[2]', at DATETIMEOFFSET(6) '$[3]',"
        " fields NVARCHAR(max) '$[4]')"
    )


@pytest.mark.parametrize("store", SERVERS)
def test_every_table_can_be_loaded(store: str) -> None:
    for table in (*Base.metadata.tables.values(), *ARCHIVE_METADATA[store].tables.values()):
        parse(mssql_documents.insertion(DIALECT, table, table.columns.keys()))


def test_what_json_has_no_type_for_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        mssql_documents.document([[1j]])


def test_numbers_keep_their_digits_and_instants_their_zone() -> None:
    values = [
        Decimal("100000000000.000001"),
        datetime(2026, 3, 1, 7, 30, tzinfo=UTC),
        date(2026, 3, 1),
        "é\n",
        None,
        True,
    ]
    assert mssql_documents.document([values]) == (
        '[["100000000000.000001","2026-03-01T07:30:00+00:00","2026-03-01","é\\n",null,true]]'
    )


def test_a_flag_is_a_condition_of_a_case() -> None:
    flagged = func.count(case((Claim.flagged, 1)))
    assert compiled(select(flagged)) == "SELECT count(CASE WHEN claim.flagged = 1 THEN 1 END) AS count_1 FROM claim"


@pytest.mark.parametrize(("condition", "text"), [(true(), "1 = 1"), (false(), "0 = 1"), (not_(true()), "0 = 1")])
def test_what_always_holds_or_never_is_a_condition_of_a_case(condition: Any, text: str) -> None:
    assert compiled(select(case((condition, 1), else_=0))) == f"SELECT CASE WHEN {text} THEN 1 ELSE 0 END AS anon_1"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Claim.flagged.is_(False), "claim.flagged = 0"),
        (Claim.flagged.is_(True), "claim.flagged = 1"),
        (Claim.flagged.is_not(True), "(claim.flagged != 1 OR claim.flagged IS NULL)"),
        (Claim.flagged.is_not(None), "claim.flagged IS NOT NULL"),
        (Claim.flagged.is_(None), "claim.flagged IS NULL"),
    ],
)
def test_only_null_is_asked_for_by_is(condition: Any, text: str) -> None:
    assert compiled(select(Claim.id).where(condition)) == f"SELECT claim.id FROM claim WHERE {text}"


PLACES = {
    "rows of a stretch": (
        select(VISIT.c.id).where(mssql_layout.lies_within(VISIT, 10, 90)),
        "SELECT visit.id FROM visit WHERE visit.id >= 10 AND visit.id <= 90",
    ),
    "the next stretch": (
        mssql_layout.ends(VISIT, VISIT.c.status == "finished", Span(90, 900), 50),
        "SELECT min(chosen.id) AS min_1, max(chosen.id) AS max_1, count(*) AS count_1 FROM"
        " (SELECT TOP 50 visit.id AS id FROM visit WHERE visit.status = 'finished' AND visit.id <= 900"
        " AND visit.id > 90 ORDER BY visit.id) AS chosen",
    ),
    "the first stretch": (
        mssql_layout.ends(VISIT, VISIT.c.status == "finished", Span(None, 900), 50),
        "SELECT min(chosen.id) AS min_1, max(chosen.id) AS max_1, count(*) AS count_1 FROM"
        " (SELECT TOP 50 visit.id AS id FROM visit WHERE visit.status = 'finished' AND visit.id <= 900"
        " ORDER BY visit.id) AS chosen",
    ),
}


@pytest.mark.parametrize("name", list(PLACES))
def test_where_rows_lie(name: str) -> None:
    statement, expected = PLACES[name]
    assert compiled(statement) == expected


def test_the_pages_of_a_table_are_asked_for() -> None:
    parse(mssql_layout.PAGES.replace(":name", "N'visit'"))


def test_marked_roots_are_found_by_their_marks() -> None:
    asked = compiled(stragglers.marked(RECORD_TYPES["report"], 5, 9))
    assert asked.startswith(
        "SELECT DISTINCT late_root.root_id FROM late_root WHERE late_root.record_type = 'report'"
        " AND late_root.root_id >= 5"
        " AND NOT (EXISTS (SELECT report.id FROM report WHERE report.id = late_root.root_id))"
        " AND ((EXISTS (SELECT evidence.id FROM evidence WHERE evidence.report_id = late_root.root_id)) OR "
    )
    assert asked.endswith(" AND late_root.root_id <= 9 ORDER BY late_root.root_id")


class Answers:
    """Stands for a connection that answers each statement with the same value, and keeps what was executed."""

    def __init__(self, value: Any) -> None:
        self.value, self.said = value, []

    def exec_driver_sql(self, statement: str) -> Any:
        self.said.append(statement)
        return self

    def scalar(self) -> Any:
        return self.value


@pytest.mark.parametrize(("edition", "ways"), [(3, ["online", "offline"]), (2, ["offline"]), (4, ["offline"])])
def test_indexes_are_rebuilt_online_where_the_edition_can(edition: int, ways: list[str]) -> None:
    assert [way.name for way in mssql_compaction.ways(Answers(edition))] == ways  # type: ignore[arg-type]


@pytest.mark.parametrize("way", [mssql_compaction.ONLINE, mssql_compaction.OFFLINE], ids=lambda way: way.name)
def test_a_table_is_written_anew_without_shrinking_its_file(way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mssql_compaction.mssql_limits, "make_room", lambda _connection: None)
    connection = Answers(None)
    mssql_compaction.write_anew(connection, "visit", way)  # type: ignore[arg-type]
    [said] = connection.said
    assert (
        said
        == {
            "online": "ALTER INDEX ALL ON visit REBUILD WITH (ONLINE = ON"
            " (WAIT_AT_LOW_PRIORITY (MAX_DURATION = 1 MINUTES, ABORT_AFTER_WAIT = SELF)))",
            "offline": "ALTER INDEX ALL ON visit REBUILD",
        }[way.name]
    )
    assert way.stops_readers is (way.name == "offline")
    parse(mssql_compaction.ROOM.replace(":name", "N'visit'"))
