"""What the scheduler tells Prometheus of the whole system, read at each scrape: lag, queues, archive, models, machines.

Read on the replica where that answers, and kept for a few seconds: no scrape costs more than one look. Labels are names
of ours and of models; no row's id, no person.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from prometheus_client.core import REGISTRY, GaugeMetricFamily, Metric
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.models import ArchiveRun, RunState, utc_now
from core.queries import load_figures, operations
from core.queries.archive_pace import recent_roots_per_second
from core.stores import databases, replica_reads
from core.stores.databases import Store
from core.stores.replica_watch import watch

log = logging.getLogger(__name__)

KEPT_SECONDS = 10.0
WAIT_SECONDS, ASK_SECONDS = 1.0, 3.0
DAY = timedelta(days=1)
# An endpoint names its models: the most used are told by name, the rest together.
MODELS_MAX, OTHERS = 20, "others"
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.:/@ -]")
NAME_MAX = 80


def lag(_session: Session) -> Iterator[Metric]:
    """How far the replica is behind, as routing judges it."""
    seen = watch.state()
    yield GaugeMetricFamily("strata_replica_answers", "1 if the replica answers.", value=float(seen.answers))
    yield GaugeMetricFamily(
        "strata_replica_lag_seconds",
        "Seconds the replica is behind at most; +Inf if nobody knows.",
        value=seen.lag_seconds,
    )


def queues(session: Session) -> Iterator[Metric]:
    """Jobs that wait."""
    waiting = GaugeMetricFamily("strata_queue_waiting", "Jobs that have not run.", labels=["queue"])
    oldest = GaugeMetricFamily("strata_queue_oldest_seconds", "Since when the oldest is due.", labels=["queue"])
    for state in operations.queues(session):
        waiting.add_metric([state.queue], state.waiting)
        seconds = (utc_now() - state.oldest_due_at).total_seconds() if state.oldest_due_at else 0.0
        oldest.add_metric([state.queue], max(seconds, 0.0))
    yield from (waiting, oldest)


def archive(session: Session) -> Iterator[Metric]:
    """What runs do now."""
    pace = GaugeMetricFamily("strata_archive_roots_per_second", "Pace of the last minutes.", labels=["record_type"])
    runs = GaugeMetricFamily("strata_archive_runs", "Runs that go on, or wait for somebody.", labels=["state"])
    query = select(ArchiveRun).where(ArchiveRun.state.in_((RunState.PLANNING, RunState.RUNNING, RunState.FAILED)))
    found = session.scalars(query).all()
    paces: dict[str, float] = {}
    for run in found:
        if run.state == RunState.RUNNING:
            now = recent_roots_per_second(session, run) or 0.0
            paces[run.record_type] = paces.get(run.record_type, 0.0) + now
    for record_type, now in sorted(paces.items()):
        pace.add_metric([record_type], now)
    for state in (RunState.PLANNING, RunState.RUNNING, RunState.FAILED):
        runs.add_metric([state.value], sum(run.state == state for run in found))
    yield from (pace, runs)


def models(session: Session) -> Iterator[Metric]:
    """Calls, tokens and cost of the last 24 hours by model, role and prompt version."""
    labels = ["model", "role", "prompt_version"]
    calls = GaugeMetricFamily("strata_model_calls_day", "Calls in 24 hours.", labels=labels)
    failed = GaugeMetricFamily("strata_model_calls_failed_day", "Calls in 24 hours that failed.", labels=labels)
    tokens = GaugeMetricFamily("strata_model_tokens_day", "Tokens in 24 hours.", labels=[*labels, "kind"])
    usd = GaugeMetricFamily("strata_model_usd_day", "US dollars in 24 hours.", labels=labels)
    for key, used in _by_version(operations.models(session, utc_now() - DAY)).items():
        calls.add_metric(key, sum(one.calls for one in used))
        failed.add_metric(key, sum(one.failed for one in used))
        usd.add_metric(key, sum(one.usd for one in used))
        for kind in ("input", "cached", "output"):
            tokens.add_metric([*key, kind], sum(getattr(one, f"{kind}_tokens") or 0 for one in used))
    yield from (calls, failed, tokens, usd)


def machines(session: Session) -> Iterator[Metric]:
    """The means of the last minutes of each machine, server and kind of program."""
    load = GaugeMetricFamily(
        "strata_machine",
        "Shares from 0 to 1 (cpu, memory, disk); operations a second (iops).",
        labels=["source", "figure"],
    )
    for source, named in load_figures.lately(session, utc_now() - load_figures.LATELY).items():
        for name, value in named.items():
            load.add_metric([source, name], value)
    yield load
    left = load_figures.least_days_left(session, utc_now())
    if left is not None:
        yield GaugeMetricFamily("strata_disk_days_left", "Days until the first disk is full.", value=left)


LOOKS: Mapping[str, Callable[[Session], Iterator[Metric]]] = {
    "lag": lag, "queues": queues, "archive": archive, "models": models, "machines": machines,
}  # fmt: skip


class Figures:
    """A collector of the library's kind: all looks, at most KEPT_SECONDS old. A topic that fails is left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[Metric, ...] = ()
        self._at: float | None = None

    def describe(self) -> Iterable[Metric]:
        """Nothing: else the library would ask the databases when this is registered."""
        return ()

    def collect(self) -> Iterable[Metric]:
        now = self._clock()
        if self._at is None or now - self._at > KEPT_SECONDS:
            self._kept, self._at = tuple(_all()), now
        return self._kept


def register() -> None:
    """Let this process tell the system's figures beside its own."""
    REGISTRY.register(Figures())


def _all() -> Iterator[Metric]:
    for topic, look in LOOKS.items():
        try:
            with _session() as session:
                yield from list(look(session))
        except SQLAlchemyError as fault:
            log.warning("no figures of %s: %s", topic, type(fault).__name__)


@contextmanager
def _session() -> Iterator[Session]:
    """On the replica; on the primary if that is behind or silent, which is just when the figures are wanted."""
    try:
        replica_reads.await_replica(WAIT_SECONDS)
        store = Store.REPLICA
    except replica_reads.ReplicaBehind:
        store = Store.HOT
    with databases.read(store, ASK_SECONDS) as session:
        yield session


def _by_version(used: Iterable[operations.ModelUse]) -> dict[tuple[str, str, str], list[operations.ModelUse]]:
    """By what is told of a model; those beyond MODELS_MAX, least used first, are one."""
    ordered = sorted(used, key=lambda one: (-one.calls, one.model, one.role, one.prompt_version))
    found: dict[tuple[str, str, str], list[operations.ModelUse]] = {}
    for number, one in enumerate(ordered):
        parts = (one.model, one.role, one.prompt_version)
        key = tuple(map(_name, parts)) if number < MODELS_MAX else (OTHERS, OTHERS, OTHERS)
        found.setdefault((key[0], key[1], key[2]), []).append(one)
    return found


def _name(raw: str) -> str:
    return NOT_IN_A_NAME.sub("_", raw)[:NAME_MAX]
