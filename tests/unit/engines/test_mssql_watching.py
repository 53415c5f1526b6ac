"""What watches over an installation, as SQL Server is asked: machines' figures, looks, marks, the deep check."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from commands.doctor.deep import moves
from core.archiving.eligible import may_move_in
from core.engines import mssql, mssql_roles, mssql_server
from core.install.database_roles import DatabaseRole
from core.models import ArchiveRun, Base, Holding, LastLook
from core.models.record_types import VISIT
from core.services import holding_sums, load_figures
from core.stores import databases
from core.stores.tables import linked_table
from tests.unit.engines.sent_statements import Sent, parsed, sent
from tests.unit.engines.test_mssql_corrections import compiled
from workers.archive import stragglers

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Asked:
    """Stands where a session would, and keeps what it is asked."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, statement: Any) -> Any:
        self.statements.append(compiled(statement))
        return SimpleNamespace(rowcount=0, __iter__=lambda: iter(()))

    def scalars(self, statement: Any) -> list[Any]:
        self.statements.append(compiled(statement))
        return []


def asked(what: Callable[[Session], object]) -> list[str]:
    session = Asked()
    what(cast(Session, session))
    return session.statements


def test_a_minutes_figures_are_read_by_the_spans_they_are_in() -> None:
    [read] = asked(lambda session: load_figures.keep(session, [], NOW))
    assert read.endswith(
        "WHERE load_figure.span = 'minute' AND load_figure.at = '2026-03-04 05:06:00+00:00'"
        " OR load_figure.span = 'hour' AND load_figure.at = '2026-03-04 05:00:00+00:00'"
        " OR load_figure.span = 'day' AND load_figure.at = '2026-03-04 00:00:00+00:00'"
        " OR load_figure.span = 'counter' AND load_figure.at = '1970-01-01 00:00:00+00:00'"
    )


def test_old_figures_go_span_by_span() -> None:
    gone = asked(lambda session: load_figures.forget_old(session, NOW))
    assert gone[0] == (
        "DELETE FROM load_figure WHERE load_figure.span = 'minute' AND load_figure.at < '2026-03-02 05:06:07+00:00'"
    )
    assert len(gone) == 3


@pytest.mark.parametrize(
    "query", [mssql_server.CPU, mssql_server.MEMORY, mssql_server.DISK, mssql_server.IO_OPERATIONS]
)
def test_a_machines_figures_are_t_sql(query: str) -> None:
    parsed([query])


def test_looks_are_a_small_table_with_one_row_for_two() -> None:
    made = compiled(CreateTable(Base.metadata.tables["last_look"]))
    assert "looked_at DATETIMEOFFSET(6) NOT NULL" in made
    assert "before_at DATETIMEOFFSET(6) NULL" in made
    assert "PRIMARY KEY CLUSTERED (account_id, patient_id)" in made or "PRIMARY KEY (account_id, patient_id)" in made
    assert compiled(update(LastLook).where(LastLook.account_id == 3).values(looked_at=NOW - timedelta(1))).startswith(
        "UPDATE last_look SET looked_at='2026-03-03 05:06:07+00:00' WHERE"
    )


def test_marks_go_by_their_ids() -> None:
    [gone] = asked(lambda session: stragglers.remove_marks(session, [4, 5]))
    assert gone.startswith("DELETE FROM late_root WHERE late_root.id IN ")


def test_a_run_of_one_patient_takes_nobody_elses_rows() -> None:
    run = ArchiveRun(scope="patient:7", cutoff_at=NOW)
    condition = compiled(select(VISIT.root.c.id).where(may_move_in(run, VISIT)))
    assert condition.endswith(" AND visit.patient_id = 7")
    run.scope = None
    assert "visit.patient_id = 7" not in compiled(select(VISIT.root.c.id).where(may_move_in(run, VISIT)))


def test_a_role_is_acted_by_a_user_who_stays_for_a_transaction_alone() -> None:
    connection = Sent()
    connection.rollback = lambda: connection.statements.append("(rollback)")  # type: ignore[attr-defined]
    with mssql_roles.acting(sent(connection), DatabaseRole.PUBLIC):
        connection.statements.append("(attempts)")
    assert connection.statements == [
        "CREATE USER [strata_acting_strata_public] WITHOUT LOGIN",
        "ALTER ROLE strata_public ADD MEMBER [strata_acting_strata_public]",
        "EXECUTE AS USER = 'strata_acting_strata_public'",
        "(attempts)",
        "REVERT",
        "(rollback)",
    ]


def test_distributed_transactions_are_those_of_type_4() -> None:
    parsed([mssql_server.DISTRIBUTED])
    connection = Sent(2)
    assert mssql_server.distributed_transactions(sent(connection)) == 2
    assert connection.statements == ["SELECT COUNT(*) FROM sys.dm_tran_active_transactions WHERE transaction_type = 4"]


def test_the_right_to_see_sessions_is_named_in_the_words_of_the_version() -> None:
    def told(major: int) -> str:
        return mssql_roles.showing_sessions(cast(Connection, Told("o'[brien]", major)))

    assert told(16) == "USE master; GRANT VIEW SERVER PERFORMANCE STATE TO [o'[brien]]]"
    assert told(15) == "USE master; GRANT VIEW SERVER STATE TO [o'[brien]]]"


class Told:
    """Answers one question with one row."""

    def __init__(self, *row: object) -> None:
        self._row = row

    def execute(self, _statement: object) -> Told:
        return self

    def one(self) -> tuple[object, ...]:
        return self._row


def test_the_deep_checks_cold_read_names_one_patient() -> None:
    query = moves.of_patient(linked_table("note"), 7)
    assert compiled(query) == (
        "SELECT cold.note.id, cold.note.visit_id, cold.note.text FROM cold.note WHERE cold.note.patient_id = 7"
    )


def test_sums_of_holdings_grow_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "current", lambda: SimpleNamespace(adapter=mssql.adapter()))
    connection = Sent(2)
    grown = select(
        Holding.record_type, Holding.roots, Holding.rows, Holding.first_at, holding_sums.NO_TIME.label("last_at")
    )
    holding_sums.add(sent(connection), 35, grown)
    changed, added = parsed(connection.statements)
    assert changed.startswith(
        "UPDATE holding_sum WITH (UPDLOCK, HOLDLOCK) SET roots=(holding_sum.roots + new.roots),"
        " rows=(holding_sum.rows + new.rows), first_at=CASE WHEN (new.first_at IS NULL OR"
    )
    assert "SELECT h.record_type AS record_type, 3 AS part, sum(h.roots) AS roots" in changed
    assert re.search(r"cast\(null as datetimeoffset(\(\d\))?\) as last_at", changed, re.IGNORECASE)
    assert added.startswith("INSERT INTO holding_sum (record_type, part, roots, rows, first_at, last_at) SELECT")
