"""Correcting a record: an edit, an addendum, entered in error, written anew, and undoing that. Old versions are kept.

Each raises PermissionDenied, NoSuchRow, ColdUnavailable when only a silent archive can tell what the row says, and
BadReason, InvalidInput or NotNow for what can't be done as asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import authorship, care, permissions
from core.access.permissions import Actor, Right
from core.models import Correction, CorrectionKind, Note, Patient, Visit, utc_now
from core.picture import upkeep as picture
from core.services import corrected_values, sent_forms
from core.services.care import reason_in_words
from core.services.input import Faults
from core.services.visit_rows import NOTE_LIMIT
from core.sources import find, references
from core.sources.find import Source
from core.stores import counted
from core.stores.archived import ColdUnavailable

NAMES = {
    "visit": "visit", "note": "note", "observation": "result", "prescription": "medicine", "condition": "problem",
    "allergy": "allergy", "statement": "statement",
}  # fmt: skip
ADDENDUM = "Addendum"
TAKEN_BACK = "The system that it came from took it back."


class NoSuchRow(LookupError):
    """The patient has no such row, or it is of a kind that is not corrected here."""


class NotNow(ValueError):
    """This can't be done to the row as it stands; the message says what can."""


@dataclass(frozen=True)
class _Row:
    """A row of a patient in the account's care, the patient's record locked."""

    source: Source
    table: str
    id: int
    visit_id: int | None
    is_out: bool

    @property
    def name(self) -> str:
        return NAMES[self.table]

    @property
    def patient_id(self) -> int:
        patient_id: int = self.source.values["patient_id"]
        return patient_id


def edit(
    session: Session, *, patient_id: int, ref: str, typed: Mapping[str, str], version: int, reason: str, by: Actor
) -> None:
    """Change a hot row that its author wrote within the last hours; `version` is the one that the author saw."""
    row, words = _row(session, patient_id, ref, by), reason_in_words(reason)
    if row.table not in corrected_values.FIELDS or _standing(session, row, by).edit_until is None:
        raise permissions.PermissionDenied(f"You are not allowed to edit this {row.name} now: {_instead(row)}")
    _check_stands(row, version)
    if row.source.store != "hot":
        raise NotNow(f"This {row.name} is in the archive: {_instead(row)}.")
    if row.table == "observation" and corrected_values.is_other_test(row.source.values, typed):
        _write_anew(session, row, typed, words, by)
        return
    before = corrected_values.change(session, row.table, row.id, typed, by=by)
    if row.table == "observation":
        picture.refresh(session, patient_id, observation_ids=[row.id])
    _keep(session, row, CorrectionKind.EDIT, words, by, before=corrected_values.as_text(before))
    if "started_at" in before:
        _move_along(session, row, before["started_at"], words, by)
    _record(session, "edited", row, words, by)


def write_anew(
    session: Session, *, patient_id: int, ref: str, typed: Mapping[str, str], version: int, reason: str, by: Actor
) -> int:
    """Take out a row of whatever tier, author and age, and write another in its place that says what was typed.

    Both are kept, each naming the other; `version` is the one that the writer saw. Gives the new row's id.
    """
    row, words = _row(session, patient_id, ref, by), reason_in_words(reason)
    _may_take_out(session, row, by)
    if row.table not in corrected_values.ANEW:
        raise NotNow(f"A {row.name} is not written anew: {_instead(row)}.")
    _check_stands(row, version)
    return _write_anew(session, row, typed, words, by)


