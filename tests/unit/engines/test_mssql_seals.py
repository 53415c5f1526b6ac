"""What SQL Server is sent to hold batches against their seals, and to note what leaves them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.schema import CreateTable

from core.archiving import hashes
from core.audit import audit_keys, departed_rows
from core.engines.functions import any_of
from core.engines.mssql_dialect import Dialect
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA, DEPARTED, VISIT
from core.queries import archived_batches
from core.queries.archived_batches import Known
from core.stores import databases
from tests.unit.engines.sent_statements import Sent, parsed, sent

NOTES = ARCHIVE_METADATA["visits"].tables["note"]


class Answering(Sent):
    """A server that answers each query with the next rows, and keeps what is inserted."""

    def execute(self, statement: Any, *values: Any) -> Any:
        super().execute(statement)
        self.rows.extend(values)
        rows = self._answers.pop(0) if self._answers else []
        return _Rows(rows)


class _Rows(list[Any]):
    def all(self) -> list[Any]:
        return list(self)


@pytest.fixture
def keyless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_keys, "own", lambda _kind: None)
    monkeypatch.setattr(audit_keys, "of_all", dict)


@pytest.mark.usefixtures("keyless")
def test_what_leaves_is_hashed_there_and_noted() -> None:
    connection = Answering([(7, 1, b"1" * 32, b"2" * 32)])
    departed_rows.note(sent(connection), VISIT, NOTES, any_of(NOTES.c.visit_id, [4]))
    asked, noted = map(" ".join, map(str.split, parsed(connection.statements)))
    assert asked.startswith("SELECT note.batch_id, note.id, ")
    assert asked.count("HASHBYTES('SHA2_256'") == 2
    assert asked.endswith("FROM note WHERE note.visit_id IN (SELECT id FROM OPENJSON('[4]') WITH (id bigint '$'))")
    assert noted.startswith("INSERT INTO departed_row (batch_id, table_name, row_id, kept) VALUES")
    ((row,),) = connection.rows
    assert (row["batch_id"], row["table_name"], row["row_id"]) == (7, "note", 1)
    assert (b"1" * 32).hex().encode() in row["kept"]


@pytest.mark.usefixtures("keyless")
def test_what_left_is_read_by_batch_and_table() -> None:
    kept = b'{"2": "' + b"22" * 32 + b'"}'
    connection = Answering([(1, kept)])
    left = list(departed_rows.of_batch(sent(connection), VISIT, 7, "note", 2))
    assert left == [(1, b"\x22" * 32)]
    assert [" ".join(one.split()) for one in parsed(connection.statements)] == [
        "SELECT departed_row.row_id, departed_row.kept FROM departed_row"
        " WHERE departed_row.batch_id = 7 AND departed_row.table_name = 'note'"
    ]


def test_rows_are_hashed_one_after_the_other_by_their_ids() -> None:
    connection = Answering([(1, b"a"), (2, b"b")])
    mine = select(NOTES.c.id).where(NOTES.c.batch_id == 7)
    found = list(hashes.of_each(sent(connection), Base.metadata.tables["note"], 2, mine))
    assert found == [(1, b"a"), (2, b"b")]
    (asked,) = (" ".join(one.split()) for one in parsed(connection.statements))
    assert asked.startswith("SELECT note.id, ")
    assert asked.endswith("FROM note WHERE note.batch_id = 7 ORDER BY note.id")


def test_batches_are_counted_table_by_table(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Answering(*([(3, 2), (9, 1)] if table is VISIT.root else [] for table in VISIT.tables))

    @contextmanager
    def read(*_: Any, **__: Any) -> Iterator[Any]:
        yield connection

    monkeypatch.setattr(databases, "read", read)
    known = {3: Known("visit", "roots", "released"), 9: Known("visit", "roots", "verified")}
    found = list(archived_batches.standings(VISIT, known, 1.0))
    assert [(one.batch_id, one.rows, one.released) for one in found] == [(3, 2, True)]
    asked = [" ".join(one.split()) for one in parsed(connection.statements)]
    assert asked[0] == "SELECT visit.batch_id, count(*) AS count_1 FROM visit GROUP BY visit.batch_id"
    assert len(asked) == len(VISIT.tables)


def test_the_table_of_what_left() -> None:
    table = ARCHIVE_METADATA["visits"].tables[DEPARTED]
    said = " ".join(str(CreateTable(table).compile(dialect=Dialect())).split())
    parsed([said])
    assert said == (
        "CREATE TABLE departed_row ( batch_id BIGINT NOT NULL,"
        " table_name NVARCHAR(40) COLLATE Latin1_General_100_BIN2 NOT NULL, row_id BIGINT NOT NULL,"
        " kept VARBINARY(2000) NOT NULL, CONSTRAINT pk_departed_row PRIMARY KEY (batch_id, table_name, row_id) )"
    )
