"""A row as the grammar and the evaluators see it: what names it, its value, range, days and standing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from core.verification import dates, instructions
from core.verification.grammar import tokens
from core.verification.grammar.phrases import phrases_at
from core.verification.row_names import EMPTY, named
from core.verification.types import Row
from core.verification.vocabulary import ASSAY_OF_CODE, PANELS, UNITS, Unit, unit_of_row


class Fields(NamedTuple):
    """The fields of a type of row that name it, give its reason, add to its name, say how it is taken, and are free
    text; those that date it and its end."""

    names: tuple[str, ...] = ("name",)
    reasons: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    start: str | None = None
    stop: str | None = None


FIELDS = {
    "observation": Fields(("name", "short_name"), start="observed_at"),
    "prescription": Fields(
        ("medication",), ("reason",), ("frequency", "route", "dose"), ("dose", "frequency", "instructions"),
        ("instructions",), "started_on", "stopped_on",
    ),
    "condition": Fields(start="onset_on", stop="resolved_on"),
    "allergy": Fields(("substance",), ("reaction",), ("category",), start="recorded_on"),
    "visit": Fields(("description", "class"), ("reason",), start="started_at", stop="ended_at"),
    "patient": Fields(start="birth_date", stop="died_on"),
    "note": Fields(texts=("text",), start="written_at"),
}  # fmt: skip
ANY_FIELDS = Fields()
_NUMBERS = (int, float, Decimal)
_AS_WRITTEN = re.compile(r"\s*+[<>]?=?\s*+(-?\d++(?:\.\d++)?)\s*+(.*)")


class Cited:
    """One row, read once a check; what depends on text alone is cached by that text."""

    __slots__ = (
        "assay", "fields", "high", "low", "mark", "name", "names", "reason", "ref", "row", "standing", "start", "stop",
        "text_value", "texts", "told", "type", "unit", "value",
    )  # fmt: skip

    def __init__(self, row: Row) -> None:
        fields, of = row.fields, FIELDS.get(row.type, ANY_FIELDS)
        self.row, self.ref, self.type, self.fields = row, row.ref, row.type, fields
        self.value: float | None = None
        self.unit: Unit | None = None
        self.text_value: str | None = None
        self.assay: str | None = None
        self.mark = str(fields.get("interpretation") or "")
        self.low, self.high = _number(fields.get("ref_low")), _number(fields.get("ref_high"))
        self.names = names = _texts(fields, of.names)
        reasons = _texts(fields, of.reasons)
        if row.type == "observation":
            self._read_value(fields.get("value"), fields.get("unit"))
            self.assay = ASSAY_OF_CODE.get(str(fields.get("code"))) or assay_named(names)
            reasons = (self.text_value,) if self.text_value else ()
        self.name = named(names, self.assay, row.type, _texts(fields, of.details))
        self.reason = named(tuple(map(instructions.removed, reasons)), None, "reason") if reasons else EMPTY
        self.start, self.stop = _day(fields, of.start), _day(fields, of.stop)
        self.standing = _standing(self)
        self.told, self.texts = _texts(fields, of.told), _texts(fields, of.texts)

    def _read_value(self, value: Any, unit: Any) -> None:
        """A number with its unit, or an answer in words. A number in words with a unit of its own is a number."""
        if isinstance(value, bool):
            self.text_value = "Yes" if value else "No"
            return
        value, unit = _as_number(value, unit) if isinstance(value, str) and len(value) < 40 else (value, unit)
        self.value = _number(value)
        self.text_value = value if isinstance(value, str) else None
        self.unit = unit_of_row(str(unit)) if unit else None

    def shown(self) -> str:
        """The value as a clinician writes it."""
        return shown(self.value, self.fields.get("unit")) if self.value is not None else f"“{self.text_value}”"


_SHOWN_UNITS = {
    "mm[Hg]": "mmHg",
    "Cel": "°C",
    "[degF]": "°F",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "10*3/uL": "×10³/µL",
    "10*6/uL": "×10⁶/µL",
    "10*9/L": "×10⁹/L",
    "10*12/L": "×10¹²/L",
    "umol/L": "µmol/L",
}


def shown(value: float | None, unit: Any) -> str:
    written = "" if not unit or str(unit).startswith("{") else _SHOWN_UNITS.get(str(unit), str(unit))
    number = (
        ""
        if value is None
        else f"{value:.1f}".rstrip("0").rstrip(".")
        if abs(value) >= 10
        else f"{value:.2f}".rstrip("0").rstrip(".")
    )
    return f"{number}{'' if written == '%' or not written else ' '}{written}"


def _as_number(value: str, unit: Any) -> tuple[Any, Any]:
    """The number and the unit of "8.9 %", unless the words behind the number are no unit."""
    written = _AS_WRITTEN.fullmatch(value)
    if written and (not written[2] or written[2].lower().strip() in UNITS):
        return float(written[1]), unit or written[2]
    return value, unit


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, _NUMBERS) and not isinstance(value, bool) else None


def _texts(fields: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([str(fields[key]) for key in keys if fields.get(key)]) if keys else ()


def _day(fields: Mapping[str, Any], key: str | None) -> date | None:
    written = fields.get(key) if key else None
    return dates.of_row(written) if written else None


def _standing(row: Cited) -> str:
    """active, ended, stopped or completed; nothing where the row does not say."""
    status = str(row.fields.get("status") or "").lower()
    if status in ("active", "ongoing", "current", "in-progress", "recurrence", "relapse"):
        return "active"
    if status in ("stopped", "completed"):
        return status
    if status or row.stop:
        return "ended"
    return "active" if row.type in ("condition", "prescription", "allergy") and row.start else ""


@lru_cache(maxsize=4096)
def assay_named(names: tuple[str, ...]) -> str | None:
    """The assay that a name is, all of it up to its brackets."""
    for name in names:
        for text in (re.split(r"\[| \(|/| in (?:blood|serum|arterial|urine)| by ", name.lower())[0], name.lower()):
            words = tokens.tokens(tokens.plain(text.strip()))
            found = [p for p in (phrases_at(words, 0) if words else ()) if "assay" in p[1] and p[0] == len(words)]
            if found and found[0][1]["assay"] not in PANELS:
                return found[0][1]["assay"]
    return None
