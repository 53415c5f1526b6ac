"""A source row as plain JSON fields: what agents are given, checks look at and the review page shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from core.models import known_words, said

Values = Mapping[str, Any]

# By table, each column and the name of its field, which is mostly the same.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "patient": {"name": "name", "sex": "sex", "birth_on": "birth_date", "deceased_on": "died_on"},
    "allergy": {
        name: name for name in ("substance", "reaction", "criticality", "severity", "category", "status", "recorded_on")
    },
    "condition": {name: name for name in ("name", "code", "status", "onset_on", "resolved_on")},
    "prescription": {
        name: name
        for name in (
            "medication", "dose", "frequency", "route", "instructions", "reason", "status", "started_on", "stopped_on",
        )
    },
    "visit": {
        "description": "description",
        "reason": "reason",
        "class_code": "class",
        "started_at": "started_at",
        "ended_at": "ended_at",
    },
    "note": {"kind": "kind", "text": "text", "written_at": "written_at"},
    "statement": {"detail": "detail", "stated_on": "stated_on"},
    "observation": {
        name: name for name in ("unit", "observed_at", "ref_low", "ref_high", "interpretation")
    },
}  # fmt: skip


def fields(table: str, values: Values, assay: Values | None = None, *, zone: tzinfo = UTC) -> dict[str, Any]:
    """The fields of one row; an observation needs its assay's row. Days and instants become ISO text, instants in
    `zone`, so that whoever reads the day in them reads the one that pages show.
    """
    kept = values.get("said")
    made = {field: _plain(said.dated(values[column], kept, column), zone) for column, field in COLUMNS[table].items()}
    if table == "patient" and made["died_on"] is None:
        del made["died_on"]
        made |= {"deceased": True} if said.read(kept).get("deceased") else {}
    if table == "observation" and assay is not None:
        made = _measured(values, assay, zone) | made | _marked(values)
    if table == "condition" and said.clinical(said.read(kept), values["status"]) == said.NOT_STATED:
        # Neither that it is there now nor that it is over is told.
        made["status"] = "not stated"
    if table == "statement":
        # Never without its first words: "Do not give: Ibuprofen" is the opposite of "Ibuprofen".
        made = {"statement": f"{known_words.statement_words(values['kind'])}: {values['text']}"} | made
    return made


def _measured(values: Values, assay: Values, zone: tzinfo) -> dict[str, Any]:
    number = values["value_number"]
    value = _plain(number, zone) if number is not None else values["value_text"]
    return {"name": assay["name"], "short_name": assay["short_name"], "code": assay["code"], "value": value}


def _marked(values: Values) -> dict[str, Any]:
    status = said.marks(said.read(values.get("said")))
    return {"status": status} if status else {}


def _plain(value: Any, zone: tzinfo) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date) and said.precision(value) is not None:
        return said.iso(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value
