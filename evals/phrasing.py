"""True claims about rows, in words a report might use. Each gives its text in parts that an error can replace."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from core.verification import Row

SAY_NAME = {
    "4548-4": ("HbA1c", "A1c", "Glycated haemoglobin", "Haemoglobin A1c"),
    "62238-1": ("eGFR",),
    "33914-3": ("eGFR",),
    "8480-6": ("Systolic blood pressure", "Systolic BP"),
    "8462-4": ("Diastolic blood pressure",),
    "29463-7": ("Body weight", "Weight"),
    "18262-6": ("LDL cholesterol", "LDL"),
    "2085-9": ("HDL cholesterol",),
    "6690-2": ("White cell count", "WBC"),
    "8867-4": ("Heart rate", "Pulse"),
    "2708-6": ("Oxygen saturation", "SpO2"),
    "718-7": ("Haemoglobin", "Hb"),
    "777-3": ("Platelet count", "Platelets"),
}
SAY_UNIT = {
    "mm[Hg]": ("mmHg", "mm[Hg]"),
    "10*3/uL": ("x10^3/uL", "10*3/uL", "x10^9/L"),
    "/min": ("/min", "per minute"),
    "Cel": ("°C",),
    "umol/L": ("umol/L", "µmol/L"),
    "mL/min/{1.73_m2}": ("mL/min/1.73 m2", "mL/min"),
    "kg/m2": ("kg/m2", "kg/m²"),
}
OBSERVATION = (
    "{name} was {value}{unit} on {date}.",
    "On {date}, {name} was {value}{unit}.",
    "{name} {value}{unit} ({date}).",
    "The {name} measured on {date} was {value}{unit}.",
    "{name} of {value}{unit} was recorded on {date}.",
)
DATES = ("{d.day} {d:%B %Y}", "{d.day} {d:%b %Y}", "{d:%Y-%m-%d}", "{d:%B} {d.day}, {d.year}", "{d:%d/%m/%Y}")


@dataclass(frozen=True)
class Phrase:
    """A true claim: `template` filled with `parts` speaks of `rows` and cites them all."""

    template: str
    parts: Mapping[str, str]
    rows: tuple[Row, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        return self.template.format(**self.parts)

    def but(self, **parts: str) -> Phrase:
        return replace(self, parts={**self.parts, **parts})


def say_date(rng: random.Random, day: str) -> str:
    return rng.choice(DATES).format(d=date.fromisoformat(day[:10]))


def say_number(value: float) -> str:
    return f"{value:g}" if abs(value) < 100000 else f"{value:.0f}"


def name_of(rng: random.Random, row: Row) -> str:
    known = SAY_NAME.get(row.fields.get("code") or "")
    return rng.choice(known) if known else plain_name(row)


def plain_name(row: Row) -> str:
    """A row's name as a person says it: without the method in brackets and the terminology's label."""
    name = str(
        next(row.fields[key] for key in ("name", "medication", "substance", "description") if row.fields.get(key))
    )
    for cut in (" [", " (", "/"):
        if row.type != "prescription":
            name = name.split(cut, maxsplit=1)[0]
    return name.replace("  ", " ")


def say_unit(rng: random.Random, unit: str | None) -> str:
    if not unit or unit.startswith("{") or unit in ("[pH]", "a", "n/a"):
        return ""
    said = rng.choice(SAY_UNIT.get(unit, (unit,)))
    return said if said == "%" and rng.random() < 0.5 else " " + said


def observation(rng: random.Random, row: Row) -> Phrase:
    parts = {
        "name": name_of(rng, row),
        "value": say_number(row.fields["value"]),
        "unit": say_unit(rng, row.fields.get("unit")),
        "date": say_date(rng, row.fields["observed_at"]),
    }
    return Phrase(rng.choice(OBSERVATION), parts, (row,))


def trend(rng: random.Random, earlier: Row, later: Row) -> Phrase:
    a, b = earlier.fields["value"], later.fields["value"]
    parts = {
        "name": name_of(rng, earlier),
        "first": say_number(a),
        "last": say_number(b),
        "unit": say_unit(rng, earlier.fields.get("unit")),
        "verb": rng.choice(("rose", "increased", "climbed") if b > a else ("fell", "decreased", "dropped")),
        "from": say_date(rng, earlier.fields["observed_at"]),
        "to": say_date(rng, later.fields["observed_at"]),
    }
    template = rng.choice(
        (
            "{name} {verb} from {first}{unit} on {from} to {last}{unit} on {to}.",
            "{name} {verb} from {first} to {last}{unit}.",
            "Between {from} and {to}, {name} {verb} from {first} to {last}{unit}.",
            "{name} has {verb} to {last}{unit} on {to}.".replace("has ", ""),
        )
    )
    return Phrase(template, parts, (earlier, later), {"rose": b > a})


def interpretation(rng: random.Random, row: Row, standing: str) -> Phrase:
    words = {
        "high": ("high", "elevated", "above the reference range"),
        "low": ("low", "below the reference range"),
        "normal": ("normal", "within the reference range", "within normal limits"),
    }
    parts = {
        "name": name_of(rng, row),
        "value": say_number(row.fields["value"]),
        "unit": say_unit(rng, row.fields.get("unit")),
        "word": rng.choice(words[standing]),
    }
    template = rng.choice(("{name} was {word} at {value}{unit}.", "{name} was {value}{unit}, which is {word}."))
    return Phrase(template, parts, (row,), {"words": words, "standing": standing})


def prescription(rng: random.Random, row: Row) -> Phrase:
    fields = row.fields
    parts = {"name": plain_name(row), "start": say_date(rng, fields["started_on"]), "how": ""}
    if fields.get("dose"):
        parts["how"] = f" {fields['dose']}{' ' + fields['frequency'] if fields.get('frequency') else ''}"
    if fields.get("stopped_on"):
        parts["stop"] = say_date(rng, fields["stopped_on"])
        templates: tuple[str, ...] = (
            "{name}{how} was taken from {start} to {stop}.",
            "{name}{how} was taken from {start} to {stop} and is no longer taken.",
            "{name}{how}, started on {start}, is no longer taken.",
        )
    else:
        templates = (
            "The patient takes {name}{how}, started on {start}.",
            "{name}{how} is active since {start}.",
            "Current medicine: {name}{how} (since {start}).",
            "{name}{how} was started on {start} and is ongoing.",
        )
    return Phrase(rng.choice(templates), parts, (row,))


def condition(rng: random.Random, row: Row) -> Phrase:
    fields = row.fields
    parts = {"name": plain_name(row), "start": say_date(rng, fields["onset_on"])}
    if fields.get("resolved_on"):
        parts["stop"] = say_date(rng, fields["resolved_on"])
        templates: tuple[str, ...] = (
            "{name} began on {start} and resolved on {stop}.",
            "{name}, diagnosed on {start}, has resolved.",
            "{name} lasted from {start} to {stop}.",
        )
    else:
        templates = (
            "The patient has {name}, diagnosed on {start}.",
            "{name} has been active since {start}.",
            "Active condition: {name} (onset {start}).",
        )
    return Phrase(rng.choice(templates), parts, (row,))


def say_count(rng: random.Random, many: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return rng.choice((words[many], str(many))) if 0 < many < len(words) else str(many)


def count_of(rng: random.Random, results: Sequence[Row]) -> Phrase:
    """How many of one test's results are cited."""
    rows = tuple(sorted(results, key=lambda row: str(row.fields["observed_at"])))
    parts = {
        "name": name_of(rng, rows[0]),
        "many": say_count(rng, len(rows)),
        "from": say_date(rng, rows[0].fields["observed_at"]),
        "to": say_date(rng, rows[-1].fields["observed_at"]),
    }
    templates = (
        "{name} was measured {many} times between {from} and {to}.",
        "{many} results of {name}, from {from} to {to}.",
        "{name} has been checked {many} times since {from}.",
    )
    return Phrase(rng.choice(templates), parts, rows)


