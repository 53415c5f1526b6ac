"""Rows and claims for the tests of verification, one line each."""

from __future__ import annotations

from itertools import count
from typing import Any

from core.verification import Claim, Result, Row, Verdict, check_claim

PATIENT = 7
# A wrong claim that code does not read whole: flagged, whatever for.
ANY_FLAG = frozenset(Verdict) - {Verdict.SUPPORTED}
# A right claim that code does not read whole: the fact-checker judges it; code does not contradict it.
LEFT_TO_MODEL = frozenset(Verdict) - {Verdict.CONTRADICTED}
_serial = count(1)


def row(kind: str, patient_id: int = PATIENT, **fields: Any) -> Row:
    return Row(f"{kind}:{next(_serial)}", kind, patient_id, fields)


def result(name: str, value: Any, unit: str | None, day: str, *ranged: float | None, code: str | None = None) -> Row:
    """A result of a day; `ranged` is the low and the high end of its range, if it has one."""
    low, high = ranged or (None, None)
    fields = {"name": name, "code": code, "value": value, "unit": unit, "ref_low": low, "ref_high": high}
    return row("observation", **fields, observed_at=f"{day}T02:10:00Z", interpretation=None)


def hba1c(value: float, day: str) -> Row:
    return result("Hemoglobin A1c/Hemoglobin.total in Blood", value, "%", day, 4.0, 6.0, code="4548-4")


def medicine(name: str, start: str, stop: str | None = None, status: str | None = None, **fields: Any) -> Row:
    standing = status or ("completed" if stop else "active")
    return row("prescription", medication=name, started_on=start, stopped_on=stop, status=standing, **fields)


def condition(name: str, onset: str, resolved: str | None = None) -> Row:
    return row(
        "condition", name=name, onset_on=onset, resolved_on=resolved, status="resolved" if resolved else "active"
    )


def note(text: str, day: str = "2024-02-10") -> Row:
    return row("note", text=text, written_at=f"{day}T09:00:00Z")


def check(text: str, *rows: Row, also: tuple[Row, ...] = ()) -> Result:
    """The claim's result when it cites `rows`; `also` are supplied and not cited."""
    return check_claim(Claim(text, tuple(r.ref for r in rows), PATIENT), (*rows, *also))
