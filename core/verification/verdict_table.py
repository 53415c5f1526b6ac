"""One table: what the grammar read, what the reader read and what the judge said, to a verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from core.verification.types import Mark, Verdict


class Grammar(StrEnum):
    """What code made of a sentence. Guarded are numbers, dates, negations, sides, certainty, plans, praise."""

    REFUTED = "refuted"
    WHOLE = "proved whole"
    SILENT = "read, not in these rows"
    GUARDED = "guarded words uncovered"
    PART = "proved, plain words uncovered"
    PLAIN = "plain words uncovered"
    NOTHING = "nothing read"


class Reader(StrEnum):
    """What came of the statements of the fact-checker as reader, judged by the same evaluators."""

    REFUTED = "refuted"
    PROVED = "proved"
    PART = "proved, plain words uncovered"
    RETOLD = "proved, a note's in other words"
    SILENT = "not in these rows"
    NONE = "no reader"


class Judge(StrEnum):
    SUPPORTED = "supported, quotes found"
    BORNE = "supported, all that matters quoted"
    UNQUOTED = "supported, in other words"
    CONTRADICTED = "contradicted"
    NOT_ADDRESSED = "not addressed"
    NONE = "no judge"


class Outcome(NamedTuple):
    verdict: Verdict
    mark: Mark


_S, _C, _N, _U = Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED, Verdict.CANNOT_VERIFY
BY_CODE, ALONE, READ = Outcome(_S, Mark.CODE), Outcome(_S, Mark.MODEL_ALONE), Outcome(_S, Mark.READ_BY_MODEL)
WRONG, SILENT, UNREAD = Outcome(_C, Mark.NOBODY), Outcome(_N, Mark.NOBODY), Outcome(_U, Mark.NOBODY)
ANY = None

# Read from above: the first line whose three cells fit decides. None fits anything.
# What the reader alone read is believed only together with the judge: one of the two has not seen the rows, the other
# has not typed the statements, and both have to be wrong in the same place.
# Where a reader typed the sentence and all of it is proved, the words left may be any for what the rows hold ("rectal"
# for "anus"): the judge need not quote them. Where nobody but the grammar typed it, it must; and where a
# note is said to say it in other words.
TABLE: tuple[tuple[Grammar | None, Reader | None, Judge | None, Outcome], ...] = (
    (Grammar.REFUTED, Reader.PROVED, Judge.SUPPORTED, UNREAD),
    (Grammar.REFUTED, Reader.PROVED, Judge.BORNE, UNREAD),
    (Grammar.REFUTED, Reader.PROVED, Judge.UNQUOTED, UNREAD),
    (Grammar.REFUTED, Reader.PART, Judge.SUPPORTED, UNREAD),
    (Grammar.REFUTED, Reader.PART, Judge.BORNE, UNREAD),
    (Grammar.REFUTED, Reader.PART, Judge.UNQUOTED, UNREAD),
    (Grammar.REFUTED, Reader.RETOLD, Judge.SUPPORTED, UNREAD),
    (Grammar.REFUTED, ANY, ANY, WRONG),
    (Grammar.WHOLE, Reader.REFUTED, ANY, UNREAD),
    (Grammar.WHOLE, ANY, Judge.CONTRADICTED, UNREAD),
    (Grammar.WHOLE, ANY, ANY, BY_CODE),
    (ANY, Reader.REFUTED, Judge.SUPPORTED, UNREAD),
    (ANY, Reader.REFUTED, Judge.BORNE, UNREAD),
    (ANY, Reader.REFUTED, Judge.UNQUOTED, UNREAD),
    (ANY, Reader.REFUTED, Judge.CONTRADICTED, WRONG),
    (ANY, Reader.REFUTED, ANY, SILENT),
    (ANY, Reader.PROVED, Judge.CONTRADICTED, UNREAD),
    (ANY, ANY, Judge.CONTRADICTED, WRONG),
    (ANY, Reader.PROVED, Judge.SUPPORTED, READ),
    (ANY, Reader.PROVED, Judge.BORNE, READ),
    (ANY, Reader.PROVED, Judge.UNQUOTED, READ),
    (ANY, Reader.PART, Judge.SUPPORTED, ALONE),
    (ANY, Reader.PART, Judge.UNQUOTED, ALONE),
    (ANY, Reader.RETOLD, Judge.SUPPORTED, ALONE),
    (ANY, ANY, Judge.BORNE, ALONE),
    (Grammar.GUARDED, ANY, ANY, SILENT),
    (Grammar.SILENT, ANY, ANY, SILENT),
    (ANY, ANY, Judge.SUPPORTED, ALONE),
    (ANY, ANY, ANY, SILENT),
)


def decide(grammar: Grammar, reader: Reader = Reader.NONE, judge: Judge = Judge.NONE) -> Outcome:
    """The outcome of a claim: the first line of the table that fits."""
    for in_grammar, in_reader, in_judge, outcome in TABLE:
        if in_grammar in (ANY, grammar) and in_reader in (ANY, reader) and in_judge in (ANY, judge):
            return outcome
    raise AssertionError("the last line of the table fits anything")
