"""What a revision would lose, and what code has settled for the fact-checker."""

from __future__ import annotations

import pytest

from core import verification
from core.verification import Claim, Reading, Row, Verdict
from tests.unit.verification.made_rows import PATIENT, condition, hba1c, medicine

EARLIER, LATER = hba1c(7.2, "2025-11-14"), hba1c(8.9, "2026-05-03")
METFORMIN = medicine("Metformin 500 MG Oral Tablet", "2016-05-09")


def reading(text: str, *rows: Row, also: tuple[Row, ...] = ()) -> Reading:
    return verification.read(Claim(text, tuple(row.ref for row in rows), PATIENT), (*rows, *also))


def test_a_revision_that_strips_a_trend_loses_it() -> None:
    before = reading("HbA1c rose from 7.2 % to 8.9 %.", EARLIER, LATER)
    assert any(kind == "Trend" for kind, _ in verification.lost(before, reading("HbA1c was 8.9 %.", LATER)))
    assert verification.lost(before, None)


def test_other_words_for_the_same_facts_lose_nothing() -> None:
    before = reading("HbA1c rose from 7.2 % to 8.9 %.", EARLIER, LATER)
    assert verification.lost(before, reading("HbA1c 8.9 %, up from 7.2 %.", EARLIER, LATER)) == set()


def test_what_no_row_bears_out_is_no_loss() -> None:
    before = reading("HbA1c was 9.8 %.", LATER)
    assert verification.lost(before, None) == set()


def test_what_rests_on_the_whole_record_is_settled_where_code_finds_it_so() -> None:
    text = "The latest HbA1c was 8.9 %."
    assert verification.settled(reading(text, LATER, also=(EARLIER,))) == ("The latest HbA1c was 8.9 %",)
    text = "The latest HbA1c was 7.2 %."
    assert verification.settled(reading(text, EARLIER, also=(LATER,))) == ()
    assert verification.settled(reading("Metformin 500 mg.", METFORMIN)) == ()


def test_nothing_is_settled_of_a_sentence_that_is_not_proved_whole() -> None:
    metformin, naproxen = METFORMIN, medicine("Naproxen sodium 220 MG Oral Tablet", "2016-05-09")
    words = reading("Metformin is his only medicine.", metformin, naproxen)
    assert verification.settled(words) == ()


@pytest.mark.parametrize("name", ["Miscarriage in first trimester", "Injury of last rib"])
def test_a_rank_within_a_name_settles_nothing(name: str) -> None:
    row = condition(name, "1991-05-12")
    assert verification.settled(reading(f"{name} is recorded since 12 May 1991, still active.", row)) == ()
    wrong = reading(f"{name} is recorded since 12 May 1999, still active.", row)
    assert verification.settled(wrong) == ()
    assert verification.decide(wrong).verdict is Verdict.CONTRADICTED
