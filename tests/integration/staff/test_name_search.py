"""Names are found by any part of them, however they are written, and no search reads all patients."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from core.queries import patients
from core.queries.patient_search import parse_search
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_patient

NAMES = ("José Ignacio O’Brien-Núñez", "Łukasz Strauß", "陳大文", "ＴＡＮ Wei", "Anna D'Souza")
FOUND = {
    "jose": 0, "obrien": 0, "O'Brien": 0, "brien nunez": 0, "nunez": 0, "gnaci": 0, "lukasz strauss": 1, "STRAUß": 1,
    "陳大文": 2, "大文": 2, "tan wei": 3, "dsouza": 4, "d’souza anna": 4, "born 1961 jose": 0,
}  # fmt: skip


def _found(session: Session, words: str) -> list[int]:
    return [hit.id for hit in patients.search(session, parse_search(words), reader=0).hits]


def test_any_part_of_a_name_finds_it_however_it_is_written(database: Any) -> None:
    with databases.write() as session:
        made = [make_patient(session, name=name, birth_on=date(1961, 3, 14)).id for name in NAMES]
    with databases.read(Store.HOT) as session:
        for words, place in FOUND.items():
            assert _found(session, words) == [made[place]], words
        for words in ("born 1961", "14.03.1961", "14/03/61"):
            assert set(_found(session, words)) == set(made), words
        assert _found(session, f"patient {made[2]}") == [made[2]]


@pytest.mark.only_on_postgresql("reads its plans")
def test_no_search_reads_all_patients(database: Any) -> None:
    with databases.write(60) as session:
        session.execute(
            text(
                "INSERT INTO patient (name, sex, birth_on, version) SELECT md5(n::text) || ' ' || md5((n * 7)::text),"
                " 'male', date '1950-01-01' + n % 20000, 1 FROM generate_series(1, 20000) AS n"
            )
        )
    with databases.write(60) as session:
        session.execute(text("ANALYZE patient"))
        for words in ("jose", "brien nunez", "ta", "born 1961", "14.03.1961 jose", "patient 17", "S1234567D"):
            plans = _plans(session, words)
            assert plans, words
            assert not [plan for plan in plans if "Seq Scan on patient" in plan], words


def _plans(session: Session, words: str) -> list[str]:
    """The plans of all statements of a search."""
    plans: list[str] = []

    def explain(*told: Any) -> None:
        _, cursor, statement, parameters, *_ = told
        rows = cursor.connection.execute(f"EXPLAIN {statement}", parameters).fetchall()
        plans.append("\n".join(row[0] for row in rows))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", explain)
    patients.search(session, parse_search(words), reader=0)
    event.remove(connection, "before_cursor_execute", explain)
    return plans
