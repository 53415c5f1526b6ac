"""Values that stand without their test, beside other values, or on days that others give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG, check, hba1c, result

DAYS = ("2026-06-10", "2025-06-04")


def of(name: str, unit: str, code: str, values: tuple[float, ...], days: tuple[str, ...], *limits: float) -> list[Row]:
    return [result(name, value, unit, day, *limits, code=code) for value, day in zip(values, days, strict=True)]


WEIGHT = of("Body Weight", "kg", "29463-7", (34.7, 30.5), DAYS)
HEIGHT = of("Body Height", "cm", "8302-2", (144.4, 137.3), DAYS)
PRESSURE = [
    *of("Systolic Blood Pressure", "mm[Hg]", "8480-6", (133, 121), DAYS, 90, 130),
    *of("Diastolic Blood Pressure", "mm[Hg]", "8462-4", (73, 78), DAYS, 60, 85),
]
YEARS = ("2023-10-11", "2024-10-10", "2025-10-10", "2026-10-10")
CREATININE = of("Creatinine", "mg/dL", "38483-4", (2.7, 2.7, 2.7, 3.0), YEARS, 0.6, 1.2)
ALT = of("Alanine aminotransferase", "U/L", "1742-6", (56.3, 50.9, 53.8, 57.7), YEARS, 7, 40)
SOME_ALT = of("Alanine aminotransferase", "U/L", "1742-6", (56.3, 30.9, 53.8, 57.7), YEARS, 7, 40)
INR = of(
    "INR in Platelet poor plasma", "{INR}", "6301-6", (2.4, 2.8, 2.6), ("2026-07-08", "2026-08-19", "2026-10-07"), 2, 3
)
HIGH_INR = [*INR, *of("INR in Platelet poor plasma", "{INR}", "6301-6", (5.6,), ("2026-09-30",), 2, 3)]
FALLING = [hba1c(9.8, "2026-05-02"), hba1c(8.9, "2026-08-10"), hba1c(8.1, "2026-11-09")]
NOT_FALLING = [hba1c(8.9, "2026-05-02"), hba1c(9.8, "2026-08-10"), hba1c(8.1, "2026-11-09")]
NOW = datetime.now(UTC).date()
LATELY = (NOW.isoformat(), (NOW - timedelta(365)).isoformat())
LATE_WEIGHT = [
    *of("Body Weight", "kg", "29463-7", (64.0, 60.3), LATELY),
    *of("Systolic Blood Pressure", "mm[Hg]", "8480-6", (136,), LATELY[:1]),
    *of("Diastolic Blood Pressure", "mm[Hg]", "8462-4", (83,), LATELY[:1]),
]

RIGHT = [
    ("BP 133/73 in June 2026, systolic just above range; was 121/78 the year before.", PRESSURE),
    ("Weight 34.7 kg in June 2026, up from 30.5 a year earlier, and about 7 cm taller.", [*WEIGHT, *HEIGHT]),
    ("Creatinine 3.0, was 2.7 three years running.", CREATININE),
    ("ALT persistently up (56.3, 50.9, 53.8, 57.7).", ALT),
    ("Other INRs in range: 2.4 (July), 2.8 (August), 2.6 (October).", INR),
    ("HbA1c has improved at each of the last two checks and stands at 8.1 %.", FALLING),
    ("64 kg, BP 136/83.", [LATE_WEIGHT[0], *LATE_WEIGHT[2:]]),
]
WRONG = [
    ("BP 133/73 in June 2026, systolic just above range; was 121/87 the year before.", PRESSURE),
    ("BP 133/73 in June 2026, systolic just above range; was 121/78 the month before.", PRESSURE),
    ("BP 121/78 in June 2026, systolic just above range; was 133/73 the year before.", PRESSURE),
    ("Weight 34.7 kg in June 2026, up from 30.5 a year earlier, and about 12 cm taller.", [*WEIGHT, *HEIGHT]),
    ("Weight 34.7 kg in June 2026, up from 30.5 a year earlier, and about 7 cm taller.", WEIGHT),
    ("Creatinine 3.0, was 2.7 four years running.", CREATININE),
    ("Creatinine 3.0, was 2.9 three years running.", CREATININE),
    ("Creatinine 2.7, was 3.0 three years running.", CREATININE),
    ("ALT persistently up (56.3, 30.9, 53.8, 57.7).", SOME_ALT),
    ("ALT persistently down (56.3, 50.9, 53.8, 57.7).", ALT),
    ("Other INRs in range: 2.4 (July), 2.8 (August), 5.6 (September).", HIGH_INR),
    ("Other INRs in range.", HIGH_INR[2:]),
    ("HbA1c has improved at each of the last two checks and stands at 8.1 %.", NOT_FALLING),
    ("HbA1c has improved at each of the last three checks and stands at 8.1 %.", FALLING),
    ("HbA1c has worsened at each of the last two checks and stands at 8.1 %.", FALLING),
    ("64 kg (60.3 two years ago), BP 136/83.", LATE_WEIGHT),
    ("60.3 kg (64 a year ago), BP 136/83.", LATE_WEIGHT),
    ("83 kg, BP 136/83.", LATE_WEIGHT),
]


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_what_the_rows_bear_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_what_they_do_not(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict in ANY_FLAG
