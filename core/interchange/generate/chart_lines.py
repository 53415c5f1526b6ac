"""One patient's chart as it is written: visits in order, and what is measured, found and given at each."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from core.interchange.generate.copy_columns import NULL
from core.interchange.generate.identities import Identity
from core.interchange.generate.measured import A, Band, bands
from core.interchange.generate.places import Setting

_SOURCE = Random("strata noise")
NOISE = tuple(_SOURCE.gauss(0, 1) for _ in range(4096))


# The letter before a child's line on disk, and its table.
TABLES = {"n": "note", "o": "observation", "c": "condition", "p": "prescription"}


class Chart:
    """Writes rows for one patient. Instants are UTC text; Singapore's clinics open at 00:30 UTC.

    A visit is a list of lines: its own, `at patient_id` and what follows these columns, and its children's, each the
    letter of its table and what follows `patient_id visit_id`. A visit is known by its place among the patient's.
    """

    def __init__(self, rng: Random, patient_id: int, who: Identity, setting: Setting) -> None:
        self.visits: list[list[str]] = []
        self.days: list[date] = []
        self.allergies: list[str] = []
        self.rng, self.patient_id, self.who = rng, patient_id, who
        self.draw = rng.random
        self.build = rng.random()
        self._assay_ids, self._today = setting.assay_ids, setting.as_of.isoformat()
        self.day = who.birth_on
        self.day_text = self.at = ""
        self.age = 0
        self.author = ""
        self._bands: tuple[Band, ...] = ()
        self._lines: list[str] = []

    def noise(self) -> float:
        """A draw from the normal distribution."""
        return NOISE[int(self.draw() * 4096)]

    @property
    def visit(self) -> int:
        """The place of the visit that is open."""
        return len(self.visits) - 1

    def open_visit(self, day: date, place: tuple[int, int, str], title: str, reason: str) -> None:
        """Begin a visit at a clinic, `place` being clinic, practitioner and the practitioner's name."""
        born = self.who.birth_on
        self.day, self.day_text = day, day.isoformat()
        self.age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        self._bands = bands(self.who.sex, max(self.age, 0))
        minute, length = 30 + int(self.draw() * 530), 8 + int(self.draw() * 25)
        self.at = f"{self.day_text} {minute // 60:02}:{minute % 60:02}:00+00"
        end = f"{self.day_text} {(minute + length) // 60:02}:{(minute + length) % 60:02}:00+00"
        clinic_id, practitioner_id, self.author = place
        self.days.append(day)
        self._lines = [
            f"{self.at}\t{self.patient_id}\t{clinic_id}\t{practitioner_id}\tAMB\tfinished\t{title}\t{reason}\t{self.at}"
            f"\t{end}\t1"
        ]
        self.visits.append(self._lines)

    def observe(self, assay: A, value: float, places: int = 1) -> str:
        """Record a value; gives it as shown."""
        shown = f"{value:.{places}f}"
        band = self._bands[assay]
        self._lines.append(
            f"o{self._assay_ids[assay]}\t{shown}\t{band.columns}\t{band.interpret(float(shown))}\t{self.at}\t1"
        )
        return shown

    def note(self, *sentences: str) -> None:
        """Write the visit's note, one sentence a line."""
        text = "\\n".join(sentence for sentence in sentences if sentence)
        self._lines.append(f"nProgress note\t{self.author}\t{text}\t{self.at}\t1")

    def condition(self, code: str, name: str, onset: str, resolved: str | None = None) -> None:
        """Find a problem at this visit; days are ISO text."""
        status = "active" if resolved is None else "resolved"
        self._lines.append(f"c{code}\t{name}\t{status}\t{onset}\t{resolved or NULL}\t1")

    def allergy(self, columns: str, recorded_on: str) -> None:
        """Note an allergy; `columns` run from code to status."""
        self.allergies.append(f"{self.patient_id}\t{columns}\t{recorded_on}\t1\n")

    def prescribe(self, medicine: str, reason: str, started: tuple[int, str], stopped: str | None, status: str) -> None:
        """Order a medicine, `medicine` being its columns from code to instructions, `started` the visit and day."""
        visit, started_on = started
        self.visits[visit].append(f"p{medicine}\t{reason}\t{status}\t{started_on}\t{stopped or NULL}\t1")

    def course(self, medicine: str, reason: str, days: int) -> None:
        """Order a medicine for some days; it is still taken if they reach beyond the end of the story."""
        ends, started = (self.day + timedelta(days=days)).isoformat(), (self.visit, self.day_text)
        if ends < self._today:
            self.prescribe(medicine, reason, started, ends, "completed")
        else:
            self.prescribe(medicine, reason, started, None, "active")


def medicine(code: str, name: str, dose: str, frequency: str, instructions: str, *, route: str = "by mouth") -> str:
    """A medicine's columns, from code to instructions."""
    return "\t".join((code, name, dose, frequency, route, instructions))
