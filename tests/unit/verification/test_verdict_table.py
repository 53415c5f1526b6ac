"""Each cell of the verdict table: what code read, what the reader read, what the judge said."""

from __future__ import annotations

import pytest

from core.verification import Verdict
from core.verification.types import Mark
from core.verification.verdict_table import TABLE, Grammar, Judge, Reader, decide

# C contradicted, S supported by code, R read by the fact-checker and proved by code, A supported by the fact-checker
# alone, N not addressed, U cannot verify.
# One letter for each judge: supported by a quote of half of the words left, of all that matters in them, by other
# words, contradicted, not addressed, none.
PROVED, PART, REFUTED, SILENT, NONE = Reader.PROVED, Reader.PART, Reader.REFUTED, Reader.SILENT, Reader.NONE
RETOLD = Reader.RETOLD
# What the reader decides, whatever the grammar made of a sentence that it neither refuted nor proved whole.
READ = {REFUTED: "UUUCNN", PROVED: "RRRUNN", PART: "AAACNN", RETOLD: "AANCNN"}
CELLS = {
    Grammar.REFUTED: {**dict.fromkeys(Reader, "CCCCCC"), PROVED: "UUUCCC", PART: "UUUCCC", RETOLD: "UCCCCC"},
    Grammar.WHOLE: {**dict.fromkeys(Reader, "SSSUSS"), REFUTED: "UUUUUU"},
    Grammar.SILENT: {**READ, SILENT: "NANCNN", NONE: "NANCNN"},
    Grammar.GUARDED: {**READ, SILENT: "NANCNN", NONE: "NANCNN"},
    Grammar.PART: {**READ, SILENT: "AANCNN", NONE: "AANCNN"},
    Grammar.PLAIN: {**READ, SILENT: "AANCNN", NONE: "AANCNN"},
    Grammar.NOTHING: {**READ, SILENT: "AANCNN", NONE: "AANCNN"},
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
