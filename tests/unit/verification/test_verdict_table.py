"""Each cell of the verdict table: what code read, what the reader read, what the judge said."""

from __future__ import annotations

import pytest

from core.verification import Verdict
from core.verification.types import Mark
from core.verification.verdict_table import TABLE, Grammar, Judge, Reader, decide

# C contradicted, S supported by code, R read by the fact-checker and proved by code, A supported by the fact-checker
# alone, N not addressed, U cannot verify.
# One letter for each judge: supported by a quote of the words left, by other words, contradicted, not addressed, none.
PROVED, PART, REFUTED, SILENT, NONE = Reader.PROVED, Reader.PART, Reader.REFUTED, Reader.SILENT, Reader.NONE
CELLS = {
    Grammar.REFUTED: {**dict.fromkeys(Reader, "CCCCC"), PROVED: "UUCCC"},
    Grammar.WHOLE: {**dict.fromkeys(Reader, "SSUSS"), REFUTED: "UUUUU"},
    Grammar.SILENT: {REFUTED: "UUCNN", PROVED: "RRUNN", PART: "AACNN", SILENT: "NNCNN", NONE: "NNCNN"},
    Grammar.GUARDED: {REFUTED: "UUCNN", PROVED: "RRUNN", PART: "AACNN", SILENT: "NNCNN", NONE: "NNCNN"},
    Grammar.PART: {REFUTED: "UUCNN", PROVED: "RRUNN", PART: "AACNN", SILENT: "AACNN", NONE: "AACNN"},
    Grammar.PLAIN: {REFUTED: "UUCNN", PROVED: "RRUNN", PART: "AACNN", SILENT: "ANCNN", NONE: "ANCNN"},
    Grammar.NOTHING: {REFUTED: "UUCNN", PROVED: "RRUNN", PART: "AACNN", SILENT: "ANCNN", NONE: "ANCNN"},
}
LETTERS = {
    "C": (Verdict.CONTRADICTED, Mark.NOBODY),
    "S": (Verdict.SUPPORTED, Mark.CODE),
    "R": (Verdict.SUPPORTED, Mark.READ_BY_MODEL),
    "A": (Verdict.SUPPORTED, Mark.MODEL_ALONE),
    "N": (Verdict.NOT_ADDRESSED, Mark.NOBODY),
    "U": (Verdict.CANNOT_VERIFY, Mark.NOBODY),
}
ALL = [(g, r, j, CELLS[g][r][n]) for g in Grammar for r in Reader for n, j in enumerate(Judge)]


@pytest.mark.parametrize(("grammar", "reader", "judge", "letter"), ALL)
def test_cell(grammar: Grammar, reader: Reader, judge: Judge, letter: str) -> None:
    assert decide(grammar, reader, judge) == LETTERS[letter]


def test_each_line_of_the_table_decides_some_cell() -> None:
    deciding = {
        next(
            n
            for n, (g, r, j, _) in enumerate(TABLE)
            if g in (None, grammar) and r in (None, reader) and j in (None, judge)
        )
        for grammar, reader, judge, _ in ALL
    }
    assert deciding == set(range(len(TABLE)))


def test_without_a_model_only_code_supports() -> None:
    supported = [grammar for grammar in Grammar if decide(grammar).verdict is Verdict.SUPPORTED]
    assert supported == [Grammar.WHOLE]


def test_no_model_is_believed_by_its_reading_alone() -> None:
    alone = [(g, r) for g in Grammar for r in Reader if decide(g, r).verdict is Verdict.SUPPORTED]
    assert {grammar for grammar, _ in alone} == {Grammar.WHOLE}
