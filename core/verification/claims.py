"""The check of one claim by its meaning: read it, judge each statement against its rows, look up the verdict."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from core.verification import evaluators, instructions, verdict_table
from core.verification.cited import Cited
from core.verification.dates import When
from core.verification.evaluators import doubts
from core.verification.grammar import note_results, times, tokens
from core.verification.grammar import reader as grammar
from core.verification.grammar.phrases import phrases_at
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.second_reader.reading import NOT_READ, SecondReading
from core.verification.statements import Person, Statement, Took
from core.verification.types import UNSAID, Claim, Finding, Result, Row, Verdict
from core.verification.verdict_table import Grammar, Judge

CLAIM_CHARACTERS_MAX = 2_000
_END = re.compile(r"[.!?:;\n]\s")
# Kinds of words that change what may be done: nobody but code may bear them out.
GUARDED = frozenset(
    {
        "value", "when", "span", "pair", "neg", "red", "qualifier", "frequency", "severity", "criticality",
        "status", "trend", "read", "only", "relative",
    }
)  # fmt: skip
NO_STATEMENT = Finding(Verdict.CANNOT_VERIFY, "The claim asks or tells somebody something; it states no fact.")


class ToldText(NamedTuple):
    """A free text of a cited row, and the row's day."""

    text: str
    day: date | None


class Reading(NamedTuple):
    """What code made of a claim: `statements` with what their rows make of each, `uncovered` the spans nobody read.

    `fault` is what keeps the claim from being read at all; `texts` are those of the cited rows.
    """

    text: str
    grammar: Grammar
    statements: tuple[tuple[Statement, Judged], ...]
    uncovered: tuple[tuple[int, int], ...]
    findings: tuple[Finding, ...]
    fault: Finding | None = None
    texts: tuple[ToldText, ...] = ()


def read(claim: Claim, rows: Sequence[Row]) -> Reading:
    """Read a claim and judge it against the rows it cites; rows it does not cite may speak against it, never for it."""
    by_ref = {row.ref: row for row in rows}
    fault = _fault_of_citations(claim, by_ref) or _fault_of_text(claim.text)
    if fault:
        return Reading(claim.text, Grammar.NOTHING, (), (), (fault,), fault)
    parts = _judged(claim, by_ref)
    cited = [Cited(by_ref[ref]) for ref in dict.fromkeys(claim.citations)]
    return Reading(
        claim.text,
        _grammar(claim.text, parts),
        tuple(pair for part in parts for pair in part.judged),
        tuple(span for part in parts for span in part.uncovered),
        tuple(finding for part in parts for finding in _findings(claim.text, part)),
        texts=tuple(ToldText(text, row.start) for row in cited for text in row.texts),
    )


def decide(reading: Reading, *, second: SecondReading = NOT_READ, judge: Judge = Judge.NONE) -> Result:
    """The verdict on a claim that was read, by the table; a claim that could not be read is no model's to support."""
    if reading.fault:
        return Result(reading.fault.verdict, reading.findings)
    outcome = verdict_table.decide(reading.grammar, second.reader, judge)
    findings = reading.findings
    if outcome.verdict is not Verdict.SUPPORTED:
        findings = (*findings, *(_finding(s, j) for s, j in second.statements if isinstance(j, Refuted)))
    if outcome.verdict is not Verdict.SUPPORTED and all(f.verdict is Verdict.SUPPORTED for f in findings):
        why = NOTHING_SAID if reading.grammar is Grammar.NOTHING else DISAGREE
        findings = (*findings, Finding(outcome.verdict, why))
    return Result(outcome.verdict, findings, outcome.mark)


NOTHING_SAID = "The claim says nothing that a row could bear out."
DISAGREE = "Code finds the claim borne out, the fact-checker does not."


def check_claim(
    claim: Claim, rows: Sequence[Row], *, second: SecondReading = NOT_READ, judge: Judge = Judge.NONE
) -> Result:
    """Read a claim and decide it, by code alone unless a model's columns are given."""
    return decide(read(claim, rows), second=second, judge=judge)


