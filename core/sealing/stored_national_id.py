"""Patients' NRIC and FIN as they are kept: sealed, with a keyed hash to find them by."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.metrics import counters
from core.models import Patient
from core.sealing import national_id, sealed

log = logging.getLogger(__name__)

PURPOSE = "national id"
NOT_READ = "can't be read"
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
    """The number in a patient's sealed column. Raises KeyMissing, and of that NotOpened."""
    return None if national_id_sealed is None else sealed.open_sealed(national_id_sealed)


def readable(national_id_sealed: str | None) -> tuple[str | None, bool]:
    """The number if a key opens it, and whether it could be read; one that can't is counted. Raises KeyMissing."""
    try:
        return number_of(national_id_sealed), True
    except sealed.NotOpened:
        counters.unknown_word("sealed national id")
        log.warning("a patient's national id is sealed by none of our keys")
        return None, False


def masked(national_id_sealed: str | None) -> str:
    """The number as pages show it, nothing for none, NOT_READ for one that no key opens. Raises KeyMissing."""
    number, is_read = readable(national_id_sealed)
    return national_id.mask(number) if is_read else NOT_READ
