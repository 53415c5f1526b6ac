"""Cases from rows: for each kind of error as many true claims as false ones, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any

from core.verification import Claim, Row
from evals import phrasing
from evals.cases import Case
from evals.phrasing import Phrase
from evals.pool import TRIES_MAX, NoMaterial, Patients, Pool

WRONG_UNITS = ("%", "mmol/L", "mg/dL", "g/L", "mmHg", "kg", "U/L")
INVENTED = (
    "Digoxin",
    "Rivaroxaban",
    "Prednisolone",
    "Levothyroxine",
    "Sertraline",
    "Insulin glargine",
    "Colchicine",
    "Tamsulosin",
)
OFTEN = ("once daily", "twice daily", "three times a day", "four times a day", "once a week")
# Wordings that mean the same: one in place of another makes no false claim.
OFTEN_ALIKE = {
    often: {"once daily", "daily", "at night", "every morning"}
    for often in ("once daily", "daily", "at night", "every morning")
}
SIDES = {"left": "right", "right": "left"}
DAYS_OFF_MAX = 400


def generate(patients: Patients, *, seed: int, per_type: int) -> list[Case]:
    """`per_type` true and `per_type` false claims for each kind of error; fewer where the rows have no material."""
    cases: list[Case] = []
    for error_type, make in ERRORS.items():
        pool, numbers = Pool(patients, random.Random(f"{seed} {error_type}")), count(1)  # noqa: S311 - no secret
        made: list[Case] = []
        for _ in range(TRIES_MAX + per_type):
            if len(made) == 2 * per_type:
                break
            try:
                right, wrong, label = make(pool)
            except NoMaterial:
                continue
            n = next(numbers)
            made.append(_case(f"{error_type}-{n}-right", right, "supported", None))
            made.append(_case(f"{error_type}-{n}-wrong", wrong, label, error_type))
        cases += made
    return cases


def _case(case_id: str, phrase: Phrase, label: str, error_type: str | None) -> Case:
    patient_id = phrase.facts.get("patient_id", phrase.rows[0].patient_id)
    claim = Claim(_sentence(phrase.text()), tuple(row.ref for row in phrase.rows), patient_id)
    return Case(case_id, phrase.rows, claim, label, error_type)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


Made = tuple[Phrase, Phrase, str]


def _wrong_value(pool: Pool) -> Made:
    right = phrasing.observation(pool.rng, pool.one("result", lambda row: row.fields["value"]))
    value = right.rows[0].fields["value"]
    factor = pool.rng.choice((0.5, 0.8, 0.9, 1.1, 1.25, 2))
    decimals = len(right.parts["value"].partition(".")[2])
    other = round(value * factor, decimals)
    return (
        right,
        right.but(value=phrasing.say_number(other if other != value else value + 10**-decimals)),
        "contradicted",
    )


def _wrong_unit(pool: Pool) -> Made:
    right = phrasing.observation(
        pool.rng, pool.one("result", lambda row: phrasing.say_unit(pool.rng, row.fields.get("unit")))
    )
    said = right.rows[0].fields["unit"]
    return (
        right,
        right.but(unit=" " + pool.rng.choice([unit for unit in WRONG_UNITS if not _same_unit(unit, said)])),
        "contradicted",
    )


def _same_unit(a: str, b: str) -> bool:
    return a.lower() == b.lower().replace("[", "").replace("]", "")


def _wrong_date(pool: Pool) -> Made:
    right = pool.phrase()
    key = next(key for key in ("date", "start") if key in right.parts)
    fields = right.rows[0].fields
    days = _days(fields)
    said = next(fields[name] for name in ("observed_at", "started_on", "onset_on") if fields.get(name))
    true = date.fromisoformat(str(said)[:10])
    while True:
        day = true + timedelta(days=pool.rng.choice((-1, 1)) * pool.rng.randint(1, DAYS_OFF_MAX))
        if day.isoformat() not in days and f"{day.year}-{day.day:02}-{day.month:02}" not in days:
            return right, right.but(**{key: phrasing.say_date(pool.rng, day.isoformat())}), "contradicted"


def _days(fields: Mapping[str, Any]) -> set[str]:
    return {str(value)[:10] for name, value in fields.items() if name.endswith(("_on", "_at")) and value}


def _wrong_patient(pool: Pool) -> Made:
    right = pool.phrase()
    return right, replace(right, facts={"patient_id": right.rows[0].patient_id + 1}), "contradicted"


def _wrong_row(pool: Pool) -> Made:
    right = pool.phrase()
    row = right.rows[0]
    kind = "result" if row.type == "observation" else row.type
    name = phrasing.plain_name(row)
    other = pool.other_of(row, kind, lambda r: phrasing.plain_name(r).split()[0] != name.split()[0])
    return right, replace(right, rows=(other,)), "not_addressed"


def _negation(pool: Pool) -> Made:
    if pool.rng.random() < 0.5:
        right = phrasing.allergy(pool.rng, pool.one("allergy"))
        templates: tuple[str, ...] = (
            "The patient is not allergic to {name}.",
            "No allergy to {name}.",
            "No known drug allergies.",
        )
    else:
        right = phrasing.condition(pool.rng, pool.one("condition", lambda row: not row.fields.get("resolved_on")))
        templates = ("The patient does not have {name}.", "No evidence of {name}.", "There is no history of {name}.")
    return right, replace(right, template=pool.rng.choice(templates)), "contradicted"


def _laterality(pool: Pool) -> Made:
    right = phrasing.condition(
        pool.rng, pool.one("condition", lambda row: set(str(row.fields["name"]).lower().split()) & set(SIDES))
    )
    name = " ".join(SIDES.get(word, word) for word in right.parts["name"].split())
    return right, right.but(name=name), "contradicted"


def _invented_medicine(pool: Pool) -> Made:
    right = phrasing.prescription(pool.rng, pool.one("prescription"))
    return right, right.but(name=pool.rng.choice(INVENTED), how=""), "not_addressed"


def _wrong_dose(pool: Pool) -> Made:
    right = phrasing.prescription(pool.rng, pool.one("prescription", lambda row: _dose(row) is not None))
    number = _dose(right.rows[0])
    other = phrasing.say_number(float(number or 0) * pool.rng.choice((2, 4, 0.5, 10)))
    parts = {key: _swap(right.parts[key], number or "", other) for key in ("name", "how")}
    return right, right.but(**parts), "contradicted"


def _dose(row: Row) -> str | None:
    words = f"{row.fields['medication']} {row.fields.get('dose') or ''}".split()
    return next(
        (a for a, b in pairwise(words) if a.replace(".", "").isdigit() and b.lower() in ("mg", "mcg", "g")), None
    )


def _swap(text: str, number: str, other: str) -> str:
    return " ".join(other if word == number else word for word in text.split(" "))


def _stale_status(pool: Pool) -> Made:
    kind = pool.rng.choice(("prescription", "condition"))
    maker = phrasing.prescription if kind == "prescription" else phrasing.condition
    right = maker(pool.rng, pool.one(kind))
    over = "stop" in right.parts
    templates = {
        ("prescription", True): ("The patient currently takes {name}.", "{name} is active.", "{name} is ongoing."),
        ("prescription", False): ("{name} was stopped.", "{name} is no longer taken.", "{name} has been completed."),
        ("condition", True): ("{name} is active.", "The patient currently has {name}.", "Ongoing {name}."),
        ("condition", False): ("{name} has resolved.", "Resolved: {name}.", "{name} is no longer active."),
    }[kind, over]
    return right, replace(right, template=pool.rng.choice(templates)), "contradicted"


def _reversed_trend(pool: Pool) -> Made:
    if not pool.pairs:
        raise NoMaterial("trend")
    right = phrasing.trend(pool.rng, *pool.rng.choice(pool.pairs))
    verb = pool.rng.choice(
        ("fell", "decreased", "dropped") if right.facts["rose"] else ("rose", "increased", "climbed")
    )
    return right, right.but(verb=verb), "contradicted"


def _wrong_interpretation(pool: Pool) -> Made:
    row = pool.one("result", lambda r: r.fields.get("ref_low") is not None or r.fields.get("ref_high") is not None)
    low, high, value = row.fields.get("ref_low"), row.fields.get("ref_high"), row.fields["value"]
    standing = "high" if high is not None and value > high else "low" if low is not None and value < low else "normal"
    right = phrasing.interpretation(pool.rng, row, standing)
    other = pool.rng.choice([s for s in ("high", "low", "normal") if s != standing])
    return right, right.but(word=pool.rng.choice(right.facts["words"][other])), "contradicted"


def _wrong_count(pool: Pool) -> Made:
    row = pool.one("result")
    code = row.fields.get("code") or row.fields["name"]
    series = [r for r in pool.numeric if r.patient_id == row.patient_id
              and (r.fields.get("code") or r.fields["name"]) == code]  # fmt: skip
    right = phrasing.count_of(pool.rng, pool.rng.sample(series, min(len(series), pool.rng.randint(2, 6))))
    many = len(right.rows)
    return right, right.but(many=phrasing.say_count(pool.rng, many + pool.rng.choice((-1, 1, 2, 3)))), "contradicted"


def _wrong_duration(pool: Pool) -> Made:
    kind, maker = pool.rng.choice((("prescription", phrasing.course), ("condition", phrasing.illness)))
    right = maker(pool.rng, pool.one(kind, phrasing.has_length))
    many, unit = right.facts["length"]
    other = phrasing.say_length(pool.rng, max(1, round(many * pool.rng.choice((0.5, 1.6, 2, 3)))), unit)
    if other.split()[0] == right.parts["length"].split()[0]:
        raise NoMaterial("duration")
    return right, right.but(length=other), "contradicted"


def _wrong_frequency(pool: Pool) -> Made:
    right = phrasing.prescription(pool.rng, pool.one("prescription", lambda row: row.fields.get("frequency")))
    said = right.rows[0].fields["frequency"]
    other = pool.rng.choice([often for often in OFTEN if often not in OFTEN_ALIKE.get(said, {said})])
    how = right.parts["how"].replace(said, other)
    if other == said or how == right.parts["how"]:
        raise NoMaterial("frequency")
    return right, right.but(how=how), "contradicted"


ERRORS: Mapping[str, Callable[[Pool], Made]] = {
    "wrong_value": _wrong_value,
    "wrong_unit": _wrong_unit,
    "wrong_date": _wrong_date,
    "wrong_patient": _wrong_patient,
    "wrong_row": _wrong_row,
    "negation": _negation,
    "laterality": _laterality,
    "invented_medicine": _invented_medicine,
    "wrong_dose": _wrong_dose,
    "stale_status": _stale_status,
    "reversed_trend": _reversed_trend,
    "wrong_interpretation": _wrong_interpretation,
    "wrong_count": _wrong_count,
    "wrong_duration": _wrong_duration,
    "wrong_frequency": _wrong_frequency,
}
