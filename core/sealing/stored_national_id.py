"""Patients' NRIC and FIN as they are kept: sealed, with a keyed hash to find them by."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.models import Patient
from core.sealing import national_id, sealed

PURPOSE = "national id"
HASHES_A_QUERY = 1_000
COLUMNS = ("national_id_sealed", "national_id_hash")


def columns(number: str | None) -> dict[str, str | None]:
    """A patient's columns, COLUMNS, that keep a number or none. Raises KeyMissing."""
    if number is None:
        return dict.fromkeys(COLUMNS)
    return dict(zip(COLUMNS, (sealed.seal(number), sealed.keyed_hash(number, purpose=PURPOSE)), strict=True))


def held(number: str) -> ColumnElement[bool]:
    """The condition of the patient who has the number, whichever key it was kept under. Raises KeyMissing."""
    return Patient.national_id_hash.in_(sealed.keyed_hashes(number, purpose=PURPOSE))


def holders(session: Session, numbers: Collection[str]) -> dict[str, int]:
    """Which patient has each number, whichever key it was kept under. Raises KeyMissing."""
    hashed = {one: number for number in numbers for one in sealed.keyed_hashes(number, purpose=PURPOSE)}
    found: dict[str, int] = {}
    ordered = sorted(hashed)
    for start in range(0, len(ordered), HASHES_A_QUERY):
        part = ordered[start : start + HASHES_A_QUERY]
        query = select(Patient.national_id_hash, Patient.id).where(Patient.national_id_hash.in_(part))
        found |= {hashed[kept]: row_id for kept, row_id in session.execute(query) if kept is not None}
    return found


def number_of(national_id_sealed: str | None) -> str | None:
    """The number in a patient's sealed column. Raises KeyMissing."""
    return None if national_id_sealed is None else sealed.open_sealed(national_id_sealed)


def masked(national_id_sealed: str | None) -> str:
    """The number as pages show it, nothing for none. Raises KeyMissing."""
    return national_id.mask(number_of(national_id_sealed))
