"""What must hold for any claim: nothing written in it is passed over, whatever the rows look like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.verification import Claim, Row, Verdict, check_claim
from core.verification.claims import read
from core.verification.dates import say
from core.verification.verdict_table import Grammar
from tests.unit.verification.made_rows import PATIENT, check, hba1c, result, row

A1C = hba1c(8.9, "2026-05-03")
VALUES = st.decimals(min_value=1, max_value=500, places=1)


@given(VALUES)
def test_a_value_as_the_row_gives_it_is_supported(value: Decimal) -> None:
    assert not check(
        f"Creatinine was {value} umol/L.", result("Creatinine", float(value), "umol/L", "2026-05-03")
    ).reasons


@given(VALUES, VALUES)
def test_a_number_altered_beyond_its_written_precision_is_flagged(value: Decimal, other: Decimal) -> None:
    assume(value != other)
    assert check(f"Creatinine was {other} umol/L.", result("Creatinine", float(value), "umol/L", "2026-05-03")).flagged


@given(VALUES, st.integers(min_value=0, max_value=999))
def test_a_number_added_anywhere_is_flagged(value: Decimal, extra: int) -> None:
    # Half a unit is within what a whole number says: 32.5 is written 32 by some, 33 by others.
    assume(abs(extra - value) > Decimal("0.5"))
    found = check(
        f"Creatinine was {value} umol/L, {extra}.", result("Creatinine", float(value), "umol/L", "2026-05-03")
    )
    assert found.flagged


@given(st.dates(date(1950, 1, 1), date(2030, 12, 31)), st.integers(min_value=-800, max_value=800))
def test_another_day_is_flagged(day: date, off: int) -> None:
    said = day + timedelta(days=off)
    found = check(f"HbA1c was 8.9 % on {say(said)}.", hba1c(8.9, day.isoformat()))
    assert found.flagged == (off != 0)


@given(st.text(max_size=60))
def test_any_text_gets_an_answer_with_spans_inside_it(text: str) -> None:
    for finding in check(text, A1C).findings:
        if finding.span:
            assert 0 <= finding.span[0] < finding.span[1] <= len(text)


SHORTHAND = (
    "HbA1c",
    "8.9",
    "%",
    "12/12",
    "4/52",
    "3/7",
    "25/11",
    "x2",
    "ago",
    "(",
    ")",
    "->",
    ",",
    "was",
    "on",
    "May",
    "from",
)


@given(st.lists(st.sampled_from(SHORTHAND), max_size=7))
def test_any_shorthand_gets_an_answer(words: list[str]) -> None:
    assert isinstance(check(" ".join(words), A1C).verdict, Verdict)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=80))
def test_any_row_text_gets_an_answer(name: str, value: str, text: str) -> None:
    odd = (
        row("observation", name=name, value=value, unit=text, observed_at=text, ref_low=value, ref_high=name),
        row("note", text=text, written_at=value),
        row("condition", name=name, status=text, onset_on=value),
        row("letter", subject=name, tags=[text, 3], more={"a": value}),
    )
    assert isinstance(check("HbA1c was 8.9 % on 3 May 2026.", *odd).verdict, Verdict)


def test_row_ids_are_no_facts() -> None:
    ibuprofen = Row(
        "prescription:475", "prescription", PATIENT, {"medication": "Ibuprofen", "started_on": "2020-01-01"}
    )
    assert check("Ibuprofen 475 mg.", ibuprofen).flagged


def test_a_row_of_another_patient_bears_nothing_out() -> None:
    other = Row("observation:900", "observation", PATIENT + 1, dict(A1C.fields))
    assert check_claim(Claim("HbA1c was 8.9 %.", (other.ref,), PATIENT), [other]).flagged


def test_a_cited_row_that_is_not_there_is_flagged() -> None:
    assert check_claim(Claim("HbA1c was 8.9 %.", ("observation:404",), PATIENT), [A1C]).verdict == Verdict.CANNOT_VERIFY


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_claim_is_flagged(text: str) -> None:
    assert check(text, A1C).flagged


def test_a_claim_too_long_to_check_is_flagged() -> None:
    assert check("HbA1c was 8.9 %. " * 200, A1C).verdict == Verdict.CANNOT_VERIFY


def test_a_claim_without_citations_is_flagged() -> None:
    assert check_claim(Claim("HbA1c was 8.9 %.", (), PATIENT), [A1C]).verdict == Verdict.NOT_ADDRESSED


@pytest.mark.parametrize("value", [8.9, "8.9", "8.9 %", Decimal("8.9")])
@pytest.mark.parametrize(
    "day", ["2026-05-03", "2026-05-03T02:10:00+08:00", date(2026, 5, 3), datetime(2026, 5, 3, tzinfo=UTC)]
)
def test_rows_may_hold_text_or_typed_values(value: Any, day: Any) -> None:
    typed = row("observation", name="HbA1c", value=value, unit="%", observed_at=day)
    assert not check("HbA1c was 8.9 % on 3 May 2026.", typed).reasons
    assert check("HbA1c was 8.8 % on 3 May 2026.", typed).flagged


def test_how_long_ago_is_never_contradicted_and_never_proved() -> None:
    """No row says from which day "ago" counts."""
    found = check("HbA1c was 8.9 % three weeks ago.", A1C)
    assert found.flagged
    assert found.verdict is not Verdict.CONTRADICTED


@pytest.mark.parametrize(
    ("text", "grammar"),
    [
        ("Call the shop for a refund.", Grammar.PLAIN),
        ("Call 800-555-0199 on 13 June 2025.", Grammar.GUARDED),
        ("Seen on 13 June 2025, wonderful.", Grammar.PART),
        ("She had a call for a refund.", Grammar.PLAIN),
        ("Ann Lee had a call for a refund.", Grammar.PLAIN),
        ("Born on 1 January 1960, wonderful.", Grammar.PART),
    ],
)
def test_a_word_for_a_visit_and_a_figure_nobody_read_leave_a_judge_in_need_of_quotes(
    text: str, grammar: Grammar
) -> None:
    visit = Row("visit:1", "visit", 7, {"description": "Hospital stay", "started_at": "2025-06-13T02:00:00Z"})
    patient = Row("patient:7", "patient", 7, {"sex": "female", "name": "Ann Lee", "birth_date": "1960-01-01"})
    assert read(Claim(text, ("visit:1", "patient:7"), 7), [visit, patient]).grammar is grammar


@pytest.mark.parametrize("text", ["Daughter seen 0/11.", "Daughter seen 11/0.", "Daughter seen 31/2."])
def test_two_numbers_that_are_no_day_are_read_without_a_fault(text: str) -> None:
    visit = row("visit", description="Review", started_at="2026-11-19")
    assert read(Claim(text, (visit.ref,), PATIENT), [visit]).grammar is not Grammar.WHOLE
