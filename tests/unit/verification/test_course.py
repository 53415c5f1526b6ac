"""Claims about change, order, counts and lengths of time: computed from the cited rows by their dates."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, hba1c, medicine, result, row

FIRST, SECOND, THIRD = hba1c(6.4, "2025-02-01"), hba1c(7.2, "2025-11-14"), hba1c(8.9, "2026-05-03")
HEAVY = result("Body Weight", 82.4, "kg", "2019-01-05", code="29463-7")
LIGHT = result("Body Weight", 80.1, "kg", "2020-01-08", code="29463-7")
SAME = result("Body Weight", 80.3, "kg", "2020-07-08", code="29463-7")
WEAK, STRONG = medicine("Simvastatin 10 MG", "2012-01-01", "2014-05-06"), medicine("Simvastatin 20 MG", "2014-05-06")
COURSE = medicine("Amoxicillin", "2024-03-01", "2024-03-08")
VISITS = tuple(row("visit", description="Check up", started_at=f"2024-0{month}-05T09:00:00Z") for month in (1, 4, 6))

TRUE: list[tuple[str, tuple[Row, ...]]] = [
    ("HbA1c rose from 7.2 % to 8.9 %.", (SECOND, THIRD)),
    ("HbA1c rose to 8.9 % (3 May 2026).", (SECOND, THIRD)),
    ("HbA1c 8.9 %, up from 7.2 %.", (SECOND, THIRD)),
    ("HbA1c worsened between November 2025 and May 2026.", (SECOND, THIRD)),
    ("HbA1c has risen steadily: 6.4 %, 7.2 % and 8.9 %.", (FIRST, SECOND, THIRD)),
    ("HbA1c increased by 1.7 % from 14 November 2025 to 3 May 2026.", (SECOND, THIRD)),
    ("The highest HbA1c was 8.9 %.", (FIRST, SECOND, THIRD)),
    ("HbA1c was not stable between November 2025 and May 2026.", (SECOND, THIRD)),
    ("Weight fell from 82.4 kg to 80.1 kg over a year.", (HEAVY, LIGHT)),
    ("Weight remained stable between January and July 2020.", (LIGHT, SAME)),
    ("Amoxicillin was taken for seven days.", (COURSE,)),
    ("Three visits in 2024.", VISITS),
]
# Right, and not read whole yet: the fact-checker judges them.
LEFT_TO_MODEL: list[tuple[str, tuple[Row, ...]]] = [
    ("Simvastatin was increased from 10 mg to 20 mg.", (WEAK, STRONG)),
    ("Amoxicillin was taken for 1/52.", (COURSE,)),
    ("Two visits since March 2024.", VISITS),
]
FALSE: list[tuple[str, tuple[Row, ...]]] = [
    ("HbA1c fell from 8.9 % to 7.2 %.", (SECOND, THIRD)),
    ("HbA1c rose from 8.9 % to 7.2 %.", (SECOND, THIRD)),
    ("HbA1c rose from 7.2 % to 8.9 %.", (THIRD,)),
    ("HbA1c improved between November 2025 and May 2026.", (SECOND, THIRD)),
    ("HbA1c was stable between November 2025 and May 2026.", (SECOND, THIRD)),
    ("HbA1c doubled.", (SECOND, THIRD)),
    ("HbA1c increased by 2.7 % from 14 November 2025 to 3 May 2026.", (SECOND, THIRD)),
    ("HbA1c was 8.9 % on 14 November 2025 and 7.2 % on 3 May 2026.", (SECOND, THIRD)),
    ("The highest HbA1c was 7.2 %.", (FIRST, SECOND, THIRD)),
    ("Weight fell from 82.4 kg to 80.1 kg over a month.", (HEAVY, LIGHT)),
    ("Simvastatin was reduced from 20 mg to 10 mg.", (WEAK, STRONG)),
    ("Amoxicillin was taken for seven weeks.", (COURSE,)),
    ("Amoxicillin was taken for 7/52.", (COURSE,)),
    ("Four visits in 2024.", VISITS),
    ("Three visits since March 2024.", VISITS),
]


@pytest.mark.parametrize(("text", "rows"), TRUE, ids=[case[0] for case in TRUE])
def test_borne_out(text: str, rows: tuple[Row, ...]) -> None:
    assert not check(text, *rows).reasons


@pytest.mark.parametrize(("text", "rows"), LEFT_TO_MODEL, ids=[case[0] for case in LEFT_TO_MODEL])
def test_what_is_not_read_is_not_contradicted(text: str, rows: tuple[Row, ...]) -> None:
    assert check(text, *rows).verdict is not Verdict.CONTRADICTED


@pytest.mark.parametrize(("text", "rows"), FALSE, ids=[case[0] for case in FALSE])
def test_flagged(text: str, rows: tuple[Row, ...]) -> None:
    assert check(text, *rows).flagged


def test_latest_is_the_latest_of_all_rows_supplied() -> None:
    assert check("The latest HbA1c was 7.2 %.", SECOND, also=(FIRST,)).reasons == ()
    assert check("The latest HbA1c was 7.2 %.", SECOND, also=(THIRD,)).flagged