def statements(claim: Claim, rows: Sequence[Row]) -> tuple[tuple[Statement, Judged], ...]:
    """What a claim says, statement by statement, with what its rows make of each; nothing if it can't be read."""
    return read(claim, rows).statements


def _judged(claim: Claim, by_ref: Mapping[str, Row]) -> list[Judgement]:
    refs = dict.fromkeys(claim.citations)
    cited = [Cited(by_ref[ref]) for ref in refs]
    cited += note_results.of_notes(cited)
    others = [Cited(row) for ref, row in by_ref.items() if ref not in refs and row.patient_id == claim.patient_id]
    words = tokens.tokens(tokens.plain(claim.text))
    words.written = claim.text
    days = tuple(times.read(word.norm) for word in words if word.kind == "when")
    return [_judge(part, cited, others, days) for part in grammar.read(claim.text, words, cited)]


class Judgement(NamedTuple):
    """One segment's statements with what came of them, and what no statement covers."""

    judged: tuple[tuple[Statement, Judged], ...]
    uncovered: tuple[tuple[int, int], ...]
    kinds: frozenset[str]


def _judge(part: grammar.Part, cited: Sequence[Cited], others: Sequence[Cited], days: Sequence[When]) -> Judgement:
    """The statements of a segment against the rows. A clause that no row bears out may stand in a cited text."""
    judged = doubts.of_told_results([(s, evaluators.evaluate(s, cited, others, days)) for s in part.statements], cited)
    told = _told(part, judged, cited, others)
    if told:
        return Judgement((*(pair for pair in judged if isinstance(pair[1], Proved)), *told), (), frozenset())
    return Judgement(judged, part.uncovered, part.kinds)


def _told(
    part: grammar.Part, judged: Pairs, cited: Sequence[Cited], others: Sequence[Cited]
) -> tuple[tuple[Statement, Judged], ...]:
    """The clauses that no row bears out, if a cited text says them all; nothing if a row speaks against the segment."""
    if not part.sayings or any(isinstance(answer, Refuted) for _, answer in judged):
        return ()
    asked = [s for s in part.sayings if _is_lacking(s, part, judged)]
    said = tuple((s, evaluators.evaluate(s, cited, others)) for s in asked)
    return said if _all_proved(said) and any(s.clauses[0].terms for s in asked) else ()


Pairs = Sequence[tuple[Statement, Judged]]


def _is_lacking(saying: Statement, part: grammar.Part, judged: Pairs) -> bool:
    lacking = [*part.uncovered, *(s.span for s, answer in judged if not isinstance(answer, Proved))]
    return not judged or any(_overlap(saying.span, span) for span in lacking)


def _all_proved(pairs: Sequence[tuple[Statement, Judged]]) -> bool:
    return all(isinstance(judged, Proved) for _, judged in pairs)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_beside_the_rest(text: str, parts: Sequence[Judgement]) -> bool:
    """Whether each word that nobody read stands in a sentence that says something: a sentence of its own is planted."""
    ends = [found.end() for found in _END.finditer(text)]
    told = {bisect_right(ends, statement.span[0]) for part in parts for statement, _ in part.judged}
    return told.issuperset(bisect_right(ends, span[0]) for part in parts for span in part.uncovered)


def _has_figures(text: str, parts: Sequence[Judgement]) -> bool:
    """Whether a figure is among what nobody read, of whatever kind it is: a telephone's number, a code."""
    return any(char.isdigit() for part in parts for span in part.uncovered for char in text[slice(*span)])


def _has_negations(text: str, parts: Sequence[Judgement]) -> bool:
    """Whether a negation is among what nobody read, also within a phrase: "not above the range"."""
    left = [tokens.tokens(tokens.plain(text[slice(*span)])) for part in parts for span in part.uncovered]
    return any("neg" in kinds for words in left for i in range(len(words)) for _, kinds, _ in phrases_at(words, i))


