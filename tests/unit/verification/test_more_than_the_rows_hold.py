"""Sentences that say more than their rows hold, in a word or a part of its own: code proved each of them."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row

EPILEPSY = condition("Epilepsy", "1977-11-24")
VISITS = [
    row("visit", description="Postnatal visit", reason=None, started_at=f"{day}T08:00:00Z", ended_at=f"{day}T08:30:00Z")
    for day in ("2020-06-25", "2024-06-25", "2026-05-12")
]
PAIN = result("Pain severity - 0-10 verbal numeric rating", 2.0, "{score}", "2026-05-31", code="72514-3")
HB = result("Hemoglobin", 14.2, "g/dL", "2025-05-21", 13.0, 17.0, code="718-7")
HIGH, NORMAL = (
    result("Potassium", value, "mmol/L", day, 3.5, 5.1, code="2823-3")
    for value, day in ((5.9, "2026-02-03"), (4.4, "2026-03-10"))
)
STOPPED = medicine("atomoxetine 100 MG Oral Capsule", "2013-08-31", status="stopped")
HEADACHE = note("Eyes normal, neck muscles tight. Advised rest and fluids.")
WEEKLY = medicine(
    "Methotrexate 2.5 mg tablet", "2022-02-01", dose="10 mg", frequency="once a week",
    instructions="Take on Mondays. Folic acid on Thursdays.",
)  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong", "rows"),
    [
        ("Epilepsy from 24 November 1977, active.", "Epilepsy from 24 November 1977, newly active.", [EPILEPSY]),
        (
            "The last postnatal visit was on 12 May 2026.",
            "The second last postnatal visit was on 12 May 2026.",
            VISITS,
        ),
        (
            "A postnatal visit on 12 May 2026 is the latest.",
            "A second postnatal visit on 12 May 2026 is the latest.",
            VISITS,
        ),
        ("Postnatal visit on 12 May 2026.", "Postnatal visit on 12 May 2026 overnight.", VISITS),
        ("Two visits exactly four years apart.", "Two visits exactly five years apart.", VISITS[:2]),
        ("Pain score was 2.0 on 31 May 2026.", "Pain score was 2.0 on 31 May 2026, severe.", [PAIN]),
        ("Hb normal at 14.2.", "Hb normal at 14.2, for review.", [HB]),
        ("Atomoxetine stopped.", "Atomoxetine started.", [STOPPED]),
        ("Neck muscles tight, eyes normal.", "Tight eyes and normal neck muscles.", [HEADACHE]),
        ("Advised rest and fluids.", "Advised rest and fluids, not confirmed.", [HEADACHE]),
        ("Methotrexate 10 mg weekly, taken on Mondays.", "Methotrexate 10 mg weekly, taken on Thursdays.", [WEEKLY]),
    ],
)
def test_the_right_sentence_is_borne_out_and_the_wrong_one_is_not(right: str, wrong: str, rows: list[Row]) -> None:
    assert check(right, *rows).verdict is Verdict.SUPPORTED
    assert check(wrong, *rows).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    "text", ["Potassium always normal.", "Potassium never above 5.", "Potassium has always been normal."]
)
def test_always_and_never_are_of_what_is_not_cited_too(text: str) -> None:
    assert check(text, NORMAL).verdict is Verdict.SUPPORTED
    assert check(text, NORMAL, also=(HIGH,)).verdict is Verdict.NOT_ADDRESSED


def test_a_count_is_of_what_is_not_cited_too() -> None:
    assert check("Two postnatal visits.", *VISITS[:2]).verdict is Verdict.SUPPORTED
    assert check("Two postnatal visits.", *VISITS[:2], also=(VISITS[2],)).verdict is Verdict.NOT_ADDRESSED
    assert check("Two postnatal visits by 2024.", *VISITS[:2], also=(VISITS[2],)).verdict is not Verdict.CONTRADICTED
