"""What another system said of a row beyond our columns, as JSON text in `said`, and the dates that it gave in part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Self

from core.engines import kept_json
from core.models.said_shapes import fitting

# Of a value of another system that no living person has: it is kept as it came.
IMPLAUSIBLE = "marked implausible"
# How a value was measured, each a concept: its words and codings.
MEASURED = ("site", "specimen", "method")
SHOWN_OF_RESULT = ("status", "dates", "implausible", "note", "judged", *MEASURED)
# A problem of which its source does not say whether it is there still; R5 has this as a code.
NOT_STATED = "unknown"
PAST = ("inactive", "remission")
YEAR, MONTH, DAY = "year", "month", "day"
_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class _Partial:
    precision: str = DAY

    def to(self, precision: str) -> Self:
        self.precision = precision
        return self


class PartialDay(_Partial, date):
    """A day of which only the year, or the year and month, is known; the rest stands at the first."""


class PartialMoment(_Partial, datetime):
    """An instant of which no time of day is known, and maybe no day or month; it stands at noon, UTC."""


def write(parts: Mapping[str, Any]) -> str | None:
    """The text of `said`; None if nothing is in it."""
    kept = {name: value for name, value in parts.items() if value not in (None, "", [], {}, False)}
    return _WRITER.encode(kept) if kept else None


def read(said: str | None) -> dict[str, Any]:
    """What `said` holds by name, as far as it can be read; empty without one."""
    return fitting(kept_json.read_object(said)) if said else {}


def marks(parts: Mapping[str, Any]) -> str | None:
    """What is shown beside a result that is not final, or that can't be true: `preliminary, marked implausible`."""
    shown = [str(parts["status"])] if parts.get("status") else []
    shown += [IMPLAUSIBLE] if parts.get("implausible") else []
    return ", ".join(shown) or None


def shown(parts: Mapping[str, Any]) -> str | None:
    """All that is shown beside a result: its marks, where and how it was measured, and the laboratory's remark."""
    about = (parts.get(name) for name in MEASURED)
    told = [str(one["text"]) for one in about if one]
    return ", ".join(filter(None, (marks(parts), *told, parts.get("judged"), parts.get("note")))) or None


def clinical(parts: Mapping[str, Any], status: str) -> str:
    """A problem's clinical status as it came, where ours says half of it and the row still says so."""
    came = parts.get("clinical")
    return str(came) if came and (came in PAST) == (status == "resolved") else str(status)


def clinical_words(parts: Mapping[str, Any], status: str) -> str:
    """A problem's clinical status as pages show it."""
    told = clinical(parts, status)
    return "status not stated" if told == NOT_STATED else told


def beside(parts: Mapping[str, Any]) -> str | None:
    """What is shown beside a problem, an allergy, a medicine or a statement: where it is, and remarks."""
    return ", ".join(filter(None, (dict(parts.get("site") or {}).get("text"), parts.get("note")))) or None


def precision(value: date | None) -> str | None:
    """`year`, `month` or `day` of a partial date or moment; None of one that is known whole."""
    return value.precision if isinstance(value, _Partial) else None


def dated(value: Any, said: str | None, column: str) -> Any:
    """A column's date or instant as the source knew it."""
    kept = read(said).get("dates", {}).get(column) if said and value is not None else None
    if kept is None:
        return value
    if isinstance(value, datetime):
        return PartialMoment.fromtimestamp(value.timestamp(), value.tzinfo).to(kept)
    return PartialDay(value.year, value.month, value.day).to(kept)


def iso(value: date) -> str:
    """A date as FHIR writes it, as far as it is known."""
    known = {YEAR: 4, MONTH: 7, DAY: 10}.get(precision(value) or "")
    return value.isoformat()[:known]
