"""A claim that states a value which no living person has is flagged, though its row says the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.models import said
from core.verification import Claim, Row, check_claim
from core.verification.evaluators.implausible import MARK

PATIENT = 7


def ldl(ref: str, value: float, day: str, status: str | None = None) -> Row:
    fields: dict[str, Any] = {
        "name": "LDL Cholesterol", "short_name": "LDL", "code": "18262-6", "value": value, "unit": "mg/dL",
        "observed_at": f"{day}T02:10:00Z", "ref_low": 0, "ref_high": 130, "interpretation": "H", "status": status,
    }  # fmt: skip
    return Row(ref, "observation", PATIENT, fields)


def flagged(text: str, *rows: Row) -> tuple[bool, tuple[str, ...]]:
    result = check_claim(Claim(text, tuple(row.ref for row in rows), PATIENT), rows)
    return result.flagged, result.reasons


def test_the_mark_is_the_one_that_evidence_has() -> None:
    assert said.IMPLAUSIBLE == MARK


@pytest.mark.parametrize(
    "text",
    [
        "LDL was 13890 mg/dL on 3 May 2026.",
        "LDL was high on 3 May 2026.",
        "The latest LDL was 13890 mg/dL, above range.",
    ],
)
def test_a_marked_value_is_no_plain_finding(text: str) -> None:
    marked, plain = (ldl("observation:1", 13890, "2026-05-03", status) for status in (said.IMPLAUSIBLE, None))
    assert flagged(text, plain) == (False, ())
    is_flagged, reasons = flagged(text, marked)
    assert is_flagged
    assert "is marked implausible: it is no finding" in reasons[0]
    both = flagged(text, ldl("observation:1", 13890, "2026-05-03", f"preliminary, {said.IMPLAUSIBLE}"))
    assert both == (is_flagged, reasons)


def test_a_trend_does_not_rest_on_a_marked_value() -> None:
    rise = "LDL rose from 120 mg/dL on 3 May 2025 to 13890 mg/dL on 3 May 2026."
    first = ldl("observation:1", 120, "2025-05-03")
    assert flagged(rise, first, ldl("observation:2", 13890, "2026-05-03")) == (False, ())
    assert flagged(rise, first, ldl("observation:2", 13890, "2026-05-03", said.IMPLAUSIBLE))[0]
    # A trend rests on all its values, not on the one that proves it.
    last = ldl("observation:2", 120, "2026-05-03")
    for text in ("LDL fell.", "LDL was always high."):
        marked = ldl("observation:1", 13890, "2025-05-03", said.IMPLAUSIBLE)
        rows = (marked, last) if text == "LDL fell." else (ldl("observation:2", 180, "2024-05-03"), marked)
        assert flagged(text, *(replace(row, fields={**row.fields, "status": None}) for row in rows)) == (False, ())
        assert flagged(text, *rows)[0], text


def test_a_value_beside_a_marked_one_is_a_finding() -> None:
    rows = ldl("observation:1", 120, "2025-05-03"), ldl("observation:2", 13890, "2026-05-03", said.IMPLAUSIBLE)
    assert flagged("LDL was 120 mg/dL on 3 May 2025.", *rows) == (False, ())
