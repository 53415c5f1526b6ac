"""What a model reads in a sentence, judged: its statements against the cited rows, and the words it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from core.verification import evaluators
from core.verification.cited import Cited
from core.verification.grammar.chunk import Chunk
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.second_reader import build, coverage
from core.verification.second_reader.answer import SaidStatement
from core.verification.second_reader.build import BUILDERS
from core.verification.second_reader.meanings import Unread
from core.verification.second_reader.placed import Placed
from core.verification.second_reader.sentence import NotVerbatim, Sentence, Span
from core.verification.statements import Saying, Statement, Subject
from core.verification.types import Claim, Row
from core.verification.verdict_table import Reader

Pair = tuple[Statement, Judged]


class SecondReading(NamedTuple):
    """The reader's column of the verdict table, its statements with what came of each, and the words it left."""

    reader: Reader
    statements: tuple[Pair, ...] = ()
    uncovered: tuple[Span, ...] = ()


NOT_READ = SecondReading(Reader.NONE)


def read(claim: Claim, rows: Sequence[Row], said: Sequence[SaidStatement]) -> SecondReading:
    """Judge what a reader says that a claim says. An answer whose words are not those of the claim is thrown away."""
    by_ref = {row.ref: row for row in rows}
    refs = dict.fromkeys(claim.citations)
    if not said or not all(ref in by_ref and by_ref[ref].patient_id == claim.patient_id for ref in refs):
        return NOT_READ
    others = [Cited(row) for row in by_ref.values() if row.patient_id == claim.patient_id and row.ref not in refs]
    sentence = Sentence(claim.text, [Cited(by_ref[ref]) for ref in refs])
    try:
        placed = [Placed(one, sentence) for one in said]
    except NotVerbatim:
        return NOT_READ
    stated = [(one, _stated(one)) for one in placed]
    guarded, plain = coverage.left(sentence, placed)
    judged = [pair for one, said_ in stated for pair in _judged(one, said_, others, is_whole=not (guarded or plain))]
    judged, retold = _in_other_words(sentence, judged)
    guarded, plain = _not_told(sentence, judged, guarded), [*_not_told(sentence, judged, plain), *retold]
    uncovered = tuple(sentence.span_of(chunk) for chunk in (*guarded, *plain))
    column = _column(judged, bool(guarded), bool(plain))
    return SecondReading(Reader.RETOLD if retold and column is Reader.PART else column, tuple(judged), uncovered)


def _in_other_words(sentence: Sentence, judged: Sequence[Pair]) -> tuple[list[Pair], list[Chunk]]:
    """The statements without those of notes that no text says so and that hold no guarded word; the chunks of these.

    Plain words may stand for others that a note has: they are as unread as words that nobody typed.
    """
    kept: list[Pair] = []
    left: list[Chunk] = []
    for statement, answer in judged:
        chunks = sentence.chunks_in(statement.span)
        if isinstance(statement, Saying) and isinstance(answer, NotInRows) and coverage.are_plain(sentence, chunks):
            left += chunks
        else:
            kept.append((statement, answer))
    return kept, left


def _not_told(sentence: Sentence, judged: Sequence[Pair], chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks that stand in no piece which a cited text says, word by word."""
    told = [s.span for s, answer in judged if isinstance(s, Saying) and isinstance(answer, Proved)]
    return [c for c in chunks if not any(a <= sentence.span_of(c)[0] and sentence.span_of(c)[1] <= b for a, b in told)]


def _stated(one: Placed) -> list[Statement] | str:
    """The typed statements of one of the reader's, or what could not be told."""
    try:
        return list(BUILDERS[one.kind](one))
    except Unread as fault:
        return str(fault)


def _judged(one: Placed, stated: list[Statement] | str, others: Sequence[Cited], *, is_whole: bool) -> list[Pair]:
    """What came of one of the reader's statements. What no row bears out may stand in a cited text."""
    if isinstance(stated, str):
        pairs = [_unread(one, stated)]
    else:
        said = [s if is_whole else replace(s, open=True) for s in stated]
        pairs = [(s, _weighed(s, one.sentence, others)) for s in said] or _of_nothing(one)
    if any(isinstance(judged, NotInRows) for _, judged in pairs):
        return _in_a_text(one, others) or pairs
    return pairs


def _weighed(statement: Statement, sentence: Sentence, others: Sequence[Cited]) -> Judged:
    return evaluators.evaluate(statement, sentence.rows, others, sentence.days)


def _in_a_text(one: Placed, others: Sequence[Cited]) -> list[Pair]:
    """The clauses of a statement, if cited texts say all of them."""
    found = [(s, evaluators.evaluate(s, one.sentence.rows, others)) for s in build.sayings(one.sentence, one.span)]
    telling = any(isinstance(s, Saying) and s.clauses[0].terms for s, _ in found)
    return list(found) if telling and all(isinstance(judged, Proved) for _, judged in found) else []


def _unread(one: Placed, what: str) -> Pair:
    subject = Subject(one.sentence.text[slice(*one.span)], "text", ())
    return Saying(one.span, subject, ()), NotInRows(f"Code could not tell what is said by {what}.")


def _of_nothing(one: Placed) -> list[Pair]:
    """A note or judgement that says nothing a text could hold; an occasion of a test says nothing of its own."""
    return [_unread(one, f"“{one.sentence.text[slice(*one.span)]}”")] if one.kind in ("note", "judgement") else []


def _column(judged: Sequence[Pair], guarded: bool, plain: bool) -> Reader:
    kinds = {type(answer) for _, answer in judged}
    if Refuted in kinds:
        return Reader.REFUTED
    if guarded or NotInRows in kinds or not any(answer.row for _, answer in judged if isinstance(answer, Proved)):
        return Reader.SILENT
    return Reader.PART if plain else Reader.PROVED
