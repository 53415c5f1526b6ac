"""What a summary leaves out: rows to state of which no standing claim has a proved statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from core.verification import claims as by_meaning
from core.verification.cited import Cited
from core.verification.evaluators import readings, wording
from core.verification.grammar import tokens
from core.verification.grammar.phrases import phrases_at
from core.verification.judged import Judged, Proved
from core.verification.second_reader import reading
from core.verification.second_reader.answer import SaidStatement
from core.verification.statements import Statement
from core.verification.types import Claim, Omission, Row
from core.verification.verdict_table import Reader

CURRENT = {"condition": "An active condition", "prescription": "A current medicine"}


Said = Mapping[str, Sequence[SaidStatement]]
NOTHING_SAID: Said = {}


def find_unstated(
    standing: Sequence[Claim], rows: Sequence[Row], on: date, said: Said = NOTHING_SAID
) -> list[Omission]:
    """Rows to state that no claim states: citing a row, or naming it, is not enough. Results after `on` don't count.

    `said` is what the fact-checker reads in a claim, by the claim's words.
    """
    stated = stated_rows(standing, rows, said)
    known = [Cited(row) for row in rows]
    wanted = [*_allergies(known), *_abnormal_latest(known, on), *_current(known)]
    return [Omission(row.ref, reason) for row, reason in wanted if row.ref not in stated]


def stated_rows(standing: Iterable[Claim], rows: Sequence[Row], said: Said = NOTHING_SAID) -> set[str]:
    """The references of the rows that a proved statement of some claim rests on.

    A statement among words that nobody read does not count: "Latex gloves are used" states no allergy.
    """
    return {
        judged.row
        for claim in standing
        for statement, judged in (*by_meaning.statements(claim, rows), *_read_again(claim, rows, said))
        if isinstance(judged, Proved) and judged.row and not statement.open
    }


def _read_again(claim: Claim, rows: Sequence[Row], said: Said) -> tuple[tuple[Statement, Judged], ...]:
    """What the fact-checker reads in a claim, where the rows bear out all of it."""
    again = reading.read(claim, rows, said.get(claim.text, ()))
    return again.statements if again.reader is Reader.PROVED else ()


def _allergies(known: Sequence[Cited]) -> list[tuple[Cited, str]]:
    return [
        (row, f"An allergy to {wording.name(row)} that no claim states.")
        for row in known
        if row.type == "allergy" and row.standing == "active" and not _denies_allergies(row)
    ]


def _denies_allergies(row: Cited) -> bool:
    """Whether the substance is "no known allergies" and nothing else: one that stands behind it is an allergy."""
    words = tokens.tokens(tokens.plain(wording.name(row)))
    found = phrases_at(words, 0) if words else ()
    return any("no allergies" in kinds and end == len(words) for end, kinds, _ in found)


def _abnormal_latest(known: Sequence[Cited], on: date) -> list[tuple[Cited, str]]:
    latest: dict[str, Cited] = {}
    for row in known:
        if row.type != "observation" or row.start is None or row.start > on:
            continue
        held = latest.get(row.assay or wording.name(row))
        if held is None or _moment(row) >= _moment(held):
            latest[row.assay or wording.name(row)] = row
    return [
        (row, f"The latest {wording.name(row)}, {row.shown()}, is {_how(row)} and no claim states it.")
        for row in latest.values()
        if readings.reading(row) in ("high", "low", "abnormal")
    ]


def _how(row: Cited) -> str:
    return "critical" if row.mark in readings.CRITICAL else str(readings.reading(row))


def _moment(row: Cited) -> tuple[date, str]:
    return row.start or date.min, str(row.fields.get("observed_at") or "")


def _current(known: Sequence[Cited]) -> list[tuple[Cited, str]]:
    return [
        (row, f"{CURRENT[row.type]}, {wording.name(row)}, that no claim states.")
        for row in known
        if row.type in CURRENT and row.standing == "active"
    ]
