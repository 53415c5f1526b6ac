"""Where rows lie on SQL Server, and how a table is written anew."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    select,
)

from core.engines import mssql_compaction, mssql_layout
from core.engines.layout import Span
from core.models.base import Base
from tests.unit.engines.compiled_tsql import compiled, parse

VISIT = Base.metadata.tables["visit"]
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