def add(session: Session, *, patient_id: int, ref: str, text: str, by: Actor, token: str = "") -> int:
    """Write an addendum to a row of whatever tier and age: a note at the same visit. Gives the note's id.

    A form with a token, made once per form, makes one addendum however often it is sent. Raises SavedBefore too.
    """
    row, faults = _row(session, patient_id, ref, by), Faults()
    words = faults.text("text", text, limit=NOTE_LIMIT)
    if not words:
        faults.add("text", "Write what is to be added.")
    faults.check()
    if row.is_out:
        raise NotNow(f"This {row.name} was entered in error: undo that first.")
    key = f"{by.id}:{ref}:{token}"
    ledger = sent_forms.entry(session, key, makes="note", content_hash=sent_forms.hash_of(words)) if token else None
    if ledger is not None and ledger.row_id:
        return ledger.row_id
    kind = ADDENDUM if row.visit_id is not None else f"{ADDENDUM} to a {row.name}"
    note = Note(
        patient_id=patient_id, visit_id=row.visit_id, kind=kind, author=by.name, text=words, written_at=utc_now()
    )
    session.add(note)
    session.flush()
    if ledger is not None:
        ledger.row_id = note.id
    _keep(session, row, CorrectionKind.ADDENDUM, ADDENDUM, by, note_id=note.id)
    _record(session, "added_to", row, None, by)
    return note.id


def mark_error(
    session: Session, *, patient_id: int, ref: str, reason: str, by: Actor, version: int | None = None
) -> None:
    """Let a row count no longer, of whatever tier; with a visit goes what was written at it.

    `version` is the one that the account saw, if it was shown one.
    """
    row, words = _row(session, patient_id, ref, by), reason_in_words(reason)
    _may_take_out(session, row, by)
    if row.is_out:
        raise NotNow(f"This {row.name} was marked as entered in error before.")
    if version is not None:
        _check_stands(row, version)
    _keep(session, row, CorrectionKind.ERROR, words, by)
    _leave_out(session, row)
    _record(session, "entered_in_error", row, words, by)


def reinstate(session: Session, *, patient_id: int, ref: str, reason: str, by: Actor) -> None:
    """Undo an entered-in-error: the row counts again."""
    row, words = _row(session, patient_id, ref, by), reason_in_words(reason)
    _may_take_out(session, row, by)
    mine = (Correction.row_type == row.table, Correction.row_id == row.id, Correction.in_force)
    errors = session.scalars(select(Correction).where(Correction.patient_id == patient_id, *mine)).all()
    if not errors and row.is_out:
        raise NotNow(f"This {row.name} was taken out with its visit: undo that at the visit.")
    if not errors:
        raise NotNow(f"This {row.name} counts: there is nothing to undo.")
    if any(_stands(session, row, error.replaced_by_id) for error in errors):
        raise NotNow(f"Another {row.name} stands in its place: mark that one as entered in error first.")
    for error in errors:
        error.in_force = False
    _keep(session, row, CorrectionKind.UNDONE, words, by)
    if row.table == "observation":
        picture.read_again(session, patient_id, [row.source.values["assay_id"]])
    elif row.table == "visit":
        picture.read_again(session, patient_id, None)
    _record(session, "reinstated", row, words, by)


def take_back(session: Session, *, ref: str) -> bool:
    """Let an archived row count no longer that its source takes back; False if no store that answers has it."""
    table, row_id = references.parse_ref(ref)
    try:
        source = find.rows(session, [ref]).get(ref) if table in find.ARCHIVED_TABLES else None
    except ColdUnavailable:
        return False
    if source is None:
        return False
    row = _Row(source, table, row_id, source.values.get("visit_id"), is_out=False)
    _keep(session, row, CorrectionKind.ERROR, TAKEN_BACK, None)
    _leave_out(session, row)
    audit.record(session, "import.retracted", by=None, target=ref)
    return True


