"""What every page about a patient starts with: the look is recorded, then it is known who the page is about."""

from __future__ import annotations

from flask import abort
from sqlalchemy.orm import Session

from core.queries import patients
from core.queries.patients import PatientHeader


def header_or_404(session: Session, patient_id: int) -> PatientHeader:
    """The patient that a page is about; call `look` before."""
    header = patients.header(session, patient_id)
    if header is None:
        abort(404)
    return header