def _is_telling(statement: Statement) -> bool:
    """Whether a statement says more than who it is of, or that there was a visit: any visit bears out "call"."""
    if isinstance(statement, Person):
        return bool(statement.born or statement.age or (statement.sex and not statement.open))
    return not isinstance(statement, Took) or any(
        (statement.when, statement.stop, statement.reason, statement.which, statement.length)
    )


def _grammar(text: str, parts: Sequence[Judgement]) -> Grammar:
    judged = [pair for part in parts for pair in part.judged]
    kinds = {type(j) for _, j in judged}
    if Refuted in kinds:
        return Grammar.REFUTED
    if NotInRows in kinds:
        return Grammar.SILENT
    proved = [s for s, j in judged if isinstance(j, Proved) and j.row]
    if any(part.uncovered for part in parts):
        return _grammar_of_part(text, parts, is_told=any(map(_is_telling, proved)))
    return Grammar.WHOLE if proved else Grammar.NOTHING


def _grammar_of_part(text: str, parts: Sequence[Judgement], *, is_told: bool) -> Grammar:
    """By what the words are that nobody read, and where they stand."""
    if not all(GUARDED.isdisjoint(part.kinds) for part in parts if part.uncovered):
        return Grammar.GUARDED
    if _has_figures(text, parts) or _has_negations(text, parts):
        return Grammar.GUARDED
    return Grammar.PART if is_told and _is_beside_the_rest(text, parts) else Grammar.PLAIN


def _findings(text: str, part: Judgement) -> list[Finding]:
    return [_finding(s, j) for s, j in part.judged] + [_uncovered(text, span) for span in part.uncovered]


def _finding(statement: Statement, judged: Judged) -> Finding:
    if isinstance(judged, Proved):
        return Finding(
            Verdict.SUPPORTED, "The cited row bears it out.", statement.span, judged.row or None, judged.value
        )
    if isinstance(judged, Refuted):
        return Finding(Verdict.CONTRADICTED, judged.reason, statement.span, judged.row, judged.value)
    return Finding(Verdict.NOT_ADDRESSED, judged.reason, statement.span)


def _uncovered(text: str, span: tuple[int, int]) -> Finding:
    return Finding(Verdict.NOT_ADDRESSED, f"{UNSAID}“{text[slice(*span)]}”.", span)


def _fault_of_citations(claim: Claim, by_ref: Mapping[str, Row]) -> Finding | None:
    if not claim.citations:
        return Finding(Verdict.NOT_ADDRESSED, "The claim cites no row.")
    for ref in claim.citations:
        if ref not in by_ref:
            return Finding(Verdict.CANNOT_VERIFY, f"The cited row {ref} is not among the rows supplied.", None, ref)
        if by_ref[ref].patient_id != claim.patient_id:
            return Finding(Verdict.CONTRADICTED, f"The cited row {ref} is of another patient.", None, ref)
    return None


def _fault_of_text(text: str) -> Finding | None:
    if not text.strip():
        return Finding(Verdict.CANNOT_VERIFY, "The claim is empty.")
    if len(text) > CLAIM_CHARACTERS_MAX:
        return Finding(Verdict.CANNOT_VERIFY, f"The claim is longer than {CLAIM_CHARACTERS_MAX} characters.")
    if not text.isascii() and (odd := _odd(text)):
        return Finding(Verdict.CANNOT_VERIFY, odd)
    return NO_STATEMENT if instructions.asks(text) else None


def _odd(text: str) -> str | None:
    """Characters that make a text look like another: hidden ones, direction marks, letters of other alphabets."""
    for char in text:
        if ord(char) < 128 or char in "\u00a0\u2009\u202f\u2002\u2003":
            continue
        category = unicodedata.category(char)
        if category in ("Cf", "Cc", "Co", "Cs", "Cn"):
            return "The claim holds characters that cannot be seen."
        if category[0] == "L" and "LATIN" not in unicodedata.name(char, "") and char not in "µμªº":
            return "The claim mixes letters of different alphabets."
        if category[0] == "N" and char not in "⁰¹²³⁴⁵⁶⁷⁸⁹½¼¾":
            return "The claim holds digits of another script."
    return None
