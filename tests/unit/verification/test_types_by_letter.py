"""A letter that tells types apart is part of the name: influenza A is no influenza B, though "a" is an article."""

from __future__ import annotations

import pytest

from core.verification import Reader, Row, SaidStatement, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, result, row
from tests.unit.verification.test_second_reader import reading, said

DAY = "2025-03-09"
FLU = [
    result("Influenza virus A RNA", "Positive (qualifier value)", None, DAY),
    result("Influenza virus B RNA", "Negative (qualifier value)", None, DAY),
]
BIPOLAR_II = condition("Bipolar II disorder (disorder)", "2019-05-02")
BIPOLAR_I = condition("Bipolar I disorder (disorder)", "2019-05-02")
ASTHMA = condition("Asthma", "2019-05-02")
COIL = medicine("Mirena 52 MG Intrauterine System", "2024-01-24", "2025-01-21")


@pytest.mark.parametrize(
    ("text", "rows", "is_borne"),
    [
        ("Influenza A was positive on 9 March 2025.", FLU, True),
        ("Influenza A was negative on 9 March 2025.", FLU, False),
        ("INFLUENZA A NEGATIVE 9 MAR 2025.", FLU, False),
        ("Flu A +ve 9/3/25.", FLU, True),
        ("Flu A –ve 9/3/25.", FLU, False),
        ("flu a neg 9/3/25.", FLU, False),
        ("Flu B -ve 9/3/25.", FLU, True),
        ("Flu B +ve 9/3/25.", FLU, False),
        ("Influenza A RNA not detected on 9 March 2025.", FLU, False),
        ("Bipolar I disorder since 2 May 2019.", [BIPOLAR_I], True),
        ("Bipolar I disorder since 2 May 2019.", [BIPOLAR_II], False),
        ("Bipolar II disorder since 2 May 2019.", [BIPOLAR_II], True),
        ("Asthma, a diagnosis since 2 May 2019.", [ASTHMA], True),
        ("Asthma A since 2 May 2019.", [ASTHMA], False),
        ("Mirena coil from 24 January 2024 to 21 January 2025.", [COIL], True),
        ("Mirena implant from 24 January 2024 to 21 January 2025.", [COIL], False),
    ],
)
def test_by_code_alone(text: str, rows: list[Row], is_borne: bool) -> None:
    assert (check(text, *rows).verdict is Verdict.SUPPORTED) is is_borne


SWAB = [result("SARS-CoV-2 RNA Pnl Resp NAA+probe", "Not detected (qualifier value)", None, DAY, code="94531-1")]
DETOX = [
    row("visit", description="Drug rehabilitation and detoxification", started_at="2025-03-09T02:00:00Z",
        ended_at="2025-03-10T02:00:00Z", **{"class": "IMP"}),
]  # fmt: skip
CLINIC = [row("visit", description="Asthma follow-up", started_at="2025-03-09T02:00:00Z", ended_at=None)]


def _swab(text: str, value: str) -> list[SaidStatement]:
    return [said("result", "Corona swab", text.rstrip("."), "COVID-19 test", value=value, when=("9 March 2025", DAY))]


def _stay(text: str, reason: str) -> list[SaidStatement]:
    return [said("visit", reason, text.rstrip("."), reason=reason, when=("9 March 2025", DAY))]


@pytest.mark.parametrize(
    ("text", "rows", "statements", "reader"),
    [
        ("Corona swab negative on 9 March 2025.", SWAB, _swab("Corona swab negative on 9 March 2025", "negative"),
         Reader.PROVED),
        ("Corona swab positive on 9 March 2025.", SWAB, _swab("Corona swab positive on 9 March 2025", "positive"),
         Reader.SILENT),
        ("Corona swab not negative on 9 March 2025.", SWAB,
         _swab("Corona swab not negative on 9 March 2025", "negative"), Reader.SILENT),
        ("In for drug detoxification on 9 March 2025.", DETOX,
         _stay("In for drug detoxification on 9 March 2025", "drug detoxification"), Reader.PROVED),
        ("In for alcohol detoxification on 9 March 2025.", DETOX,
         _stay("In for alcohol detoxification on 9 March 2025", "alcohol detoxification"), Reader.SILENT),
        ("In for drug detoxification on 9 March 2025.", CLINIC,
         _stay("In for drug detoxification on 9 March 2025", "drug detoxification"), Reader.SILENT),
    ],
)  # fmt: skip
def test_as_a_reader_tells_it(text: str, rows: list[Row], statements: list[SaidStatement], reader: Reader) -> None:
    assert reading(text, rows, *statements).reader is reader
