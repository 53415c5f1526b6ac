"""The T-SQL that is compiled for SQL Server: as it should read, and as a parser of T-SQL takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    DateTime,
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

from core.engines import mssql_parameters
from core.engines.functions import any_of, any_word_of, seconds_between, utc_day, utc_week
from core.models import Batch, Claim, ImportedRow, OutboxMessage, Patient, Report
from core.models.record_types import RECORD_TYPES
from tests.unit.engines.compiled_tsql import DIALECT, compiled, parse
from workers.archive import stragglers

OTHER = aliased(Patient, name="other")
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


@pytest.mark.parametrize("name", list(LOCKS))
def test_locks_are_hints_on_the_tables(name: str) -> None:
    statement, expected = LOCKS[name]
    assert compiled(statement) == expected


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


def test_marked_roots_are_found_by_their_marks() -> None:
    asked = compiled(stragglers.marked(RECORD_TYPES["report"], 5, 9))
    assert asked.startswith(
        "SELECT DISTINCT late_root.root_id FROM late_root WHERE late_root.record_type = 'report'"
        " AND late_root.root_id >= 5"
        " AND NOT (EXISTS (SELECT report.id FROM report WHERE report.id = late_root.root_id))"
        " AND ((EXISTS (SELECT evidence.id FROM evidence WHERE evidence.report_id = late_root.root_id)) OR "
    )
    assert asked.endswith(" AND late_root.root_id <= 9 ORDER BY late_root.root_id")
