"""How a medicine stands that its source calls active: taken, over, or nobody knows; and when that will change."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from core.interchange.fhir import course_length
from core.interchange.fhir.bundles import dig
from core.interchange.fhir.entry import Entry
from core.models import PrescriptionStatus
from core.models.said import MONTH, YEAR


@dataclass(frozen=True)
class Course:
    """When a medicine begins and ends, as FHIR writes dates; an order may be valid for longer than its course.

    `steps` are the dosages, which may tell how long it lasts instead.
    """

    start: Any
    end: Any
    valid_until: Any
    steps: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Lapses:
    """The last days on which a medicine is taken for sure, and on which it is taken at all, as far as told."""

    sure_until: date | None
    taken_until: date | None

    def standing(self, day: date) -> PrescriptionStatus:
        """How it stands on a day."""
        if self.taken_until is not None and self.taken_until < day:
            return PrescriptionStatus.COMPLETED
        if self.sure_until is not None and self.sure_until < day:
            return PrescriptionStatus.UNKNOWN
        return PrescriptionStatus.ACTIVE

    def to_come(self, day: date) -> dict[str, str]:
        """By status, the last day before it: what will change by itself after `day`."""
        told = {PrescriptionStatus.UNKNOWN: self.sure_until, PrescriptionStatus.COMPLETED: self.taken_until}
        return {status.value: last.isoformat() for status, last in told.items() if last is not None and last >= day}


def lapses(entry: Entry, course: Course, started_on: date | None, ended_on: date | None) -> Lapses:
    """When a course ends, by its own dates or else its length, and until when somebody may give it out."""
    if course.end:
        return Lapses(None, _last_of(ended_on, entry))
    supplied = _after(started_on, course_length.supplied(entry.resource))
    # Whoever may give it out again may prolong it.
    again = dig(entry.resource, "dispenseRequest", "numberOfRepeatsAllowed")
    worded = None if again else _after(started_on, course_length.in_words(course.steps))
    doubtful = [last for last in (_last_of(ended_on, entry), supplied, worded) if last is not None]
    length = None if again else course_length.days(entry.resource, course.steps)
    return Lapses(min(doubtful, default=None), _after(started_on, length))


def _after(day: date | None, length: timedelta | None) -> date | None:
    return day + length if day is not None and length is not None else None


def _last_of(day: date | None, entry: Entry) -> date | None:
    """The last day of an end of which only the month or the year is told."""
    precision = entry.dates.partial.get("stopped_on")
    if day is None or precision not in (MONTH, YEAR):
        return day
    following = date(day.year + 1, 1, 1) if precision == YEAR else (day + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)


def today(entry: Entry) -> date:
    """The day it is where the import runs."""
    return datetime.now(entry.dates.zone).date()
