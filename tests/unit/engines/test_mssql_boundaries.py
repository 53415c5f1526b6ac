"""What SQL Server is told of the boundaries between processes: guards, times in reach, old logins, rows of reports."""

from __future__ import annotations

import importlib
import io
import re

import pytest
import sqlglot
from alembic.migration import MigrationContext
from alembic.operations import Operations

from core.engines import mssql
from core.engines.mssql_dialect import Dialect
from core.engines.row_rules import Either, OneOf, Parent, sql
from tests.unit.engines.sent_statements import Sent, parsed, sent
from tests.unit.engines.test_mssql_credentials import allowed, functions

WAS_SIGNED = (
    "({0}.state = 'signed' OR ({0}.state = 'withdrawn' AND EXISTS"
    " (SELECT 1 FROM signature s WHERE s.report_id = {0}.id)))"
)


def migrated(way: str, name: str = "0028_guards_that_hold") -> list[str]:
    """The batches of the migration, as SQL Server is sent them."""
    out = io.StringIO()
    context = MigrationContext.configure(dialect=Dialect(), opts={"as_sql": True, "output_buffer": out})
    with Operations.context(context):
        getattr(importlib.import_module(f"core.migrations.versions.primary.{name}"), way)()
    return [" ".join(one.split()) for one in re.split(r"^GO$", out.getvalue(), flags=re.MULTILINE) if one.strip()]


def test_guards_hold_for_what_was_signed_and_is_withdrawn() -> None:
    batches = migrated("upgrade")
    triggers = [one for one in batches if one.startswith("CREATE TRIGGER")]
    named = [re.search(r"TRIGGER (\w+) ON (\w+) AFTER UPDATE AS BEGIN SET NOCOUNT ON;", one) for one in triggers]
    assert [(one[1], one[2]) for one in named if one] == [
        ("withdrawn_report_guard", "report"), ("signed_report_guard", "report"), ("claim_guard", "claim"),
        ("citation_guard", "citation"), ("signature_guard", "signature"), ("evidence_guard", "evidence"),
    ]  # fmt: skip
    assert "WHERE d.state = 'withdrawn' AND i.state <> 'withdrawn'; IF @words" in triggers[0]
    assert WAS_SIGNED.format("d") in triggers[1]
    assert all(WAS_SIGNED.format("r") in one for one in triggers[2:])


def test_times_that_others_read_are_in_reach() -> None:
    batches = migrated("upgrade")
    checks = [one for one in batches if " CHECK " in one]
    parsed([one.removesuffix(";") for one in checks])
    assert (
        "ALTER TABLE access_event ADD CONSTRAINT ck_access_event_at_in_reach"
        " CHECK (at > '1900-01-01' AND at < '9000-01-01');" in checks
    )
    assert len(checks) == 15
    dropped = [one for one in migrated("downgrade") if "DROP CONSTRAINT ck_" in one]
    assert len(dropped) == len(checks)


def test_a_reader_of_before_is_disabled_and_loses_its_user() -> None:
    connection = Sent(1, 1)
    assert mssql.adapter().roles.retire_reader(sent(connection), "strata_reader_visits")
    assert parsed(connection.statements) == [
        "DROP USER [strata_reader_visits]", "ALTER LOGIN [strata_reader_visits] DISABLE",
    ]  # fmt: skip
    assert not mssql.adapter().roles.retire_reader(sent(Sent(None)), "strata_reader_visits")


@pytest.mark.parametrize("verb", ["insert", "update"])
def test_nobody_but_the_archiver_changes_what_was_signed_and_is_withdrawn(verb: str) -> None:
    rows = allowed(functions("claim")[verb])
    for role in ("strata_staff", "strata_worker"):
        assert "(p1.state IN ('withdrawn')) AND (EXISTS (SELECT 1 FROM dbo.signature p2" in rows[role]
    assert "1 = 1" in rows["strata_archiver"]


@pytest.mark.parametrize("table", ["correction", "glass_break"])
def test_an_erasure_alone_takes_away_what_happened(table: str) -> None:
    assert set(allowed(functions(table)["delete"])) == {"strata_staff"}
    assert "dbo.erasure" in allowed(functions(table)["delete"])["strata_staff"]


def test_one_of_several_conditions_on_a_parent_does_not_reach_past_it() -> None:
    """Without brackets a row of any other parent would meet the second condition."""
    either = Parent("report", "report_id", Either((OneOf("state", ("a",)), OneOf("state", ("b",)))))
    said = sql(either, lambda column: f"@{column}", "dbo")
    assert said.endswith("WHERE p1.id = @report_id AND ((p1.state IN ('a')) OR (p1.state IN ('b'))))")
    assert sqlglot.parse(f"SELECT 1 WHERE {said}", read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


def test_what_is_changed_of_a_report_is_asked_under_the_reports_lock() -> None:
    batches = migrated("upgrade", "0047_locked_before_signed")
    assert [one for one in batches if one.startswith("DROP TRIGGER")] == [
        f"DROP TRIGGER {table}_guard;" for table in ("claim", "citation", "signature", "evidence")
    ]
    made = [one for one in batches if one.startswith("CREATE TRIGGER")]
    assert len(made) == 4
    assert all("JOIN report r WITH (UPDLOCK) ON r.id = c.report_id" in one for one in made)
    assert all(WAS_SIGNED.format("r") in one for one in made)
    before = [one for one in migrated("downgrade", "0047_locked_before_signed") if one.startswith("CREATE TRIGGER")]
    assert len(before) == 4
    assert not any("UPDLOCK" in one for one in before)


@pytest.mark.parametrize("verb", ["insert", "update"])
def test_nobody_but_the_archiver_writes_what_is_of_no_report_that_is_here(verb: str) -> None:
    rows = allowed(functions("claim")[verb])
    for role in ("strata_staff", "strata_worker"):
        assert "= 1 AND (EXISTS (SELECT 1 FROM dbo.report p1 WHERE p1.id = @report_id AND NOT (" in rows[role]


@pytest.mark.parametrize("table", ["holding", "restored_root"])
def test_what_has_moved_is_the_archivers_to_say(table: str) -> None:
    made = functions(table)
    assert set(allowed(made["insert"])) == set(allowed(made["update"])) == {"strata_archiver"}
    assert "dbo.erasure" in allowed(made["delete"])["strata_staff"]
    assert (
        "@state IN ('planned', 'staged', 'loaded', 'verified')" in allowed(functions("batch")["update"])["strata_staff"]
    )
