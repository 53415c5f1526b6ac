"""The line of a section's narrative that stands for a row: all that it must say to somebody who reads nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.interchange.fhir.exported_resources import Resource, Row
from core.models import known_words, said

WORDS_MAX = 300
FLAGS = {
    "L": "low", "LL": "critically low", "H": "high", "HH": "critically high", "A": "abnormal",
    "AA": "critically abnormal",
}  # fmt: skip
# What is told of a row without a word beside it.
USUAL = {"active", "final", "completed", "confirmed"}


def words(table: str, row: Row, resource: Resource) -> str:
    """One line: what it is, how it stands, and the day."""
    told = OF_TABLE.get(table, _plain)(row, resource)
    return ", ".join(str(part) for part in told if part)[:WORDS_MAX]


def _observation(row: Row, resource: Resource) -> tuple[Any, ...]:
    value = f"{resource['code']['text']}: {_value(row, resource)}"
    return (
        value,
        FLAGS.get(row["interpretation"]),
        *_beside(row),
        _unusual(resource.get("status")),
        _day(row, "observed_at"),
    )


def _value(row: Row, resource: Resource) -> str:
    quantity = resource.get("valueQuantity")
    if quantity is None:
        return str(row["value_text"] if row["value_text"] is not None else resource.get("valueInteger", "no value"))
    return " ".join(str(quantity[part]) for part in ("comparator", "value", "unit") if part in quantity)


def _beside(row: Row) -> tuple[str | None, ...]:
    """What no reader of a value may miss: that it can't be true."""
    return (said.IMPLAUSIBLE if said.read(row["said"]).get("implausible") else None,)


def _medicine(row: Row, resource: Resource) -> tuple[Any, ...]:
    return row["medication"], row["dose"], row["frequency"], _unusual(resource["status"]), _day(row, "started_on")


def _allergy(row: Row, resource: Resource) -> tuple[Any, ...]:
    return row["substance"], row["reaction"], row["criticality"] == "high" and "high risk", *_standing(resource)


def _condition(row: Row, resource: Resource) -> tuple[Any, ...]:
    return row["name"], *_standing(resource), _day(row, "onset_on")


def _standing(resource: Resource) -> tuple[str | None, ...]:
    return tuple(_unusual(_code(resource.get(name))) for name in ("clinicalStatus", "verificationStatus"))


def _statement(row: Row, _resource: Resource) -> tuple[Any, ...]:
    return f"{known_words.statement_words(row['kind'])}: {row['text']}", row["detail"], _day(row, "stated_on")


def _note(row: Row, _resource: Resource) -> tuple[Any, ...]:
    return row["kind"], row["author"], _day(row, "written_at"), row["text"]


def _visit(row: Row, resource: Resource) -> tuple[Any, ...]:
    return row["description"], row["reason"], _day(row, "started_at")


def _plain(row: Row, _resource: Resource) -> tuple[Any, ...]:
    return (row.get("name", ""),)


OF_TABLE: Mapping[str, Callable[[Row, Resource], tuple[Any, ...]]] = {
    "observation": _observation, "prescription": _medicine, "allergy": _allergy, "condition": _condition,
    "statement": _statement, "note": _note, "visit": _visit,
}  # fmt: skip


def _unusual(status: str | None) -> str | None:
    return status if status not in USUAL else None


def _code(concept: Resource | None) -> str | None:
    codings = (concept or {}).get("coding")
    return codings[0].get("code") if codings else None


def _day(row: Row, column: str) -> str | None:
    value = said.dated(row[column], row["said"], column)
    return said.iso(value)[:10] if value is not None else None
