"""How many parameters statements about many rows have: SQL Server takes at most 2,100 of one statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy.orm import Session

from core.engines.mssql_dialect import Dialect
from core.models.record_types import VISIT
from core.picture import full_read
from core.queries.hidden_visits import is_visible
from core.stores.counted import EnteredInError
from core.stores.tables import hot_table, linked_table

PARAMETERS_MAX = 2_100
PATIENTS = range(1, 201)
VISITS = range(1, 4_001)


class Asked:
    """A session that keeps each statement, and knows of visits that are kept apart."""

    def __init__(self) -> None:
        self.statements: list[Any] = []
        self.info: dict[Any, Any] = {}

    def execute(self, statement: Any) -> Iterator[tuple[int, int]]:
        self.statements.append(statement)
        is_of_apart = "sensitive_visit" in str(statement.compile(dialect=Dialect()))
        yield from ((visit % len(PATIENTS) + 1, visit) for visit in VISITS if is_of_apart)


def parameters(statement: Any) -> int:
    made = statement.compile(dialect=Dialect(paramstyle="qmark"), compile_kwargs={"render_postcompile": True})
    return str(made).count("?")


def test_pictures_of_patients_with_many_visits_kept_apart() -> None:
    session = Asked()
    full_read.hot(cast(Session, session), PATIENTS)
    assert len(session.statements) == 2
    assert max(map(parameters, session.statements)) < PARAMETERS_MAX


def test_rows_beside_many_that_count_no_longer() -> None:
    wrong = EnteredInError({VISIT.name: frozenset(VISITS), "note": frozenset(VISITS)})
    for table in (hot_table("note"), linked_table("note")):
        assert parameters(table.select().where(wrong.counts(table))) < PARAMETERS_MAX


def test_rows_beside_many_visits_that_are_kept_from_a_reader() -> None:
    for table in (hot_table("note"), linked_table("note")):
        assert parameters(table.select().where(is_visible(table, frozenset(VISITS)))) < PARAMETERS_MAX