def _row(session: Session, patient_id: int, ref: str, by: Actor) -> _Row:
    """The row, its patient locked: of two corrections one waits, and so does one for a signature."""
    permissions.check(by, Right.VISIT_WRITE)
    care.check(session, by, patient_id)
    table, _, number = ref.partition(":")
    if table not in NAMES or not number.isdecimal():
        raise NoSuchRow(ref)
    session.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
    source = find.rows(session, [ref], with_errors=True).get(ref)
    if source is None or source.values["patient_id"] != patient_id:
        raise NoSuchRow(ref)
    row_id = int(number)
    # An allergy belongs to no visit.
    visit_id: int | None = source.values["id"] if table == "visit" else source.values.get("visit_id")
    if visit_id in care.hidden_visits(session, by.id, patient_id):
        raise care.NotInCare(patient_id, visit_id=visit_id)
    is_out = counted.entered_in_error(session, [patient_id]).has(table, row_id, visit_id)
    return _Row(source, table, row_id, visit_id, is_out)


def _check_stands(row: _Row, version: int) -> None:
    if row.is_out:
        raise NotNow(f"This {row.name} was entered in error: undo that first.")
    if row.source.values["version"] != version:
        raise NotNow(f"This {row.name} was changed since you opened the page. See what it says now.")


def _instead(row: _Row) -> str:
    """What can be done to a row that can't be changed in its place."""
    return "write it anew, or an addendum to it" if row.table in corrected_values.ANEW else "write an addendum to it"


def _write_anew(session: Session, row: _Row, typed: Mapping[str, str], words: str, by: Actor) -> int:
    new = corrected_values.anew(session, row.table, row.source.values, typed, by=by)
    _keep(session, row, CorrectionKind.ERROR, words, by, replaced_by_id=new.id)
    if row.table == "observation":
        picture.refresh(session, row.patient_id, observation_ids=[row.id, new.id])
    _record(session, "written_anew", row, words, by)
    made: int = new.id
    return made


def _move_along(session: Session, row: _Row, was: datetime, words: str, by: Actor) -> None:
    """What was written with the visit is of the visit's time: it moves with it, each row with its own correction."""
    moved = corrected_values.moved_along(session, session.get_one(Visit, row.id), was)
    for table, row_id, before in moved:
        one = replace(row, table=table, id=row_id)
        _keep(session, one, CorrectionKind.EDIT, words, by, before=corrected_values.as_text(before))
    results = [row_id for table, row_id, _ in moved if table == "observation"]
    if results:
        picture.refresh(session, row.patient_id, observation_ids=results)


def _stands(session: Session, row: _Row, other_id: int | None) -> bool:
    """Whether the row that was written in its place counts."""
    if other_id is None:
        return False
    return not counted.entered_in_error(session, [row.patient_id]).has(row.table, other_id, row.visit_id)


def _standing(session: Session, row: _Row, by: Actor) -> authorship.Standing:
    return authorship.standing(
        session, by, patient_id=row.patient_id, table=row.table, row_id=row.id, visit_id=row.visit_id
    )


def _may_take_out(session: Session, row: _Row, by: Actor) -> None:
    if not _standing(session, row, by).takes_out:
        raise permissions.PermissionDenied(f"You are not allowed to {Right.OTHERS_CORRECT}")


def _leave_out(session: Session, row: _Row) -> None:
    if row.table == "observation":
        picture.refresh(session, row.patient_id, observation_ids=[row.id])
    elif row.table == "visit":
        picture.refresh_visit(session, row.patient_id, row.id)


def _keep(session: Session, row: _Row, kind: CorrectionKind, reason: str, by: Actor | None, **more: Any) -> None:
    session.add(
        Correction(
            patient_id=row.patient_id,
            visit_id=row.visit_id,
            row_type=row.table,
            row_id=row.id,
            kind=kind,
            in_force=kind is CorrectionKind.ERROR,
            reason=reason,
            by_id=by.id if by is not None else None,
            by_name=by.name if by is not None else None,
            **more,
        )
    )
    session.flush()


def _record(session: Session, what: str, row: _Row, purpose: str | None, by: Actor) -> None:
    audit.record(session, f"record.{what}", by=by, patient_id=row.patient_id, target=row.source.ref, purpose=purpose)
