"""What a data manager should look at in rows that are taken: an unknown test or unit, a day that is to come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from core.interchange.source_rows import AssayText, Record

NO_CODE = "values of tests without a code of LOINC: they are tests of their own"
NO_UNIT = "numbers without a unit"
NO_RANGE = "values of tests whose usual range nobody told"
TO_COME = "rows with a date in the future"


def doubts_of(record: Record, row: Mapping[str, Any], today: date) -> Iterator[tuple[str, str]]:
    """Each doubt about a row, and where it arises; the row is as it is to be written."""
    if record.assay is not None:
        yield from _of_assay(record.assay, record.place, row)
    later = [value for value in record.values.values() if isinstance(value, date) and _day(value) > today]
    if later:
        yield TO_COME, f"{record.place}: {_day(later[0]).isoformat()}"


def _of_assay(assay: AssayText, place: object, row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    told = f"{place}: {assay.name}"
    if assay.system is not None:
        yield NO_CODE, f"{told} ({assay.code} of {assay.system})"
    if row["value_number"] is not None:
        if assay.unit is None:
            yield NO_UNIT, told
        if row["ref_low"] is None and row["ref_high"] is None:
            yield NO_RANGE, told


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
