"""Patients' NRIC and FIN as they are kept: sealed, with a keyed hash to find them by."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from core.models import Patient
from core.sealing import national_id, sealed

PURPOSE = "national id"
COLUMNS = ("national_id_sealed", "national_id_hash")


def columns(number: str | None) -> dict[str, str | None]:
    """A patient's columns, COLUMNS, that keep a number or none. Raises KeyMissing."""
    if number is None:
        return dict.fromkeys(COLUMNS)
    return dict(zip(COLUMNS, (sealed.seal(number), sealed.keyed_hash(number, purpose=PURPOSE)), strict=True))


def held(number: str) -> ColumnElement[bool]:
    """The condition of the patient who has the number, whichever key it was kept under. Raises KeyMissing."""
    return Patient.national_id_hash.in_(sealed.keyed_hashes(number, purpose=PURPOSE))


def number_of(national_id_sealed: str | None) -> str | None:
    """The number in a patient's sealed column. Raises KeyMissing."""
    return None if national_id_sealed is None else sealed.open_sealed(national_id_sealed)


def masked(national_id_sealed: str | None) -> str:
    """The number as pages show it, nothing for none. Raises KeyMissing."""
    return national_id.mask(number_of(national_id_sealed))
