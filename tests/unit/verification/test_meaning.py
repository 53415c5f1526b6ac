"""Claims read for their meaning: nothing false is proved, little that is true is flagged, tricks are refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import evals.cases
from core.verification import Claim, Result, Row, Verdict, claims
from evals.cases import load
from tests.unit.verification.made_rows import PATIENT, condition, hba1c, medicine, note, result, row

S, C, N = Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED
STYLES = load(Path(evals.cases.__file__).parent / "styles.jsonl")
RIGHT_FLAGGED_MAX = 3

EARLIER, LATER = hba1c(7.2, "2025-11-14"), hba1c(8.9, "2026-05-03")
SYSTOLIC = result("Systolic blood pressure", 148, "mm[Hg]", "2025-08-19", 90, 130, code="8480-6")
DIASTOLIC = result("Diastolic blood pressure", 86, "mm[Hg]", "2025-08-19", 60, 85, code="8462-4")
ASTHMA = condition("Asthma (disorder)", "2001-03-01", "2014-09-30")
DIABETES = condition("Diabetes mellitus type 2 (disorder)", "2016-05-02")
METFORMIN = medicine("Metformin 500 MG Oral Tablet", "2016-05-09", dose="500 mg", frequency="twice daily")
WARFARIN = medicine("Warfarin 5 MG Oral Tablet", "2019-02-01", "2020-03-15", frequency="once daily")
PENICILLIN = row("allergy", substance="Penicillin", reaction="Anaphylaxis", severity="severe", status="active")
ATTENDED = row("visit", description="Emergency room admission", reason="Chest pain", started_at="2025-03-10T02:00:00Z")
WRITTEN = note("Cough for 3 days. No chest pain.\nFather had a stroke at 61.\nPlan: chest X-ray.")

CASES: list[tuple[str, Verdict, tuple[Row, ...]]] = [
    ("HbA1c rose from 7.2% in Nov 2025 to 8.9% in May 2026, above range both times.", S, (EARLIER, LATER)),
    ("HbA1c 8.9% on 3/5/26, up from 7.2%.", S, (EARLIER, LATER)),
    ("HbA1c fell from 8.9% to 7.2%.", N, (EARLIER, LATER)),
    ("HbA1c was 8.9% on 3 June 2026.", C, (LATER,)),
    ("HbA1c 8.9%, well controlled.", N, (LATER,)),
    ("BP 148/86, systolic high, diastolic marginally high.", S, (SYSTOLIC, DIASTOLIC)),
    ("BP 148/86, both figures in range.", C, (SYSTOLIC, DIASTOLIC)),
    ("T2DM since May 2016, still active.", S, (DIABETES,)),
    ("Has type 2 diabetes and asthma.", C, (DIABETES, ASTHMA)),
    ("Asthma is well managed.", N, (ASTHMA,)),
    ("Type 2 diabetes; asthma resolved in 2014.", S, (DIABETES, ASTHMA)),
    ("Metformin 500 mg bd since May 2016.", S, (METFORMIN,)),
    ("Metformin 500 mg twice daily and warfarin 5 mg once daily.", N, (METFORMIN, WARFARIN)),
    ("Metformin is taken safely.", N, (METFORMIN,)),
    ("Two tablets of metformin 500 mg.", C, (METFORMIN,)),
    ("Hold metformin.", N, (METFORMIN,)),
    ("Warfarin 5 mg once daily, stopped on 15 March 2020.", S, (WARFARIN,)),
    ("Penicillin V can be given.", N, (PENICILLIN,)),
    ("Allergic to penicillin: severe anaphylaxis.", S, (PENICILLIN,)),
    ("Seen in ED on 10 March 2025 with chest pain.", S, (ATTENDED,)),
    ("Seen in ED on 10 March 2025 with a heart attack.", N, (ATTENDED,)),
    ("Cough for three days.", S, (WRITTEN,)),
    ("Father had a stroke at 61.", S, (WRITTEN,)),
    ("Had a stroke at 61.", N, (WRITTEN,)),
    ("Chest pain.", N, (WRITTEN,)),
    ("A chest X-ray was done.", N, (WRITTEN,)),
]


def check(text: str, *rows: Row) -> Result:
    return claims.check_claim(Claim(text, tuple(r.ref for r in rows), PATIENT), rows)


@pytest.mark.parametrize(("text", "verdict", "rows"), CASES, ids=[case[0] for case in CASES])
def test_verdict(text: str, verdict: Verdict, rows: tuple[Row, ...]) -> None:
    found = check(text, *rows)
    assert found.verdict == verdict, found.reasons


def test_nothing_wrong_is_proved() -> None:
    wrong = [case for case in STYLES if case.label != "supported"]
    assert wrong
    assert [case.claim.text for case in wrong if not claims.check_claim(case.claim, case.rows).flagged] == []


def test_little_that_is_right_is_flagged_and_none_contradicted() -> None:
    right = [claims.check_claim(case.claim, case.rows) for case in STYLES if case.label == "supported"]
    assert sum(found.flagged for found in right) <= RIGHT_FLAGGED_MAX
    assert not [found for found in right if found.verdict is C]


@pytest.mark.parametrize(
    "text",
    [
        "HbA1c was \u202e9.8\u202c% on 3 May 2026.",
        "HbA1c was 8.9\u200b% on 3 May 2026.",
        "НbA1c was 8.9% on 3 May 2026.",
        "HbA1c was ８.９% on 3 May 2026.",
        "HbA1c was \U0001d7f48.9% on 3 May 2026.",
    ],
)
def test_text_that_looks_like_another_is_refused(text: str) -> None:
    assert check(text, LATER).verdict is Verdict.CANNOT_VERIFY


def test_a_reason_names_the_test_and_the_unit_as_a_clinician_does() -> None:
    (reason,) = check("Systolic blood pressure was 184 mmHg on 19 August 2025.", SYSTOLIC).reasons
    assert reason == "Systolic blood pressure was 148 mmHg on 19 August 2025."


def test_each_statement_points_at_its_words_and_its_row() -> None:
    text = "Asthma resolved in 2014; type 2 diabetes is active."
    pairs = claims.statements(Claim(text, (ASTHMA.ref, DIABETES.ref), PATIENT), (ASTHMA, DIABETES))
    assert [(text[slice(*s.span)], getattr(j, "row", None)) for s, j in pairs] == [
        ("Asthma resolved in 2014", ASTHMA.ref),
        ("type 2 diabetes is active", DIABETES.ref),
    ]


@pytest.mark.parametrize(
    "longest", [pytest.param(1_000, id="short"), pytest.param(2_000, id="longest", marks=pytest.mark.long)]
)
@pytest.mark.parametrize(
    "unit", ["HbA1c 8.9 % ", "a ", "((", "1/2/", "from 3 May 2026 to ", "no ", "x" * 40 + " ", "9"]
)
def test_time_grows_with_the_text_and_no_faster(unit: str, longest: int) -> None:
    """Eight times the text may take no more than twenty times as long."""

    def seconds(characters: int) -> float:
        text = (unit * characters)[:characters]
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            check(text, LATER, WRITTEN)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(longest) <= 20 * seconds(longest // 8) + 0.02


def test_a_long_claim_is_refused() -> None:
    assert check("HbA1c 8.9 %. " * 200, LATER).verdict is Verdict.CANNOT_VERIFY
