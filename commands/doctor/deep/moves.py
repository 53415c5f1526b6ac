"""Moves the made-up patient's visits through all steps, reads them in the archive, and brings them back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median
from typing import Any

from sqlalchemy import Select, Table, select

from commands.doctor.deep.made_patient import COMMAND, VISITS, Unfinished
from commands.doctor.finding import Finding, judge
from core.jobs import outbox
from core.models import ArchiveRun, RunState, Step, StepName, StepState
from core.services import archive, archive_restore
from core.stores import archived, databases, freshness
from core.stores.databases import Store
from core.stores.tables import hot_table, linked_table
from workers.archive import driver, heartbeat, purge
from workers.archive.retry_policy import RightMissing

POLL_SECONDS = 0.2
READS = 5
ROWS_A_BATCH = 5
STEPS = (StepName.PLAN, StepName.STAGE, StepName.LOAD, StepName.VERIFY, StepName.RELEASE)
SEE_DOCTOR = "see `strata doctor`"


def examine(patient_id: int, until: float) -> Iterator[Finding]:
    """A finding for each thing that the product does with cold rows."""
    before = _hot(patient_id)
    began = archive.start_run
    yield _moved(_drive(began, until, record_type="visit", batch_rows=ROWS_A_BATCH, instead_of=COMMAND,
                        patient_id=patient_id))  # fmt: skip
    gone = [name for name, rows in _hot(patient_id).items() if rows]
    yield judge("move: hot rows", not gone, f"{', '.join(gone)} still hot" if gone else "none is left", SEE_DOCTOR)
    freshness.wait_for_replica(freshness.primary_position())
    yield from _cold_reads(patient_id, before)
    run = _drive(archive_restore.start_patient_restore, until, patient_id=patient_id, record_type="visit")
    yield _restored(run, before == _hot(patient_id))
    yield _purge()


def _hot(patient_id: int) -> dict[str, list[Any]]:
    with databases.read(Store.HOT) as session:
        asked = {name: of_patient(hot_table(name), patient_id) for name in ("visit", "note")}
        return {name: sorted(tuple(row) for row in session.execute(query)) for name, query in asked.items()}


def of_patient(table: Table, patient_id: int) -> Select[Any]:
    """A patient's visits, or notes, with what engines have disagreed on: texts and instants."""
    texts = ("description", "reason", "started_at", "ended_at") if "reason" in table.c else ("visit_id", "text")
    return select(table.c.id, *(table.c[name] for name in texts)).where(table.c.patient_id == patient_id)


def _drive(start: Callable[..., ArchiveRun], until: float, **what: Any) -> ArchiveRun:
    """Start a run and take it to its end, whoever else may drive it. Raises Unfinished."""
    with databases.write() as session:
        run_id = start(session, by=None, **what).id
    while time.monotonic() < until:
        with suppress(outbox.NotNow), heartbeat.hold(run_id):
            while time.monotonic() < until and driver.advance(run_id):
                pass
        with databases.read(Store.HOT) as session:
            run = session.get_one(ArchiveRun, run_id)
        if run.state in (RunState.DONE, RunState.FAILED):
            return run
        time.sleep(POLL_SECONDS)
    raise Unfinished(f"run {run_id} was not at its end in time")


def _steps(run_id: int) -> list[Step]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Step).where(Step.run_id == run_id).order_by(Step.id)))


def _told(steps: list[Step]) -> str:
    """How long each kind of step took in all, and what failed on the way."""
    seconds: dict[str, float] = {}
    for step in steps:
        if step.finished_at is not None:
            seconds[step.name] = seconds.get(step.name, 0.0) + (step.finished_at - step.started_at).total_seconds()
    failed = [f"{step.name} failed ({step.fault})" for step in steps if step.state == StepState.FAILED]
    return ", ".join([*(f"{name} {took * 1000:.0f} ms" for name, took in seconds.items()), *failed])


def _moved(run: ArchiveRun) -> Finding:
    steps = _steps(run.id)
    missing = [name for name in STEPS if not any(step.name == name and step.state == StepState.DONE for step in steps)]
    well = run.state == RunState.DONE and not missing
    said = f"{VISITS} visits: {_told(steps)}"
    return judge("move: all steps", well, said, f"run {run.id} is {run.state}: `strata archive status --run {run.id}`")


def _cold_reads(patient_id: int, before: dict[str, list[Any]]) -> Iterator[Finding]:
    found, seconds = {}, []
    for name in before:
        for _ in range(READS):
            began = time.monotonic()
            found[name] = sorted(
                tuple(row.values()) for row in archived.fetch("visit", of_patient(linked_table(name), patient_id))
            )
            seconds.append(time.monotonic() - began)
    same = found == before
    detail = f"{sum(map(len, found.values()))} rows, {'the same' if same else 'NOT the same'} as before; "
    detail += f"first {seconds[0] * 1000:.0f} ms, then {median(seconds[1:]) * 1000:.0f} ms"
    yield judge("cold read: rows", same, detail, "do not archive: report this")
    yield from _plan(of_patient(linked_table("visit"), patient_id))


def _plan(query: Select[Any]) -> Iterator[Finding]:
    adapter = databases.current().adapter
    engine = databases.current().cold_engine(Store.REPLICA, "visits")
    with engine.execution_options(isolation_level=adapter.linked).connect() as connection:
        asked = adapter.links.remote_queries(connection, query)
        remote = any(" WHERE " in one for one in asked)
        said = "conditions are judged there" if remote else "the table is fetched whole for each question"
        yield judge("cold read: plan", remote, said, "run `strata init`, which sets what a link needs")
        connection.execute(query).all()
        begun = adapter.server.distributed_transactions(connection)
        said = "this server does not tell" if begun is None else f"{begun} begun"
        yield judge("cold read: distributed transactions", not begun, said, "report this; MSDTC is not needed")


def _restored(run: ArchiveRun, same: bool) -> Finding:
    well = run.state == RunState.DONE and same
    said = f"{_told(_steps(run.id))}; {'the same' if same else 'NOT the same'} rows as before"
    return judge("restore", well, said, f"run {run.id} is {run.state}: `strata archive status --run {run.id}`")


def _purge() -> Finding:
    """Whether copies of restored rows could go: a purge waits a minute, so that it is not waited for here."""
    try:
        for name, store in (("primary", Store.HOT), ("replica", Store.REPLICA)):
            with databases.current().engine(store, read_only=True).connect() as connection:
                purge.check_right(name, connection)
    except RightMissing as fault:
        return Finding("restore: purge", False, "this login does not see others' snapshots", str(fault))
    return Finding("restore: purge", True, "this login sees others' snapshots")
