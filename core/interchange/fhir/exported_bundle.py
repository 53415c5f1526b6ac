"""One patient's record as a FHIR R4 bundle: hot and archived rows, read from the replica.

Visits that are kept apart are left out, unless whoever exports says why they are to be in it.
"""

from __future__ import annotations

from typing import Any

from core import audit
from core.interchange.fhir import exported_resources as fhir
from core.interchange.fhir.exported_entries import Entries
from core.models import Patient
from core.queries.hidden_visits import NO_VISITS, kept_apart
from core.queries.patients import NoSuchPatient
from core.stores import databases, replica_reads

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
        sensitive = kept_apart(session, patient_id)
        with_kept_apart = kept_apart_because is not None
        entries = Entries(session, patient_id)
        whole = entries.whole(NO_VISITS if with_kept_apart else sensitive, with_errors=True)
        told = [entries.patient(), *(entry for _, _, entry in whole)]
    about = {"meta": {"security": [RESTRICTED if with_kept_apart else LEFT_OUT]}} if sensitive else {}
    return {"resourceType": "Bundle", **about, "type": "collection", "entry": told}
