"""Four visits of one patient, before and after the archive has run."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.models import Patient, Visit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_assay,
    make_note,
    make_observation,
    make_prescription,
    make_visit,
)
from tests.integration.web.conftest import move_to_archive

AGES_DAYS = (0, 30, 400, 800)


@pytest.fixture
def visits(patient: Patient) -> list[Visit]:
    """Four visits of Tan Mei Ling, two of them older than the window, each with a note, a result and a medicine."""
    with databases.write() as session:
        assay = make_assay(session)
        made = []
        for number, days in enumerate(AGES_DAYS):
            visit = make_visit(session, patient, started_at=NOW - timedelta(days=days), description=f"Visit {number}")
            make_note(session, visit, f"Note of visit {number} <b>not bold</b>")
            make_observation(session, visit, assay, str(Decimal("8.9") - number))
            make_prescription(
                session, patient, visit_id=visit.id, medication=f"Medicine {number}", status="completed",
                stopped_on=visit.started_at.date(),
            )  # fmt: skip
            made.append(visit)
        return made


@pytest.fixture
def archived(visits: list[Visit], sync_replica: Any) -> list[Visit]:
    """The same, after the archive has run."""
    move_to_archive()
    sync_replica()
    with databases.read(Store.HOT) as session:
        assert session.query(Visit).count() == 2
    return visits


def main_of(page: str) -> str:
    return page.split("<main")[1].split("</main>", maxsplit=1)[0]
