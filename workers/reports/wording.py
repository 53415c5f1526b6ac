"""Evidence in plain words: dates and courses written out, no row ids, and free text without invisible characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from core.models.said import IMPLAUSIBLE
from core.verification.instructions import visible

NOTE_CHARACTERS_MAX = 6_000
TEXT_CHARACTERS_MAX = 1_000
CUT = " [cut here]"

Fields = Mapping[str, Any]
READS = {
    "H": "above the reference range",
    "HH": "critically above the reference range",
    "L": "below the reference range",
    "LL": "critically below the reference range",
    "N": "within the reference range",
    "A": "abnormal",
    "AA": "critically abnormal",
}
UNITS = {
    "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "[lb_av]": "lb", "[in_i]": "in",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}  # fmt: skip
SETTINGS = {
    "AMB": "ambulatory", "EMER": "emergency", "IMP": "inpatient", "VR": "virtual", "HH": "home visit",
    "OBSENC": "observation", "ACUTE": "inpatient", "NONAC": "inpatient", "SS": "short stay",
}  # fmt: skip
# How a terminology says what kind of thing a name is of.
LABEL = re.compile(
    r"\s*\((?:disorder|finding|situation|procedure|substance|organism|product|event|person|regime/therapy"
    r"|qualifier value|observable entity|morphologic abnormality)\)"
)


def clean(text: str, limit: int = TEXT_CHARACTERS_MAX) -> str:
    """Text without controls, zero-width and direction marks, tags and variation selectors; cut at `limit`."""
    kept = visible(text.replace("\r\n", "\n")).strip()
    return kept if len(kept) <= limit else kept[:limit].rstrip() + CUT


def word(kind: str, fields: Fields) -> dict[str, str]:
    """One row as labelled words, the empty ones left out."""
    said = WORDINGS[kind](fields)
    limit = NOTE_CHARACTERS_MAX if kind == "note" else TEXT_CHARACTERS_MAX
    return {
        label: clean(str(value) if kind == "note" else LABEL.sub("", str(value)), limit)
        for label, value in said.items()
        if value not in (None, "")
    }


def printed(value: Any) -> str:
    """A number as a laboratory prints it; anything else as it is. Code compares the row's own value."""
    if not isinstance(value, float):
        return str(value)
    size = abs(value)
    written = f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.2g}"
    return written.rstrip("0").rstrip(".") if "." in written and "e" not in written else written


def day(iso: Any) -> str | None:
    """An ISO day or instant as `3 May 2026`, a year or month as `2026` or `May 2026`, or None."""
    if not iso:
        return None
    if len(iso) < 10:
        return iso if len(iso) == 4 else f"{date.fromisoformat(f'{iso}-01'):%B %Y}"
    found = date.fromisoformat(iso) if len(iso) == 10 else datetime.fromisoformat(iso).date()
    return f"{found.day} {found:%B %Y}"


def unit(code: str | None) -> str:
    """A UCUM unit as people write it; annotations in braces are no units."""
    return "" if code is None or code.startswith("{") else UNITS.get(code, code)


def _quantity(value: Any, code: str | None) -> str:
    return f"{printed(value)} {unit(code)}".strip()


def _reference_range(fields: Fields) -> str | None:
    low, high, code = fields.get("ref_low"), fields.get("ref_high"), fields.get("unit")
    if low is not None and high is not None:
        return f"{printed(low)} to {_quantity(high, code)}"
    if high is not None:
        return f"up to {_quantity(high, code)}"
    return f"from {_quantity(low, code)}" if low is not None else None


def _course(started: str | None, ended: str | None, current: bool, *, still: str, over: str) -> str:
    if current:
        return f"since {started}, {still}" if started else still
    if started and ended:
        return f"from {started} to {ended}, {over}"
    return f"until {ended}, {over}" if ended else f"started {started}, {over}" if started else over


def _result(fields: Fields) -> dict[str, Any]:
    name, short = fields.get("name"), fields.get("short_name")
    is_implausible = IMPLAUSIBLE in (fields.get("status") or "")
    return {
        "kind": "result",
        "test": short or name,
        "full name": name if short and short != name else None,
        "value": _quantity(fields.get("value"), fields.get("unit")),
        "measured": day(fields.get("observed_at")),
        "reference range": _reference_range(fields),
        "reads": READS.get(fields.get("interpretation") or "") if not is_implausible else None,
        "caution": "marked implausible: it is no finding" if is_implausible else None,
    }


def _medicine(fields: Fields) -> dict[str, Any]:
    current = fields.get("status") == "active"
    over = "completed" if fields.get("status") == "completed" else "no longer taken"
    started, stopped = day(fields.get("started_on")), day(fields.get("stopped_on"))
    return {
        "kind": "medicine",
        "medicine": fields.get("medication"),
        "dose": fields.get("dose"),
        "how often": fields.get("frequency"),
        "route": fields.get("route"),
        "taken": _course(started, stopped, current, still="still taken", over=over),
        "for": fields.get("reason"),
        "instructions": fields.get("instructions"),
    }


def _condition(fields: Fields) -> dict[str, Any]:
    current = fields.get("status") == "active"
    began, ended = day(fields.get("onset_on")), day(fields.get("resolved_on"))
    return {
        "kind": "condition",
        "condition": fields.get("name"),
        "course": _course(began, ended, current, still="still active", over="resolved"),
    }


def _allergy(fields: Fields) -> dict[str, Any]:
    return {
        "kind": "allergy",
        "substance": fields.get("substance"),
        "reaction": fields.get("reaction"),
        "severity": fields.get("severity"),
        "criticality": fields.get("criticality"),
        "status": fields.get("status"),
        "recorded": day(fields.get("recorded_on")),
    }


def _visit(fields: Fields) -> dict[str, Any]:
    began, ended = day(fields.get("started_at")), day(fields.get("ended_at"))
    return {
        "kind": "visit",
        "visit": fields.get("description"),
        "why": fields.get("reason"),
        "setting": SETTINGS.get(str(fields.get("class")).upper(), fields.get("class")),
        "when": began if ended in (None, began) else f"{began} to {ended}",
    }


def _note(fields: Fields) -> dict[str, Any]:
    return {"kind": "note", "written": day(fields.get("written_at")), "note text (data only)": fields.get("text")}


def _patient(fields: Fields) -> dict[str, Any]:
    return {
        "kind": "patient",
        "name": fields.get("name"),
        "sex": fields.get("sex"),
        "born": day(fields.get("birth_date")),
        "died": day(fields.get("died_on")) or ("on a day that is not known" if fields.get("deceased") else None),
    }


def _statement(fields: Fields) -> dict[str, Any]:
    return {
        "kind": "statement, not a finding",
        "states": fields.get("statement"),
        "details": fields.get("detail"),
        "stated": day(fields.get("stated_on")),
    }


WORDINGS: Mapping[str, Callable[[Fields], dict[str, Any]]] = {
    "observation": _result,
    "prescription": _medicine,
    "condition": _condition,
    "allergy": _allergy,
    "visit": _visit,
    "note": _note,
    "patient": _patient,
    "statement": _statement,
}
