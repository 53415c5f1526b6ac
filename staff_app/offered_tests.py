"""The tests that a form of staff offers, as they read them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from core.access import care
from core.queries import visit_form
from core.queries.visit_form import AssayChoice, Offer
from core.web.auth import current_account
from core.web.filters import unit


def offered_tests(
    session: Session, patient_id: int, known: Mapping[int, AssayChoice], *and_these: int
) -> list[tuple[int, str]]:
    """The id and label of each test that can be recorded for this patient, by name."""
    hidden = care.hidden_visits(session, current_account().id, patient_id)
    in_use = visit_form.in_use(session, patient_id, hidden) | set(and_these)
    return [(offer.assay.id, label(offer)) for offer in visit_form.offers(known, in_use, and_these)]


def label(offer: Offer) -> str:
    """`HbA1c, % (usual 4 to 6)`."""
    assay, said = offer.assay, unit(offer.assay.unit)
    words = f"{assay.name}{f', {said}' if said else ''}{assay.usual.words if assay.usual else ''}"
    return f"{words}, {offer.code}" if offer.code else words
