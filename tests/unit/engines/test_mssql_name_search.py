"""The search of names on SQL Server: the column that is indexed, and the queries that find it by the same words."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from core.engines.folded_names import FoldedText, fold
from core.engines.mssql_dialect import Dialect
from core.engines.mssql_folded import computed
from core.models import Patient
from core.queries.patient_search import parse_search
from core.queries.patients import _groups
from tests.unit.engines.compiled_tsql import compiled, parse
from tests.unit.engines.test_mssql_migrations import migrated

NAMES = {
    "S\u00f8rensen": "sorensen", "O\u2019Brien": "obrien", "O`Brien": "obrien", "Ann\u2014Marie": "ann marie",
    "St. John": "st john", "\u0141UKASZ \u1e9e": "lukasz ss", "D\u00b4Arc": "d arc", "Zo\u0308e\u0301": "zoe",
    "\u00c6gir \u0132ssel": "aegir ijssel", "Nguy\u1ec5n \u01c4": "nguyen dz",
    "\u0419\u0451": "\u0438\u0435", "\uff34\uff41\uff4e": "tan", "\uae40\ubbfc": "\uae40\ubbfc", "\u304c": "\u304c",
    "\ufa19": "\u795e", "\u0399\u03c9\u03ac": "\u03b9\u03c9\u03b1",
}  # fmt: skip


def replaced(name: str) -> str:
    """What the computed column's own words make of a name, one function at a time."""
    made, words = name, computed("NAME")
    _, taken, into, *pairs = [one.replace("''", "'") for one in re.findall(r"N'((?:[^']|'')*)'", "N'' " + words)]
    assert len(taken) == len(into), "SQL Server refuses to translate by lists of two lengths"
    made = made.translate(str.maketrans(taken, into))
    for letter, letters in zip(pairs[::2], pairs[1::2], strict=True):
        made = made.replace(letter, letters)
    return made


def test_the_column_that_is_searched() -> None:
    server = migrated("0001_people_and_records")
    server.indexes |= dict.fromkeys(("ix_patient_name_folded", "ix_account_role_name_folded"), ("", frozenset(), ""))
    for table in ("patient", "account"):
        server.tables[table]["name_folded"] = frozenset()
    sql = _plain("; ".join(migrated("0038_folded_by_letters", on=server).sent))
    assert _plain(f"ALTER TABLE patient ADD name_folded AS {computed('name')}") in sql
    assert _plain(f"ALTER TABLE account ADD name_folded AS {computed('name')}") in sql
    assert _plain("CREATE INDEX ix_patient_name_folded ON patient (name_folded)") in sql
    assert _plain("CREATE INDEX ix_account_role_name_folded ON account (role, name_folded, username)") in sql


def test_the_words_fit_into_a_server_literal() -> None:
    # A longer literal is no nvarchar(4000), and its column can't be indexed.
    assert max(map(len, re.findall(r"N'((?:[^']|'')*)'", computed("name")))) <= 4_000


@pytest.mark.parametrize("name", list(NAMES))
def test_a_searched_word_is_folded_as_the_column_is(name: str) -> None:
    column = " ".join(replaced(name).split())
    assert column == NAMES[name] == FoldedText().process_bind_param(fold(name), Dialect())


def _plain(text: str) -> str:
    return "".join(text.split())


def test_a_search_asks_for_the_same_words_as_the_column() -> None:
    first, *_, last = _groups(parse_search("S\u00f8rensen o\u2019brien"))
    for group, times in ((first, 3), (last, 4)):
        query = compiled(select(Patient.id).where(*group))
        parse(query)
        assert query.count("patient.name_folded") == times
        assert "'sorensen' + '%'" in query
        assert "'%' + 'obrien' + '%'" in query
