"""Every cold query of the pages, caught as the pages ask it: each of its predicates is evaluated by the archive."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, delete, select

from core.audit import kept_heads
from core.models import ArchiveRun, Batch, BatchState, Holding, Note, Observation, RunState
from core.models.record_types import RECORD_TYPES
from core.picture import full_read
from core.queries import audit_stream, audit_trail, evidence, released_batches, results, timeline, visits
from core.queries.clinic_months import MonthFigures
from core.queries.reports import report_rows, signed_reports
from core.queries.reports.made_by import made_by
from core.queries.timeline_items import Kind
from core.services.reports import requests
from core.sources.find import archived_rows
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.factories import NOW
from tests.integration.cold.conftest import Record

# A hot table, such as the assays, that a cold query joins is read here.
COLD_NODES = ("Foreign Scan", "Subquery Scan", "WindowAgg", "Result")
CORE = Path(archived.__file__).parents[1]
FIGURES_SECONDS = 20.0
by_explain = pytest.mark.only_on_postgresql("what EXPLAIN says of a foreign scan")
# What a window function has numbered is filtered where it was numbered: the archive can't know of it.
NUMBERED = re.compile(
    r"\(*\w+\.place <= \d+\)*|\(*\w+\.place = 1\)*|row_number\(\) OVER .* <= \d+"
    r"|\(\(\w+\.is_apart = 1\) OR \(\w+\.place <= \d+\) OR"
    r" \(\(\w+\.is_abnormal = 1\) AND \(\w+\.place_alike = 1\)\)\)"
)


class Caught:
    """The cold queries that were asked, by file and function of whoever asked."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, str, Select[Any]]] = []

    def fetch(self, record_type: str, query: Select[Any], **how: Any) -> Any:
        caller = inspect.stack()[1]
        self.queries.append((Path(caller.filename).relative_to(CORE).as_posix(), caller.function, query))
        return _fetch(record_type, query, **how)

    @property
    def callers(self) -> set[tuple[str, str]]:
        return {(file, function) for file, function, _ in self.queries}


_fetch = archived.fetch


def places_that_fetch() -> Iterator[tuple[str, str]]:
    """Every function in core that calls `archived.fetch`."""
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
                if any(isinstance(func, ast.Attribute) and ast.unparse(func) == "archived.fetch" for func in calls):
                    yield file.relative_to(CORE).as_posix(), node.name


@pytest.fixture
def everything_is_cold(archived_record: Record, sync_replica: Callable[[], None]) -> Record:
    """The primary says that every archive holds something of this patient, and has no result itself."""
    with databases.write() as session:
        session.execute(delete(Observation))
        for kind in RECORD_TYPES.values():
            run = ArchiveRun(
                record_type=kind.name, state=RunState.DONE, as_of=NOW, cutoff_at=NOW, started_by="test", batch_rows=1
            )
            session.add(run)
            session.flush()
            for state in (BatchState.RELEASED, BatchState.LOADED):
                session.add(Batch(run_id=run.id, record_type=kind.name, ordinal=1, state=state))
            held = (archived_record.patient_id, kind.name)
            if session.get(Holding, held) is None:
                session.add(
                    Holding(
                        patient_id=held[0],
                        record_type=kind.name,
                        server=kind.server,
                        roots=1,
                        rows=1,
                        first_at=NOW,
                        last_at=NOW,
                    )
                )
    sync_replica()
    return archived_record


@pytest.fixture
def caught(everything_is_cold: Record, monkeypatch: pytest.MonkeyPatch) -> Caught:
    """What the pages, the reports and the audit ask of the archives."""
    caught = Caught()
    monkeypatch.setattr(archived, "fetch", caught.fetch)
    with databases.read(Store.HOT) as session:
        notes = list(session.scalars(select(Note.id).limit(3)))
    evidence.collect(everything_is_cold.patient_id)
    with databases.read(Store.REPLICA) as session:
        _read_pages(session, everything_is_cold)
        _read_audit(session)
        MonthFigures(1, NOW.date(), (NOW - timedelta(days=400), NOW)).add_archived(session, FIGURES_SECONDS)
        archived_rows(session, [f"note:{note}" for note in notes])
        requests.archived_report(session, 1)
        kept_heads.hashes_of(session, [("somebody", 1), ("nobody", 2)])
    return caught


