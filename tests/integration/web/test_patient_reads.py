"""What reading a patient's record costs, in statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, event

from core.models import Visit
from core.picture import rebuild
from core.queries import timeline as queries
from core.queries import visit_overview
from core.queries.current_health import current_health
from core.queries.latest_results import latest_results
from core.queries.patients import header
from core.queries.timeline_items import Kind
from core.stores import databases, hot_and_archived
from core.stores.databases import Store
from tests.integration.web.conftest import Browser
from tests.integration.web.visits_of_a_patient import archived, visits

__all__ = ["archived", "visits"]


def test_the_timeline_takes_few_queries(signed_in: Browser, visits: list[Visit]) -> None:
    statements: list[str] = []
    engine = databases.current().engine(Store.HOT, read_only=True)
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with databases.read(Store.HOT) as session:
        queries.timeline(session, visits[0].patient_id, kind=Kind.VISITS)
    assert len(statements) <= 8, statements


def test_what_counts_as_archived_is_asked_once_for_a_page(archived: list[Visit]) -> None:
    statements: list[str] = []
    engine = databases.current().engine(Store.HOT, read_only=True)
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    patient_id = archived[0].patient_id

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        return columns.where(table.c.patient_id == patient_id)

    with databases.read(Store.HOT) as session:
        for name in ("visit", "note", "observation"):
            assert hot_and_archived.read_archived(session, "visit", name, build, patient_id=patient_id)
    assert sum("FROM restored_root" in statement for statement in statements) == 1


def test_a_patients_head_and_health_are_read_once(archived: list[Visit]) -> None:
    """With the newest results of an archived record a chart asks seven times; of hot rows alone, once, twelve times."""
    rebuild.rebuild_all()
    statements: list[str] = []
    engine = databases.current().engine(Store.HOT, read_only=True)
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    patient_id = archived[0].patient_id
    with databases.read(Store.HOT) as session:
        head, health = header(session, patient_id), current_health(session, patient_id)
        visit_overview.overview(session, patient_id, newest=10)
        assert latest_results(session, patient_id).shown
    assert head is not None
    assert health is not None
    assert len(statements) <= 7, statements
