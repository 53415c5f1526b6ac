"""Finding a patient, and what the top of every page about one says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core import national_id
from core.models import Allergy, Patient

PAGE_ROWS = 25
WORDS_MAX = 6
DATES = (
    ("%Y-%m-%d", re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b")),
    ("%d/%m/%Y", re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b")),
    ("%d %b %Y", re.compile(r"\b\d{1,2} [a-z]{3} \d{4}\b", re.IGNORECASE)),
    ("%d %B %Y", re.compile(r"\b\d{1,2} [a-z]{4,9} \d{4}\b", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Wanted:
    """What a search text asks for: a national id, or a birth date and the beginnings of words of a name."""

    national_id: str | None = None
    birth_on: date | None = None
    words: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """The kind of search, as the audit trail names it."""
        if self.national_id:
            return "national id"
        return " and ".join(["birth date"] * bool(self.birth_on) + ["name"] * bool(self.words)) or "nothing"


@dataclass(frozen=True)
class Cursor:
    """The last hit of a page; the next page starts after it."""

    name: str
    id: int


@dataclass(frozen=True)
class PatientHit:
    """One line of a search: enough to tell two people of one name apart."""

    id: int
    name: str
    sex: str
    birth_on: date
    deceased_on: date | None
    masked_national_id: str


@dataclass(frozen=True)
class SearchPage:
    """Hits in order of name; `next` is None on the last page."""

    hits: tuple[PatientHit, ...]
    next: Cursor | None


@dataclass(frozen=True)
class AllergyLine:
    """An allergy as a page header shows it."""

    id: int
    substance: str
    reaction: str | None
    criticality: str | None


@dataclass(frozen=True)
class PatientHeader:
    """Who the page is about."""

    id: int
    name: str
    sex: str
    birth_on: date
    deceased_on: date | None
    masked_national_id: str
    allergies: tuple[AllergyLine, ...]


def parse_search(text: str) -> Wanted:
    """Read a search text: a national id, a birth date in usual spellings, words of a name, or the last two together."""
    text = " ".join(text.replace("\x00", " ").split())
    birth_on, rest = _take_date(text)
    if re.search(r"\d{3}", rest):
        return Wanted(national_id=national_id.compact(rest))
    return Wanted(birth_on=birth_on, words=tuple(rest.lower().split()[:WORDS_MAX]))


def _take_date(text: str) -> tuple[date | None, str]:
    for layout, pattern in DATES:
        found = pattern.search(text)
        if found:
            try:
                day = datetime.strptime(found.group(), layout).date()  # noqa: DTZ007
            except ValueError:
                continue
            return day, text[: found.start()] + " " + text[found.end() :]
    return None, text


def search(session: Session, wanted: Wanted, *, after: Cursor | None = None, limit: int = PAGE_ROWS) -> SearchPage:
    """Patients that fit, by name, `limit` a page."""
    if wanted == Wanted():
        return SearchPage((), None)
    name = func.lower(Patient.name)
    query = select(Patient, name).where(*_conditions(wanted)).order_by(name, Patient.id).limit(limit + 1)
    if after is not None:
        query = query.where(name >= after.name, or_(name > after.name, Patient.id > after.id))
    rows = session.execute(query).all()
    last = rows[limit - 1] if len(rows) > limit else None
    cursor = Cursor(last[1], last[0].id) if last is not None else None
    return SearchPage(tuple(_hit(row) for row, _ in rows[:limit]), cursor)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.national_id:
        return [Patient.national_id == wanted.national_id]
    conditions: list[ColumnElement[bool]] = []
    if wanted.birth_on:
        conditions.append(Patient.birth_on == wanted.birth_on)
    name = func.lower(Patient.name)
    for word in wanted.words:
        conditions.append(or_(name.startswith(word, autoescape=True), name.contains(f" {word}", autoescape=True)))
    return conditions


def _hit(row: Patient) -> PatientHit:
    return PatientHit(row.id, row.name, row.sex, row.birth_on, row.deceased_on, national_id.mask(row.national_id))


def header(session: Session, patient_id: int) -> PatientHeader | None:
    """Who a page is about, allergies with it; None if there is no such patient."""
    row = session.get(Patient, patient_id)
    if row is None:
        return None
    query = select(Allergy).where(Allergy.patient_id == patient_id, Allergy.status == "active")
    allergies = session.scalars(query.order_by(Allergy.substance, Allergy.id))
    return PatientHeader(
        id=row.id,
        name=row.name,
        sex=row.sex,
        birth_on=row.birth_on,
        deceased_on=row.deceased_on,
        masked_national_id=national_id.mask(row.national_id),
        allergies=tuple(AllergyLine(a.id, a.substance, a.reaction, a.criticality) for a in allergies),
    )
