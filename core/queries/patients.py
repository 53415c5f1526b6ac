"""Finding a patient, and the header of every page about a patient."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, func, not_, or_, select
from sqlalchemy.orm import Session

from core.models import Allergy, Patient, said
from core.queries.hidden_visits import kept_apart
from core.queries.letterhead import is_deceased, newest_clinic, standing
from core.sealing import national_id, stored_national_id

Conditions = list[ColumnElement[bool]]

PAGE_ROWS = 25
WORDS_MAX = 6
DATES = (
    ("%Y-%m-%d", re.compile(r"\b\d{4}-\d{1,2}-\d{1,2}\b")),
    ("%d/%m/%Y", re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}\b")),
    ("%d %b %Y", re.compile(r"\b\d{1,2} [a-z]{3} \d{4}\b", re.IGNORECASE)),
    ("%d %B %Y", re.compile(r"\b\d{1,2} [a-z]{4,9} \d{4}\b", re.IGNORECASE)),
)


class NoSuchPatient(LookupError):
    """There is no patient with this id; the message names it."""

    def __init__(self, patient_id: int) -> None:
        super().__init__(f"there is no patient {patient_id}")


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
    """The last hit of a page, and the group of hits it stands in; the next page starts after it."""

    group: int
    name: str
    id: int


@dataclass(frozen=True)
class PatientHit:
    """One line of a search: enough to tell two people of one name apart."""

    id: int
    name: str
    sex: str
    birth_on: date | None
    deceased_on: date | None
    is_deceased: bool
    standing: str
    masked_national_id: str


@dataclass(frozen=True)
class SearchPage:
    """Names that begin with a wanted word first, then the others, by name; `next` is None on the last page."""

    hits: tuple[PatientHit, ...]
    next: Cursor | None


@dataclass(frozen=True)
class AllergyLine:
    """An allergy as a page header shows it."""

    id: int
    substance: str
    reaction: str | None
    criticality: str | None
    is_unconfirmed: bool = False


@dataclass(frozen=True)
class PatientHeader:
    """Who the page is about."""

    id: int
    name: str
    sex: str
    birth_on: date | None
    deceased_on: date | None
    is_deceased: bool
    standing: str
    masked_national_id: str
    clinic: str | None
    allergies: tuple[AllergyLine, ...]

    @property
    def takes_visits(self) -> bool:
        """Whether a new visit can be of this patient: not of one who has died, nor in a record that is not in use."""
        return not self.is_deceased and not self.standing


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
    """Patients that fit, `limit` a page. Each group of hits is a range of one index, whatever the word."""
    found: list[tuple[int, str, Patient]] = []
    for group, conditions in enumerate(_groups(wanted)):
        if len(found) <= limit and (after is None or group >= after.group):
            start = after if after is not None and after.group == group else None
            rows = _in_order(session, conditions, start, limit + 1 - len(found))
            found += [(group, name, patient) for patient, name in rows]
    cursor = None
    if len(found) > limit:
        group, name, patient = found[limit - 1]
        cursor = Cursor(group, name, patient.id)
    return SearchPage(tuple(_hit(patient) for _, _, patient in found[:limit]), cursor)


def _in_order(
    session: Session, conditions: Conditions, after: Cursor | None, limit: int
) -> Sequence[Row[Patient, str]]:
    name = func.lower(Patient.name)
    query = select(Patient, name).where(*conditions).order_by(name, Patient.id).limit(limit)
    if after is not None:
        query = query.where(name >= after.name, or_(name > after.name, Patient.id > after.id))
    return session.execute(query).all()


def _groups(wanted: Wanted) -> list[Conditions]:
    """Conditions of each group: the name begins with the first word, with the second, ..., with none of them."""
    if wanted.national_id:
        return [[stored_national_id.held(wanted.national_id)]]
    born = [Patient.birth_on == wanted.birth_on] if wanted.birth_on else []
    if not wanted.words:
        return [born] if born else []
    name = func.lower(Patient.name)
    leading = [name.startswith(word, autoescape=True) for word in wanted.words]
    within = [name.contains(f" {word}", autoescape=True) for word in wanted.words]
    groups: list[Conditions] = []
    for place in range(len(leading) + 1):
        others = [or_(leads, inside) for leads, inside in zip(leading[place + 1 :], within[place + 1 :], strict=True)]
        begins = leading[place : place + 1]
        groups.append([*born, *begins, *within[:place], *(not_(leads) for leads in leading[:place]), *others])
    return groups


def _hit(row: Patient) -> PatientHit:
    number = stored_national_id.masked(row.national_id_sealed)
    born, died = (said.dated(getattr(row, name), row.said, name) for name in ("birth_on", "deceased_on"))
    return PatientHit(row.id, row.name, row.sex, born, died, is_deceased(row), standing(row), number)


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
        birth_on=said.dated(row.birth_on, row.said, "birth_on"),
        deceased_on=said.dated(row.deceased_on, row.said, "deceased_on"),
        is_deceased=is_deceased(row),
        standing=standing(row),
        masked_national_id=stored_national_id.masked(row.national_id_sealed),
        clinic=newest_clinic(session, patient_id, kept_apart(session, patient_id)),
        allergies=tuple(
            AllergyLine(a.id, a.substance, a.reaction, a.criticality, "verification" in said.read(a.said))
            for a in allergies
        ),
    )
