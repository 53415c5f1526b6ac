"""Cases from rows: for each kind of error as many true claims as false ones, seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, pairwise

from core.verification import Claim, Row
from evals import phrasing
from evals.cases import Case
from evals.phrasing import Phrase

Patients = Mapping[int, list[Row]]
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
SIDES = {"left": "right", "right": "left"}
DAYS_OFF_MAX = 400
TRIES_MAX = 400


class NoMaterial(Exception):
    """The rows hold nothing that this kind of claim could be made about."""


class _Pool:
    """Picks rows from all patients, at random."""

    def __init__(self, patients: Patients, rng: random.Random) -> None:
        self.rng = rng
        self.rows: dict[str, list[Row]] = {}
        for rows in patients.values():
            for row in rows:
                self.rows.setdefault(row.type, []).append(row)
        self.numeric = [row for row in self.rows.get("observation", ()) if _is_numeric(row)]
        self.pairs = list(_neighbours(self.numeric))

    def one(self, kind: str, wanted: Callable[[Row], object] = lambda row: True) -> Row:
        rows = self.numeric if kind == "result" else self.rows.get(kind, [])
        for _ in range(TRIES_MAX):
            if not rows:
                break
            row = self.rng.choice(rows)
            if wanted(row):
                return row
        raise NoMaterial(kind)

    def other_of(self, row: Row, kind: str, wanted: Callable[[Row], object]) -> Row:
        """Another row of the same patient."""
        rows = self.numeric if kind == "result" else self.rows.get(kind, [])
        fitting = [other for other in rows if other.patient_id == row.patient_id and wanted(other)]
        if not fitting:
            raise NoMaterial(kind)
        return self.rng.choice(fitting)

    def phrase(self) -> Phrase:
        """A true claim about any row."""
        makers = [
            (phrasing.observation, "result"),
            (phrasing.prescription, "prescription"),
            (phrasing.condition, "condition"),
        ]
        maker, kind = self.rng.choice(makers)
        return maker(self.rng, self.one(kind))


def generate(patients: Patients, *, seed: int, per_type: int) -> list[Case]:
    """`per_type` true and `per_type` false claims for each kind of error; fewer where the rows have no material."""
    cases: list[Case] = []
    for error_type, make in ERRORS.items():
        pool, numbers = _Pool(patients, random.Random(f"{seed} {error_type}")), count(1)  # noqa: S311 - no secret
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


def _is_numeric(row: Row) -> bool:
    return isinstance(row.fields.get("value"), (int, float)) and bool(row.fields.get("observed_at"))


def _neighbours(rows: Iterable[Row]) -> Iterable[tuple[Row, Row]]:
    """Results of one patient and test on different days, each with the next, that differ enough to call it a change."""
    series: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        series.setdefault((row.patient_id, row.fields.get("code") or row.fields["name"]), []).append(row)
    for results in series.values():
        results.sort(key=lambda row: row.fields["observed_at"])
        for a, b in pairwise(results):
            x, y = a.fields["value"], b.fields["value"]
            if a.fields["observed_at"][:10] != b.fields["observed_at"][:10] and abs(x - y) > 0.1 * max(abs(x), abs(y)):
                yield a, b


Made = tuple[Phrase, Phrase, str]


def _wrong_value(pool: _Pool) -> Made:
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


def _wrong_unit(pool: _Pool) -> Made:
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


def _wrong_date(pool: _Pool) -> Made:
    right = pool.phrase()
    key = next(key for key in ("date", "start") if key in right.parts)
    days = {str(value)[:10] for key, value in right.rows[0].fields.items() if key.endswith(("_on", "_at")) and value}
    true = date.fromisoformat(str(right.rows[0].fields.get("observed_at") or right.rows[0].fields.get("started_on")
                                  or right.rows[0].fields.get("onset_on"))[:10])  # fmt: skip
    while True:
        day = true + timedelta(days=pool.rng.choice((-1, 1)) * pool.rng.randint(1, DAYS_OFF_MAX))
        if day.isoformat() not in days and f"{day.year}-{day.day:02}-{day.month:02}" not in days:
            return right, right.but(**{key: phrasing.say_date(pool.rng, day.isoformat())}), "contradicted"


def _wrong_patient(pool: _Pool) -> Made:
    right = pool.phrase()
    return right, replace(right, facts={"patient_id": right.rows[0].patient_id + 1}), "contradicted"


def _wrong_row(pool: _Pool) -> Made:
    right = pool.phrase()
    row = right.rows[0]
    kind = "result" if row.type == "observation" else row.type
    name = phrasing.plain_name(row)
    other = pool.other_of(row, kind, lambda r: phrasing.plain_name(r).split()[0] != name.split()[0])
    return right, replace(right, rows=(other,)), "not_addressed"


def _negation(pool: _Pool) -> Made:
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


def _laterality(pool: _Pool) -> Made:
    right = phrasing.condition(
        pool.rng, pool.one("condition", lambda row: set(str(row.fields["name"]).lower().split()) & set(SIDES))
    )
    name = " ".join(SIDES.get(word, word) for word in right.parts["name"].split())
    return right, right.but(name=name), "contradicted"


def _invented_medicine(pool: _Pool) -> Made:
    right = phrasing.prescription(pool.rng, pool.one("prescription"))
    return right, right.but(name=pool.rng.choice(INVENTED), how=""), "not_addressed"


def _wrong_dose(pool: _Pool) -> Made:
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


def _stale_status(pool: _Pool) -> Made:
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


def _reversed_trend(pool: _Pool) -> Made:
    if not pool.pairs:
        raise NoMaterial("trend")
    right = phrasing.trend(pool.rng, *pool.rng.choice(pool.pairs))
    verb = pool.rng.choice(
        ("fell", "decreased", "dropped") if right.facts["rose"] else ("rose", "increased", "climbed")
    )
    return right, right.but(verb=verb), "contradicted"


def _wrong_interpretation(pool: _Pool) -> Made:
    row = pool.one("result", lambda r: r.fields.get("ref_low") is not None or r.fields.get("ref_high") is not None)
    low, high, value = row.fields.get("ref_low"), row.fields.get("ref_high"), row.fields["value"]
    standing = "high" if high is not None and value > high else "low" if low is not None and value < low else "normal"
    right = phrasing.interpretation(pool.rng, row, standing)
    other = pool.rng.choice([s for s in ("high", "low", "normal") if s != standing])
    return right, right.but(word=pool.rng.choice(right.facts["words"][other])), "contradicted"


ERRORS: Mapping[str, Callable[[_Pool], Made]] = {
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
}
