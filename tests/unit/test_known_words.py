"""A word that is none of ours, where another process may have written it, stops no reader and is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY

from core.access import permissions
from core.access.permissions import Right
from core.models import Account, RunKind, StatementKind, known_words
from core.sources import fields

ODD = ["", "of no kind", "Negation", "negation ", "٣", "\x01", "x" * 60]


def counted(kind: str) -> float:
    return REGISTRY.get_sample_value("strata_unknown_words_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize("word", ODD)
def test_a_word_of_no_kind_is_counted_and_logged_without_the_word(word: str, caplog: pytest.LogCaptureFixture) -> None:
    before = counted("RunKind")
    assert known_words.known(RunKind, word) is None
    assert counted("RunKind") == before + 1
    assert caplog.messages == ["a row has a word that is no RunKind"]


def test_a_word_of_ours_is_known(caplog: pytest.LogCaptureFixture) -> None:
    assert [known_words.known(StatementKind, str(kind)) for kind in StatementKind] == list(StatementKind)
    assert caplog.messages == []


@pytest.mark.parametrize("word", ODD)
def test_a_statement_of_no_kind_is_told_as_one_that_may_not_be_taken_for_a_finding(word: str) -> None:
    row: dict[str, Any] = {
        "kind": word, "text": "Ibuprofen", "detail": None, "stated_on": None, "said": None, "patient_id": 1,
    }  # fmt: skip
    assert fields.fields("statement", row)["statement"] == "Not known how this is meant: Ibuprofen"


@pytest.mark.parametrize("right", Right)
def test_a_role_that_is_none_has_no_right(right: Right) -> None:
    assert not permissions.can(Account(role="of no kind", active=True), right)
