"""One test, or one signed report, as a FHIR bundle of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import IO, Any

from sqlalchemy import Select, Table
from sqlalchemy.orm import Session

from core.interchange.fhir import exported_reports
from core.interchange.fhir.exported_bundle import RESTRICTED
from core.interchange.fhir.exported_entries import Entries
from core.interchange.fhir.exported_resources import Resource, moment
from core.models import utc_now
from core.models.record_types import VISIT
from core.queries.reports import SignedReport
from core.queries.results import Result
from core.stores import hot_and_archived

ROWS_AT_ONCE = 500


def write_results(
    session: Session, patient_id: int, results: Iterable[Result], file: IO[bytes], *, with_reasons: bool = True
) -> None:
    """A collection of the patient and these values. Raises ColdUnavailable."""
    entries, ids = Entries(session, patient_id, with_reasons=with_reasons), [result.id for result in results]
    found = [entries.patient()]
    for start in range(0, len(ids), ROWS_AT_ONCE):
        rows = _rows(session, patient_id, ids[start : start + ROWS_AT_ONCE])
        found += [entry for _, _, entry in entries.observations(rows)]
    about = {"meta": {"security": [RESTRICTED]}} if entries.are_for_few else {}
    _write(file, {**about, "type": "collection", "entry": found})


def write_report(session: Session, patient_id: int, report: SignedReport, file: IO[bytes]) -> None:
    """A document: the report, its patient, what drafted it, and where it and each of its claims come from."""
    entries = Entries(session, patient_id, with_reasons=False)
    first, *others = exported_reports.entries(report, entries.names, frozenset())
    name = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"}
    whole = [first, entries.patient(), *others]
    _write(file, {"identifier": name, "type": "document", "timestamp": moment(utc_now()), "entry": whole})


def _rows(session: Session, patient_id: int, ids: list[int]) -> list[dict[str, Any]]:
    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == patient_id, table.c.id.in_(ids))

    found = hot_and_archived.read_hot(session, "observation", build)
    if len(found) < len(ids):
        found = hot_and_archived.read_both(session, VISIT.name, "observation", build, patient_id=patient_id)
    return sorted((dict(item.values) for item in found), key=lambda row: (row["observed_at"], row["id"]))


def _write(file: IO[bytes], bundle: Resource) -> None:
    file.write(json.dumps({"resourceType": "Bundle", **bundle}, ensure_ascii=False).encode() + b"\n")
