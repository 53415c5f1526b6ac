"""An event on its own: one round trip while the chain ends where its writer left it, and whole whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from core import audit
from core.audit import Decision, decision
from core.audit.chain import Link
from core.models import AccessEvent, ChainHead
from core.queries import audit_chains
from core.stores import databases
from core.stores.databases import Store

LOOK = Decision("visit.viewed", None, 7, "visit:1", purpose="treatment team")


def events() -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent).order_by(AccessEvent.id)))


def statements(act: Any) -> int:
    """How many statements SQLAlchemy itself sends meanwhile; what goes by the driver is not among them."""
    seen: list[str] = []
    engine = databases.current().engine(Store.HOT, read_only=False)
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    act()
    return len(seen)


def in_transaction(action: str) -> None:
    with databases.write() as session:
        audit.record(session, action, by=None)


@pytest.mark.usefixtures("database")
def test_events_alone_and_in_transactions_make_one_chain(engine_name: str) -> None:
    least = 0 if engine_name == "postgresql" else 1
    audit.record_alone(LOOK)
    assert statements(lambda: audit.record_alone(LOOK)) == least
    in_transaction("patient.registered")
    assert statements(lambda: audit.record_alone(LOOK)) > least
    assert statements(lambda: audit.record_alone(LOOK)) == least
    kept = events()
    assert [one.sequence for one in kept] == [1, 2, 3, 4, 5]
    assert {one.writer for one in kept} == {kept[0].writer}
    assert {(one.target, one.purpose, one.patient_id) for one in kept if one.action == "visit.viewed"} == {
        ("visit:1", "treatment team", 7)
    }
    assert audit_chains.verify().faults == ()


@pytest.mark.usefixtures("database")
def test_what_a_transaction_takes_back_leaves_no_gap() -> None:
    audit.record_alone(LOOK)
    with databases.write() as session:
        audit.record(session, "patient.registered", by=None)
        session.rollback()
    audit.record_alone(LOOK)
    assert [one.sequence for one in events()] == [1, 2]
    assert audit_chains.verify().faults == ()


@pytest.mark.usefixtures("database")
def test_an_event_that_is_refused_moves_no_head() -> None:
    audit.record_alone(LOOK)
    with pytest.raises(DBAPIError):
        audit.record_alone(Decision("x" * 100, None))
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(ChainHead.sequence)).one() == 1
    audit.record_alone(LOOK)
    assert [one.sequence for one in events()] == [1, 2]


@pytest.mark.usefixtures("database")
def test_no_event_joins_a_chain_that_ends_elsewhere() -> None:
    audit.record_alone(LOOK)
    (first,) = events()
    wrong = decision.chained(LOOK, first.writer, Link(first.sequence, "0" * 64))
    with databases.write_at_once() as connection:
        assert databases.current().adapter.trail.append_event(connection, wrong) is False
        assert connection.scalar(text("SELECT count(*) FROM access_event")) == 1