def _read_pages(session: Any, record: Record) -> None:
    for kind in (Kind.VISITS, Kind.RESULTS, Kind.REPORTS):
        timeline.timeline(session, record.patient_id, kind=kind)
    visits.detail(session, record.patient_id, record.visits[-1])
    full_read.of_assays(session, record.patient_id, [record.assay_id])
    results.trend(session, record.patient_id, record.assay_id, with_archived=True)
    signed_reports.signed_for_patient(session, record.patient_id, with_archived=True)
    report_rows.load(session, 1)
    made_by(session, model="m", prompt_version="p")


def _read_audit(session: Any) -> None:
    wanted = audit_trail.Wanted(
        person="tan", action="report", patient_id=7, outcome="done", since=NOW - timedelta(days=9), until=NOW
    )
    page = audit_trail.Cursor(NOW, 5)
    audit_trail.search(session, wanted, after=page)
    part = audit_stream.Part(since=NOW - timedelta(days=9), until=NOW, patient_id=7)
    list(audit_stream.stream(session, part))
    releases = released_batches.Releases()
    releases.take("batch:1", released_batches.told("visit", 1, "0" * 64))
    list(releases.end())


def test_every_place_that_asks_is_caught(caught: Caught) -> None:
    assert caught.callers == set(places_that_fetch())


def test_every_query_sends_its_conditions_on(caught: Caught, sends_conditions_on: None) -> None:
    for file, function, query in caught.queries:
        with databases.read(Store.REPLICA) as session:
            asked = databases.current().adapter.links.remote_queries(session.connection(), query)
        assert asked, f"{file} {function} fetches whole tables"
        for one in asked:
            # Of joined tables a condition stands beside the tables.
            assert "batch_id" in one.partition(" FROM ")[2], f"{file} {function} asks for all rows: {one}"


@by_explain
def test_every_predicate_is_evaluated_by_the_archive(caught: Caught) -> None:
    assert caught.queries
    for file, function, query in caught.queries:
        for node in nodes(plan_of(query)):
            local = node.get("Filter", "") if node["Node Type"] in COLD_NODES else ""
            assert not local or NUMBERED.fullmatch(local), f"{file} {function} filters here: {local}"


@by_explain
def test_every_bounded_query_is_bounded_at_the_archive(caught: Caught) -> None:
    """By its limit or, at least, to one patient: else a page of forty would fetch everybody's."""
    bounded = [(file, function, query) for file, function, query in caught.queries if query._limit is not None]
    assert bounded
    for file, function, query in bounded:
        remotes = [node["Remote SQL"] for node in nodes(plan_of(query)) if node["Node Type"] == "Foreign Scan"]
        bounds = (" LIMIT ", "(patient_id = ")
        assert all(any(bound in remote for bound in bounds) for remote in remotes), f"{file} {function}: {remotes}"


@by_explain
def test_a_page_of_visits_is_bounded_by_the_archive(caught: Caught) -> None:
    """It sends one patient's visits of one year, or no more than the page shows: the planner chooses."""
    pages = [
        plan_of(query) for file, _, query in caught.queries if file == "stores/hot_and_archived.py" and query._limit
    ]
    scans = [node["Remote SQL"] for plan in pages for node in nodes(plan) if node["Node Type"] == "Foreign Scan"]
    remotes = [scan for scan in scans if " FROM public.visit " in scan]
    assert remotes
    for remote in remotes:
        assert "patient_id = " in remote
        assert " LIMIT " in remote or ("started_at >= " in remote and "started_at < " in remote), remote


@by_explain
def test_a_predicate_that_stays_here_would_be_seen(caught: Caught) -> None:
    linked = linked_table("note")
    # A volatile function is never sent.
    here = select(linked.c.id).where(linked.c.version > db_random())
    assert [node for node in nodes(plan_of(here)) if node.get("Filter")]


def db_random() -> Any:
    from sqlalchemy import func

    return func.random()


def plan_of(query: Select[Any]) -> dict[str, Any]:
    with databases.read(Store.REPLICA) as session:
        connection = session.connection()
        compiled = query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        explained = connection.exec_driver_sql(f"EXPLAIN (VERBOSE, FORMAT JSON) {compiled}", dict(compiled.params))
        plan: dict[str, Any] = explained.scalar_one()[0]["Plan"]
        return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)
