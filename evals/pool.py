"""All rows that claims can be made about, to pick from at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from core.verification import Row
from evals import phrasing
from evals.phrasing import Phrase

Patients = Mapping[int, list[Row]]
TRIES_MAX = 400


class NoMaterial(Exception):
    """No row is material for this kind of claim."""


class Pool:
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


def _is_numeric(row: Row) -> bool:
    return isinstance(row.fields.get("value"), (int, float)) and bool(row.fields.get("observed_at"))


def _neighbours(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
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
