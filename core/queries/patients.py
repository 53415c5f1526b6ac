"""Finding a patient, and the header of every page about a patient."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, not_, or_, select
from sqlalchemy.orm import Session

from core.access import care
from core.engines.folded_names import folded
from core.models import Patient, said
from core.queries.known_patient import allergy_rows, patient_row
from core.queries.letterhead import is_deceased, standing
from core.queries.patient_search import Wanted
from core.sealing import stored_national_id

Conditions = list[ColumnElement[bool]]

PAGE_ROWS = 25
# The index knows names by their pieces of three letters in a row: of "d/o" it knows none.
PIECE = re.compile(r"\w{3}")


class NoSuchPatient(LookupError):
    """There is no patient with this id; the message names it."""

    def __init__(self, patient_id: int) -> None:
        super().__init__(f"there is no patient {patient_id}")


@dataclass(frozen=True)
class Cursor:
    """The last hit of a page, and the group of hits it stands in; the next page starts after it."""

    group: int
    name: str
    id: int


@dataclass(frozen=True)
class PatientHit:
    """One line of a search: enough to tell two people of one name apart.

    Of somebody outside the reader's care that is the year of birth: sex, day and number are left out.
    """

    id: int
    name: str
    sex: str
    birth_on: date | None
    deceased_on: date | None
    is_deceased: bool
    standing: str
    masked_national_id: str
    is_in_care: bool = True


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


def search(
    session: Session, wanted: Wanted, *, reader: int, after: Cursor | None = None, limit: int = PAGE_ROWS
) -> SearchPage:
    """Patients that fit, `limit` a page, as the account `reader` may see them.

    Each group of hits is a range of one index, whatever the word.
    """
    found = _found(session, wanted, after, limit + 1)
    cursor = None
    if len(found) > limit:
        group, name, patient = found[limit - 1]
        cursor = Cursor(group, name, patient.id)
    known = _in_care(session, reader, [patient.id for _, _, patient in found[:limit]])
    return SearchPage(tuple(_hit(patient, patient.id in known) for _, _, patient in found[:limit]), cursor)


def _found(session: Session, wanted: Wanted, after: Cursor | None, most: int) -> list[tuple[int, str, Patient]]:
    """Group, folded name and patient of each hit after the cursor, at most so many."""
    found: list[tuple[int, str, Patient]] = []
    for group, conditions in enumerate(_groups(wanted)):
        if len(found) < most and (after is None or group >= after.group):
            start = after if after is not None and after.group == group else None
            rows = _in_order(session, conditions, start, most - len(found))
            found += [(group, name, patient) for patient, name in rows]
    return found


def _in_care(session: Session, reader: int, ids: Sequence[int]) -> frozenset[int]:
    known = care.in_care(reader, Patient.id, among=ids)
    return frozenset(session.scalars(select(Patient.id).where(Patient.id.in_(ids), known)))


def _in_order(
    session: Session, conditions: Conditions, after: Cursor | None, limit: int
) -> Sequence[Row[Patient, str]]:
    name = folded(Patient.name)
    query = select(Patient, name).where(*conditions).order_by(name, Patient.id).limit(limit)
    if after is not None:
        query = query.where(name >= after.name, or_(name > after.name, Patient.id > after.id))
    return session.execute(query).all()


def _groups(wanted: Wanted) -> list[Conditions]:
    """Conditions of each group: the name begins with the first word, with the second, ..., with none of them."""
    if wanted.national_id:
        by_number = [[Patient.id == wanted.number]] if wanted.number is not None else []
        return [*by_number, [stored_national_id.held(wanted.national_id)]]
    born: Conditions = [or_(*(Patient.birth_on.between(*days) for days in wanted.born))] if wanted.born else []
    if not wanted.words:
        return [born] if born else []
    return _by_words(wanted.words, born)


def _by_words(words: Sequence[str], born: Conditions) -> list[Conditions]:
    name = folded(Patient.name)
    leading = [name.startswith(word, autoescape=True) for word in words]
    within = [name.contains(word if _is_long(word) else f" {word}", autoescape=True) for word in words]
    groups: list[Conditions] = []
    for place in range(len(leading) + 1):
        others = [or_(leads, inside) for leads, inside in zip(leading[place + 1 :], within[place + 1 :], strict=True)]
        begins = leading[place : place + 1]
        groups.append([*born, *begins, *within[:place], *(not_(leads) for leads in leading[:place]), *others])
    return groups


def _is_long(word: str) -> bool:
    """Whether the index finds a word anywhere in a name: a short one is looked for where a word begins."""
    return PIECE.search(word) is not None or not word.isascii()


def _hit(row: Patient, is_in_care: bool) -> PatientHit:
    if not is_in_care:
        return PatientHit(row.id, row.name, "", _year(row.birth_on), None, False, standing(row), "", is_in_care=False)
    number = stored_national_id.masked(row.national_id_sealed)
    born, died = (said.dated(getattr(row, name), row.said, name) for name in ("birth_on", "deceased_on"))
    return PatientHit(row.id, row.name, row.sex, born, died, is_deceased(row), standing(row), number)


@dataclass(frozen=True)
class Identity:
    """What somebody is shown of a patient outside their care: enough to see who is meant."""

    id: int
    name: str
    born: date | None


def identity(session: Session, patient_id: int) -> Identity | None:
    """Who a closed record is about; None if there is no such patient."""
    row = session.get(Patient, patient_id)
    return Identity(row.id, row.name, _year(row.birth_on)) if row is not None else None


def _year(day: date | None) -> date | None:
    return said.PartialDay(day.year, 1, 1).to(said.YEAR) if day is not None else None


def header(session: Session, patient_id: int) -> PatientHeader | None:
    """Who a page is about, allergies with it; None if there is no such patient."""
    row = patient_row(session, patient_id, with_clinic=True)
    if row is None:
        return None
    return PatientHeader(
        id=row.id,
        name=row.name,
        sex=row.sex,
        birth_on=said.dated(row.birth_on, row.said, "birth_on"),
        deceased_on=said.dated(row.deceased_on, row.said, "deceased_on"),
        is_deceased=is_deceased(row),
        standing=standing(row),
        masked_national_id=stored_national_id.masked(row.national_id_sealed),
        clinic=row.clinic,
        allergies=tuple(
            AllergyLine(a.id, a.substance, a.reaction, a.criticality, "verification" in said.read(a.said))
            for a in allergy_rows(session, patient_id)
            if a.status == "active"
        ),
    )
