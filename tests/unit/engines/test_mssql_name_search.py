"""The search of names on SQL Server: the column that is indexed, and the queries that find it by the same words."""

from __future__ import annotations

import importlib
import io

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select

from core.engines.folded_names import fold
from core.engines.mssql_dialect import Dialect
from core.models import Patient
from core.queries.patient_search import parse_search
from core.queries.patients import _groups
from tests.unit.engines.test_mssql_statements import compiled, parse

TAKEN = (
    "-\u2010\u2011\u2012\u2013\u2014.,\u00b4\u00f8\u0142\u0111\u0127\u0131\u0167\u2018\u2019\u201b`\u02bc\u02b9\u02bb"
)
MADE = " " * 9 + "oldhit" + "'" * 7
FOLDED = (
    f"replace(replace(replace(replace(translate(lower({{}}), N'{TAKEN}', N'{MADE.replace(chr(39), chr(39) * 2)}'),"
    " N'''', N''), N'\u00df', N'ss'), N'\u00e6', N'ae'), N'\u0153', N'oe') COLLATE Latin1_General_100_CI_AI_SC_UTF8"
)


def _plain(text: str) -> str:
    return "".join(text.split())


def test_the_column_that_is_searched() -> None:
    step = importlib.import_module("core.migrations.versions.primary.0027_folded_letters")
    written = io.StringIO()
    context = MigrationContext.configure(dialect=Dialect(), opts={"as_sql": True, "output_buffer": written})
    with Operations.context(context):
        step.upgrade()
    sql = _plain(written.getvalue())
    assert _plain(f"ALTER TABLE patient ADD name_folded AS {FOLDED.format('name')}") in sql
    assert _plain("CREATE INDEX ix_patient_name_folded ON patient (name_folded)") in sql
    assert sql.index("DROPINDEX") < sql.index("ADDname_folded") < sql.index("CREATEINDEX")


def test_as_many_letters_are_made_as_are_taken() -> None:
    # SQL Server refuses to translate otherwise.
    assert len(TAKEN) == len(MADE)


def test_a_search_asks_for_the_same_words_as_the_column() -> None:
    name = _plain(FOLDED.format("patient.name"))
    first, *_, last = _groups(parse_search("S\u00f8rensen o\u2019brien"))
    for group, times in ((first, 3), (last, 4)):
        query = compiled(select(Patient.id).where(*group))
        parse(query)
        assert _plain(query).count(name) == times
        assert "'sorensen' + '%'" in query
        assert "'%' + 'obrien' + '%'" in query


def test_a_searched_word_is_folded_as_the_column_is() -> None:
    translated = str.maketrans(TAKEN, MADE)
    for name in ("S\u00f8rensen", "D\u2019Arc", "O`Brien", "Ann\u2014Marie", "St. John", "\u0141ukasz", "D\u00b4Arc"):
        column = name.lower().translate(translated).replace("'", "")
        assert " ".join(column.split()) == fold(name), name