def say_length(rng: random.Random, many: int, unit: str) -> str:
    return f"{say_count(rng, many)} {unit}{'' if many == 1 else 's'}"


def has_length(row: Row) -> bool:
    return _length(row) is not None


def _length(row: Row) -> tuple[int, str] | None:
    """The time from start to end in the largest unit that divides it with almost no rest."""
    ends = [row.fields.get(key) for key in ("started_on", "onset_on", "stopped_on", "resolved_on")]
    days = [date.fromisoformat(str(end)[:10]) for end in ends if end]
    if len(days) < 2:
        return None
    lasted = (days[1] - days[0]).days
    for unit, size in (("year", 365.25), ("month", 30.44), ("week", 7.0), ("day", 1.0)):
        many = round(lasted / size)
        if many >= 2 and abs(lasted - many * size) <= 0.04 * size:
            return many, unit
    return None


def course(rng: random.Random, row: Row) -> Phrase:
    """How long a medicine was taken."""
    return _lasting(rng, row, ("{name} was taken for {length}.", "{name}, started on {start}, was taken for {length}."))


def illness(rng: random.Random, row: Row) -> Phrase:
    """How long a condition lasted."""
    return _lasting(rng, row, ("{name} lasted {length}.", "{name} resolved {length} after its onset on {start}."))


def _lasting(rng: random.Random, row: Row, templates: Sequence[str]) -> Phrase:
    length = _length(row)
    if length is None:
        raise ValueError(f"{row.ref} has no length that can be said in whole units")
    start = row.fields.get("started_on") or row.fields["onset_on"]
    parts = {"name": plain_name(row), "start": say_date(rng, start), "length": say_length(rng, *length)}
    return Phrase(rng.choice(templates), parts, (row,), {"length": length})


def allergy(rng: random.Random, row: Row) -> Phrase:
    parts = {"name": plain_name(row).lower(), "date": say_date(rng, row.fields["recorded_on"])}
    templates = (
        "The patient is allergic to {name}.",
        "Allergy to {name}, recorded on {date}.",
        "{name} allergy was recorded on {date}.",
    )
    return Phrase(rng.choice(templates), parts, (row,))


def visit(rng: random.Random, row: Row) -> Phrase:
    parts = {"name": plain_name(row), "date": say_date(rng, row.fields["started_at"])}
    return Phrase(rng.choice(("{name} on {date}.", "A visit took place on {date}: {name}.")), parts, (row,))
