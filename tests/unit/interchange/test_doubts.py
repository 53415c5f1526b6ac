"""What a check tells of rows that it would take: each doubt is counted, with its first three places."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from commands import progress
from core.interchange import doubts
from core.interchange.source_rows import AssayText, Record
from core.interchange.summary import Place, Summary

TODAY = date(2026, 11, 29)
KNOWN = AssayText("2823-3", "Potassium", "mmol/L", "laboratory")
RANGE = {"ref_low": Decimal("3.5"), "ref_high": None}


def _record(assay: AssayText | None = KNOWN, **values: Any) -> Record:
    values = {"value_number": Decimal(4), "observed_at": datetime(2026, 11, 1, tzinfo=UTC)} | values
    return Record("observation", Place("a.json", 7), (), values, assay=assay)


@pytest.mark.parametrize(
    ("record", "bounds", "found"),
    [
        (_record(), RANGE, []),
        (_record(), {}, [(doubts.NO_RANGE, "a.json:7: Potassium")]),
        (_record(value_number=None), {}, []),
        (
            _record(AssayText("K1", "Potassium", "mmol/L", "laboratory", "http://lab.example")),
            RANGE,
            [(doubts.NO_CODE, "a.json:7: Potassium (K1 of http://lab.example)")],
        ),
        (_record(AssayText("1-1", "Score", None, "survey")), RANGE, [(doubts.NO_UNIT, "a.json:7: Score")]),
        (
            _record(observed_at=datetime(2027, 1, 2, tzinfo=UTC)),
            RANGE,
            [(doubts.TO_COME, "a.json:7: 2027-01-02")],
        ),
        (_record(None, value_number=None, onset_on=date(2026, 11, 30)), {}, [(doubts.TO_COME, "a.json:7: 2026-11-30")]),
    ],
)
def test_each_doubt_with_its_place(record: Record, bounds: dict[str, Any], found: list[tuple[str, str]]) -> None:
    row = {"value_number": record.values["value_number"], "ref_low": None, "ref_high": None} | bounds
    assert list(doubts.doubts_of(record, row, TODAY)) == found


def test_a_check_shows_the_first_three_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    whole = Summary()
    for part in range(2):
        summary = Summary()
        for number in range(2):
            summary.doubt(doubts.NO_UNIT, f"{part}.json:{number}: Score")
        whole.add(summary)
    progress.report(whole, as_json=False, check=True)
    shown = capsys.readouterr().out
    assert f"4 {doubts.NO_UNIT}:\n  0.json:0: Score\n  0.json:1: Score\n  1.json:0: Score\nchecked only" in shown


def test_a_check_groups_refusals_by_their_reason(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary()
    for line in range(1, 6):
        summary.refuse("observation", Place("a.json", line), f"there is no patient p{line}@north.example/fhir")
    summary.refuse("observation", Place("a.json", 9), "it has no time")
    progress.report(summary, as_json=False, check=True)
    shown = capsys.readouterr().out
    assert "  5 such as: there is no patient p1@north.example/fhir\n    a.json:1\n    a.json:2\n    a.json:3\n" in shown
    assert "  1 such as: it has no time\n    a.json:9\n" in shown
