"""One patient's record as a FHIR R4 bundle: hot and archived rows, read from the replica.

Visits that are kept apart are left out, unless whoever exports says why they are to be in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from core import audit
from core.interchange.fhir import exported_corrections
from core.interchange.fhir import exported_resources as fhir
from core.interchange.fhir.exported_resources import Resource, Row, bare
from core.interchange.fhir.exported_statements import statement
from core.models import Patient
from core.models.record_types import VISIT
from core.queries import corrections
from core.queries.hidden_visits import NO_VISITS, is_visible, kept_apart
from core.queries.patients import NoSuchPatient
from core.sealing import stored_national_id
from core.stores import databases, hot_and_archived, replica_reads
from core.stores.tables import hot_table

MAKERS = {
    "condition": fhir.condition,
    "prescription": fhir.medication_request,
    "allergy": fhir.allergy,
    "note": fhir.document_reference,
    "statement": statement,
}
ARCHIVED = frozenset(table.name for table in VISIT.tables)
# How HL7 says that something was left out of a bundle, and that what is in it is for few.
LEFT_OUT = {"system": f"{fhir.TERMINOLOGY}/v3-ObservationValue", "code": "REDACTED"}
RESTRICTED = {"system": f"{fhir.TERMINOLOGY}/v3-Confidentiality", "code": "R"}


def export_patient(patient_id: int, *, kept_apart_because: str | None = None) -> dict[str, Any]:
    """A collection bundle of a patient's record; `import_path` takes it back.

    It holds nothing of visits that are kept apart, and says so, unless a reason is given: the look is recorded first,
    with the reason. Raises NoSuchPatient, ReplicaBehind, and ColdUnavailable if an archive that holds rows of this
    patient is silent: never a part that looks whole.
    """
    with databases.write() as session:
        if session.get(Patient, patient_id) is None:
            raise NoSuchPatient(patient_id)
        audit.record(
            session, "patient.export", by=None, patient_id=patient_id, target=f"patient:{patient_id}",
            purpose=kept_apart_because,
        )  # fmt: skip
    with replica_reads.read() as session:
        return _Bundle(session, patient_id, with_kept_apart=kept_apart_because is not None).build()


class _Bundle:
    """The rows of one patient in one snapshot, and the names under which they refer to each other."""

    def __init__(self, session: Session, patient_id: int, *, with_kept_apart: bool) -> None:
        self._session, self._patient_id = session, patient_id
        sensitive = kept_apart(session, patient_id)
        self._hidden_visits = NO_VISITS if with_kept_apart else sensitive
        self._security = [RESTRICTED if with_kept_apart else LEFT_OUT] if sensitive else []
        (self._patient,) = self._by_ids("patient", [patient_id])
        self._seed = f"{patient_id}|{self._patient['created_at'].isoformat()}|{self._patient['birth_on']}"
        self._has_cold = hot_and_archived.held(session, patient_id, VISIT.name) is not None
        self._corrections = corrections.of_patient(session, patient_id)

    def build(self) -> dict[str, Any]:
        """The bundle, what is referred to first."""
        entries = [self._entry("patient", self._patient, fhir.patient(self._patient, self._national_id()))]
        entries += [*self._visits(), *self._observations()]
        for table, make in MAKERS.items():
            entries += [self._entry(table, row, self._child(row, make(row))) for row in self._rows(table)]
        about = {"meta": {"security": self._security}} if self._security else {}
        return {"resourceType": "Bundle", **about, "type": "collection", "entry": entries}

    def _visits(self) -> list[Resource]:
        """Clinics and practitioners, then the visits that name them."""
        visits = self._rows("visit")
        clinics = self._by_ids("clinic", {row["clinic_id"] for row in visits})
        practitioners = self._by_ids("practitioner", {row["practitioner_id"] for row in visits})
        names = {("clinic", row["id"]): row["name"] for row in clinics}
        names |= {("practitioner", row["id"]): row["name"] for row in practitioners}
        return [
            *(self._entry("clinic", row, fhir.organization(row)) for row in clinics),
            *(self._entry("practitioner", row, fhir.practitioner(row)) for row in practitioners),
            *(self._entry("visit", row, self._encounter(row, names)) for row in visits),
        ]

    def _observations(self) -> list[Resource]:
        observations = self._rows("observation")
        assays = {row["id"]: row for row in self._by_ids("assay", {row["assay_id"] for row in observations})}
        resources = ((row, fhir.observation(row, assays[row["assay_id"]])) for row in observations)
        return [self._entry("observation", row, self._child(row, resource)) for row, resource in resources]

    def _rows(self, name: str) -> list[Row]:
        def build(table: Table, columns: Select[Any]) -> Select[Any]:
            return columns.where(table.c.patient_id == self._patient_id, is_visible(table, self._hidden_visits))

        if self._has_cold and name in ARCHIVED:
            found = hot_and_archived.read_both(
                self._session, VISIT.name, name, build, patient_id=self._patient_id, with_errors=True
            )
        else:
            found = hot_and_archived.read_hot(self._session, name, build, with_errors=True)
        rows: list[Row] = [dict(item.values) for item in found]
        return sorted(rows, key=lambda row: row["id"])

    def _national_id(self) -> str | None:
        return stored_national_id.number_of(self._patient["national_id_sealed"])

    def _by_ids(self, name: str, ids: Iterable[int | None]) -> list[Row]:
        table = hot_table(name)
        query = select(table).where(table.c.id.in_([row_id for row_id in ids if row_id is not None]))
        return [dict(row) for row in self._session.execute(query.order_by(table.c.id)).mappings()]

    def _id(self, table: str, row_id: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"strata:{self._seed}:{table}:{row_id}"))

    def _reference(self, table: str, row_id: int | None, display: str | None = None) -> Resource | None:
        if row_id is None:
            return None
        return bare({"reference": f"urn:uuid:{self._id(table, row_id)}", "display": display})

    def _encounter(self, row: Row, names: dict[tuple[str, int], str]) -> Resource:
        clinic, doctor = row["clinic_id"], row["practitioner_id"]
        who = self._reference("practitioner", doctor, names.get(("practitioner", doctor)))
        return fhir.encounter(row) | {
            "subject": self._reference("patient", self._patient_id),
            "serviceProvider": self._reference("clinic", clinic, names.get(("clinic", clinic))),
            "participant": [{"individual": who}] if who else [],
        }

    def _child(self, row: Row, resource: Resource) -> Resource:
        subject = self._reference("patient", self._patient_id)
        encounter = self._reference("visit", row.get("visit_id"))
        kind = resource["resourceType"]
        if kind == "AllergyIntolerance":
            return resource | {"patient": subject}
        if kind == "Immunization":
            return resource | {"patient": subject, "encounter": encounter}
        if kind == "MedicationStatement":
            return resource | {"subject": subject, "context": encounter}
        if kind == "DocumentReference":
            return resource | {"subject": subject, "context": {"encounter": [encounter]} if encounter else None}
        return resource | {"subject": subject, "encounter": encounter}

    def _entry(self, table: str, row: Row, resource: Resource) -> dict[str, Any]:
        name, visit_id = self._id(table, row["id"]), row.get("visit_id")
        if self._corrections.error(table, row["id"]) or (visit_id and self._corrections.error("visit", visit_id)):
            resource = exported_corrections.entered_in_error(resource)
        elif self._corrections.is_edited(table, row["id"]):
            resource = exported_corrections.edited(resource)
        return {"fullUrl": f"urn:uuid:{name}", "resource": bare({**resource, "id": name})}
