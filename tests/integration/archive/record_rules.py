"""What people do to the rows of a record, in any order: the rules of the machine that are no step of a move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import select, text, update

from core.archiving import late_roots
from core.interchange import fhir
from core.models import Account, Correction, Note, Observation, Patient, SensitiveVisit, Sensitivity, Visit
from core.models.record_types import VISIT
from core.picture import upkeep
from core.services import corrections, erasure
from core.services.input import InvalidInput
from core.sources import find
from core.stores import databases
from core.stores.databases import Store
from tests import interchange_files as files
from tests.integration.archive.conftest import NOW, VISITS
from tests.integration.archive.twin import Twin, ids
from workers.archive import erase

EDITED = {"visit": (Visit, "reason"), "note": (Note, "text"), "observation": (Observation, "value_text")}
IMPORTED = "Maude Wunsch"
numbers = st.integers(min_value=0, max_value=1_000)


def pick(options: list[Any], number: int) -> Any:
    return options[number % len(options)]


def imported(number: int, status: str) -> tuple[dict[str, Any], ...]:
    """A patient whose only visit is long over, with one result."""
    value = {"valueQuantity": {"value": number, "unit": "%", "code": "%"}}
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "Hemoglobin A1c"}
    result = files.fhir_child(
        "Observation", "dddddddd-0000-0000-0000-000000000001", status=status, code=code,
        effectiveDateTime="2020-03-01T08:00:00Z", **value,
    )  # fmt: skip
    return files.fhir_patient(name=[{"use": "official", "text": IMPORTED}]), files.fhir_encounter(), result


class RecordRules(RuleBasedStateMachine):
    """Each change tells the twin and, where it is about results, the picture."""

    patients: list[int]
    visits: list[int]
    erased: set[int]
    errors: set[str]
    clinician_id: int
    twin: Twin
    is_open: Callable[[], bool]

    @rule(number=numbers, table=st.sampled_from(list(EDITED)))
    def edit(self, number: int, table: str) -> None:
        hot = ids(table)
        if not hot:
            return
        row_id = pick(hot, number)
        model, column = EDITED[table]
        with databases.write() as session:
            row = session.get_one(model, row_id)
            setattr(row, column, f"edited {number}")
            if isinstance(row, Observation):
                upkeep.refresh(session, row.patient_id, observation_ids=[row_id])
            self.twin.changed(session, table, row_id)

    @rule(number=numbers)
    def stop_a_medicine(self, number: int) -> None:
        """It may leave the primary from then on, with its visit or after it."""
        active = ids("prescription", status="active")
        if active:
            row_id = pick(active, number)
            with databases.write() as session:
                session.execute(text("UPDATE prescription SET status = 'stopped' WHERE id = :id"), {"id": row_id})
                self.twin.changed(session, "prescription", row_id)

    @rule(number=numbers)
    def add_late_result(self, number: int) -> None:
        visit_id = pick(self.visits, number)
        patient_id = self.owner(visit_id)
        if patient_id is None:
            return
        with databases.write() as session:
            result = Observation(
                patient_id=patient_id,
                visit_id=visit_id,
                assay_id=1,
                value_text=f"late {number}",
                interpretation=pick([None, "H"], number),
                observed_at=NOW - timedelta(days=pick([0, 100, 300], number)),
            )
            session.add(result)
            late_roots.mark_if_gone(session, VISIT, [visit_id])
            session.flush()
            upkeep.refresh(session, result.patient_id, observation_ids=[result.id])
            self.twin.changed(session, "observation", result.id)

    @rule(number=numbers)
    def delete_a_note(self, number: int) -> None:
        hot = ids("note")
        if hot:
            row_id = pick(hot, number)
            with databases.write() as session:
                session.execute(text("DELETE FROM note WHERE id = :id"), {"id": row_id})
            self.twin.deleted("note", row_id)

    @rule(number=numbers)
    def correct_a_result(self, number: int) -> None:
        """Its value, its flag, or when it was measured."""
        hot = ids("observation")
        if hot:
            row_id = pick(hot, number)
            with databases.write() as session:
                row = session.get_one(Observation, row_id)
                row.value_number, row.interpretation = number, pick([None, "H", "LL"], number)
                row.observed_at -= timedelta(days=pick([0, 0, 200], number))
                upkeep.refresh(session, row.patient_id, observation_ids=[row_id])
                self.twin.changed(session, "observation", row_id)

    @rule(number=numbers)
    def delete_a_result(self, number: int) -> None:
        hot = ids("observation")
        if hot:
            row_id = pick(hot, number)
            with databases.write() as session:
                row = session.get_one(Observation, row_id)
                session.delete(row)
                upkeep.refresh(session, row.patient_id, observation_ids=[row_id])
            self.twin.deleted("observation", row_id)

    @rule(number=numbers)
    def keep_apart_or_show_again(self, number: int) -> None:
        visit_id = pick(self.visits, number)
        patient_id = self.owner(visit_id)
        if patient_id is None:
            return
        with databases.write() as session:
            if (kept := session.get(SensitiveVisit, visit_id)) is not None:
                session.delete(kept)
            else:
                session.add(
                    SensitiveVisit(visit_id=visit_id, patient_id=patient_id, category=Sensitivity.OTHER, set_by=1)
                )
            upkeep.refresh_all(session, patient_id)

    @rule(number=numbers, table=st.sampled_from(["visit", "observation", "note", "prescription"]))
    def enter_in_error_or_undo(self, number: int, table: str) -> None:
        """A row of whatever tier, as staff do it: nothing of it changes."""
        refs = [ref for ref in sorted(self.twin.rows) if ref.startswith(f"{table}:")]
        if not refs:
            return
        ref = pick(refs, number)
        with databases.write() as session:
            by, patient_id = session.get_one(Account, self.clinician_id), self.patient_of(session, ref)
            act = corrections.reinstate if ref in self.errors else corrections.mark_error
            try:
                act(session, patient_id=patient_id, ref=ref, reason="It was of another patient.", by=by)
            except corrections.NotNow:
                # Its visit was entered in error.
                return
        self.errors ^= {ref}

    @rule(number=numbers, table=st.sampled_from(["observation", "note", "prescription"]))
    def write_a_row_anew(self, number: int, table: str) -> None:
        """A row of whatever tier goes out, and another joins its visit."""
        refs = [ref for ref in sorted(self.twin.rows) if ref.startswith(f"{table}:")]
        if not refs:
            return
        ref, value = pick(refs, number), f"{4 + number % 4}.{number % 10}"
        typed = {"value": value, "confirmed": value, "text": f"anew {number}", "medication": f"Salve {number}"}
        with databases.write() as session:
            source = find.rows(session, [ref], with_errors=True)[ref].values
            by, patient_id = session.get_one(Account, self.clinician_id), source["patient_id"]
            try:
                new_id = corrections.write_anew(
                    session, patient_id=patient_id, ref=ref, typed=typed, version=source["version"],
                    reason="It was written down wrong.", by=by,
                )  # fmt: skip
            except (corrections.NotNow, InvalidInput):
                return
            self.twin.changed(session, table, new_id)
        self.errors.add(ref)

    @rule(number=numbers)
    def add_to_a_row(self, number: int) -> None:
        """An addendum to a row of whatever tier joins its visit."""
        refs = [ref for ref in sorted(self.twin.rows) if not ref.startswith("condition:")]
        if not refs:
            return
        ref = pick(refs, number)
        with databases.write() as session:
            by, patient_id = session.get_one(Account, self.clinician_id), self.patient_of(session, ref)
            try:
                note_id = corrections.add(session, patient_id=patient_id, ref=ref, text=f"added {number}", by=by)
            except corrections.NotNow:
                return
            self.twin.changed(session, "note", note_id)

    @rule(number=numbers)
    def import_a_file(self, number: int) -> None:
        """Another system brings a patient with a result, changes it, or takes it back, wherever it is by now."""
        status = pick(["final", "final", "entered-in-error"], number)
        with TemporaryDirectory() as folder:
            fhir.import_path(files.bundle(Path(folder), *imported(number, status)))
        with databases.read(Store.HOT) as session:
            mine = session.scalar(select(Patient.id).where(Patient.name == IMPORTED))
            taken_back = session.execute(
                select(Correction.row_type, Correction.row_id).where(Correction.in_force, Correction.by_id.is_(None))
            )
            self.errors |= {f"{row_type}:{row_id}" for row_type, row_id in taken_back}
        if mine is None:
            return
        if mine not in self.patients:
            self.patients.append(mine)
        self.twin.imported(mine)

    @staticmethod
    def patient_of(session: Any, ref: str) -> int:
        patient_id: int = find.rows(session, [ref], with_errors=True)[ref].values["patient_id"]
        return patient_id

    @precondition(lambda self: not self.is_open() and not self.erased)
    @rule(number=numbers)
    def erase_a_patient(self, number: int) -> None:
        """From every tier, at the patient's request."""
        patient_id = pick(self.patients, number)
        self.twin.erased(patient_id)
        with databases.write() as session:
            session.execute(update(Patient).where(Patient.id == patient_id).values(legal_hold=False))
            request = erasure.erase_patient(session, patient_id=patient_id, reason="asked", by=None)
        erase.erase(request.id)
        self.erased.add(patient_id)

    def owner(self, visit_id: int) -> int | None:
        """The patient of a visit, None if the patient was erased."""
        patient_id = self.patients[(visit_id - 1) // VISITS]
        return None if patient_id in self.erased else patient_id
