"""The entries of a bundle: one patient's rows as resources, what is referred to first, and the names they go by."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.interchange.fhir import exported_corrections, exported_documents, observation
from core.interchange.fhir import exported_resources as fhir
from core.interchange.fhir.exported_resources import Resource, Row, bare
from core.interchange.fhir.exported_statements import statement
from core.models import Sensitivity
from core.queries import corrections
from core.queries.hidden_visits import NO_VISITS, VisitIds, kept_apart, reasons_apart
from core.queries.whole_record import Group, groups
from core.sealing import stored_national_id
from core.stores.hot_and_archived import Found
from core.stores.tables import hot_table

MAKERS: dict[str, Callable[[Row], Resource]] = {
    "condition": fhir.condition,
    "prescription": fhir.medication_request,
    "allergy": fhir.allergy,
    "note": exported_documents.note,
    "statement": statement,
}


class Names:
    """Ids of resources, made from ours so that nobody can tell ours from them, and references to them."""

    def __init__(self, patient: Row) -> None:
        self.patient_id: int = patient["id"]
        self._seed = f"{patient['id']}|{patient['created_at'].isoformat()}|{patient['birth_on']}"

    def id(self, table: str, row_id: int | str) -> str:
        """The id of a row's resource, the same each time."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"strata:{self._seed}:{table}:{row_id}"))

    def url(self, table: str, row_id: int | str) -> str:
        """The full address of a row's resource in a bundle."""
        return f"urn:uuid:{self.id(table, row_id)}"

    def reference(self, table: str, row_id: int | str | None, display: str | None = None) -> Resource | None:
        """A reference to a row's resource; None to no row."""
        return None if row_id is None else bare({"reference": self.url(table, row_id), "display": display})

    def entry(self, table: str, row_id: int | str, resource: Resource) -> Resource:
        """A bundle's entry."""
        named = {**resource, "id": self.id(table, row_id)}
        return {"fullUrl": self.url(table, row_id), "resource": bare(named)}


class Entries:
    """Makes the entries of one patient's rows, in the snapshot of one session.

    Those of visits that are kept apart are labelled so, with why they are if `with_reasons`: the patients' portal reads
    no reason. `are_for_few`, once one of them was made.
    """

    def __init__(self, session: Session, patient_id: int, *, with_reasons: bool = True) -> None:
        self._session = session
        (self._patient,) = self._by_ids("patient", [patient_id])
        self.names = Names(self._patient)
        self._marks = corrections.marks(session, patient_id)
        self.are_for_few = False
        self._apart = _apart(session, patient_id, with_reasons=with_reasons)
        self._shared: dict[str, dict[int, Row]] = {"clinic": {}, "practitioner": {}, "assay": {}}

    def patient(self) -> Resource:
        """The patient."""
        number, is_read = stored_national_id.readable(self._patient["national_id_sealed"])
        resource = fhir.patient(self._patient, number)
        if not is_read:
            resource["identifier"] = [{"type": fhir.NATIONAL_ID, "_value": fhir.NOT_KNOWN}, *resource["identifier"]]
        return self.names.entry("patient", self._patient["id"], resource)

    def whole(
        self, hidden_visits: VisitIds = NO_VISITS, *, with_errors: bool = False
    ) -> Iterator[tuple[str, Row, Resource]]:
        """Each row of the record without hidden visits: its table, the row, its entry.

        Those entered in error are among them only if asked for. Raises ColdUnavailable.
        """
        found = groups(self._session, self._patient["id"], hidden_visits=hidden_visits, with_errors=with_errors)
        for group in found:
            yield from self._group(group)

    def observations(self, rows: Sequence[Row]) -> Iterator[tuple[str, Row, Resource]]:
        """Measured values."""
        assays = self._known("assay", {row["assay_id"] for row in rows})
        for row in rows:
            resource = observation.exported(row, assays[row["assay_id"]])
            yield "observation", row, self._entry("observation", row, self._child(row, resource))

    def _group(self, group: Group) -> Iterator[tuple[str, Row, Resource]]:
        yield from self._visits([dict(item.values) for item in group.visits])
        yield from self.observations(_rows(group.children.get("observation", ())))
        for table, make in MAKERS.items():
            for row in _rows(group.children.get(table, ())):
                yield table, row, self._entry(table, row, self._child(row, make(row)))

    def _visits(self, visits: Sequence[Row]) -> Iterator[tuple[str, Row, Resource]]:
        """Clinics and practitioners that were not told before, then the visits that name them."""
        for table, make in (("clinic", fhir.organization), ("practitioner", fhir.practitioner)):
            before = set(self._shared[table])
            known = self._known(table, {row[f"{table}_id"] for row in visits})
            for row in (row for row_id, row in known.items() if row_id not in before):
                yield table, row, self._entry(table, row, make(row))
        for row in visits:
            yield "visit", row, self._entry("visit", row, self._encounter(row))

    def _known(self, table: str, ids: set[int | None]) -> dict[int, Row]:
        known = self._shared[table]
        known.update({row["id"]: row for row in self._by_ids(table, ids - known.keys())})
        return known

    def _by_ids(self, name: str, ids: Iterable[int | None]) -> list[Row]:
        wanted = [row_id for row_id in ids if row_id is not None]
        if not wanted:
            return []
        table = hot_table(name)
        query = select(table).where(table.c.id.in_(wanted)).order_by(table.c.id)
        return [dict(row) for row in self._session.execute(query).mappings()]

    def _encounter(self, row: Row) -> Resource:
        named = {table: self._named(table, row[f"{table}_id"]) for table in ("clinic", "practitioner")}
        return fhir.encounter(row) | {
            "subject": self.names.reference("patient", self._patient["id"]),
            "serviceProvider": named["clinic"],
            "participant": [{"individual": named["practitioner"]}] if named["practitioner"] else [],
        }

    def _named(self, table: str, row_id: int | None) -> Resource | None:
        return self.names.reference(table, row_id, self._shared[table][row_id]["name"]) if row_id is not None else None

    def _child(self, row: Row, resource: Resource) -> Resource:
        subject = self.names.reference("patient", self._patient["id"])
        encounter = self.names.reference("visit", row.get("visit_id"))
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

    def _entry(self, table: str, row: Row, resource: Resource) -> Resource:
        if self._marks.is_error(table, row["id"], row.get("visit_id")):
            resource = exported_corrections.entered_in_error(resource)
        elif self._marks.is_edited(table, row["id"]):
            resource = exported_corrections.edited(resource)
        category = self._apart.get(row["id"] if table == "visit" else row.get("visit_id"))
        if category is not None:
            self.are_for_few = True
            resource = {**resource, "meta": {"security": fhir.labels(row, category)}}
        return self.names.entry(table, row["id"], resource)


def _apart(session: Session, patient_id: int, *, with_reasons: bool) -> dict[int | None, str]:
    """Why each visit that is kept apart is so; without reasons, that it is."""
    if with_reasons:
        return reasons_apart(session, patient_id)
    return dict.fromkeys(kept_apart(session, patient_id), Sensitivity.OTHER)


def _rows(found: Sequence[Found]) -> list[dict[str, Any]]:
    return [dict(item.values) for item in found]
