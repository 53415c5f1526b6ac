"""What a process counts as it works. Labels are ours alone: names of routes, stores, causes, queues and outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS"})
OTHER, NO_ROUTE = "other", "none"
# Seconds: of pages, up to where people give up; of jobs, up to their limit.
PAGE_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0, 10.0)
JOB_BUCKETS = (0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0, 900.0)

_requests = Counter("strata_requests", "Requests that were answered.", ("portal", "endpoint", "method", "status"))
_request_seconds = Histogram(
    "strata_request_seconds", "Time from a request to its answer.", ("portal", "endpoint"), buckets=PAGE_BUCKETS
)
_reads = Counter("strata_reads", "Reads by the store that answered, and why that one.", ("store", "cause"))
_connections = Gauge(
    "strata_pool_connections", "Connections of a pool that are in use.", ("store", "use"), multiprocess_mode="livesum"
)
_connection_limit = Gauge(
    "strata_pool_connections_max", "As many as a pool may have.", ("store", "use"), multiprocess_mode="livesum"
)
_unknown_words = Counter("strata_unknown_words", "Words in rows that are none of a kind of ours.", ("kind",))
_jobs = Counter("strata_jobs", "Jobs that a worker did.", ("queue", "outcome"))
_job_seconds = Histogram("strata_job_seconds", "How long a job took.", ("queue",), buckets=JOB_BUCKETS)
_task_seconds = Histogram("strata_task_seconds", "How long a task took.", ("task", "outcome"), buckets=JOB_BUCKETS)
_moved_rows = Counter("strata_archive_rows", "Rows that a step of a run has done.", ("record_type", "step"))
_step_seconds = Histogram(
    "strata_archive_step_seconds", "How long a step of a batch took.", ("record_type", "step"), buckets=JOB_BUCKETS
)
OF_MODEL = ("model", "role", "prompt_version")
_model_seconds = Histogram(
    "strata_model_seconds", "From a call of a model to its answer.", (*OF_MODEL, "outcome"), buckets=JOB_BUCKETS
)
_model_tokens = Counter("strata_model_tokens", "Tokens that models were sent and gave.", (*OF_MODEL, "kind"))
_model_usd = Counter("strata_model_usd", "What calls cost, in US dollars.", OF_MODEL)
ALL = (
    _requests, _request_seconds, _reads, _connections, _connection_limit, _jobs, _job_seconds, _task_seconds,
    _moved_rows, _step_seconds, _model_seconds, _model_tokens, _model_usd, _unknown_words,
)  # fmt: skip


def forget() -> None:
    """Nothing was counted yet: what counts from here on is kept where `exposed` has it kept."""
    for metric in ALL:
        metric.clear()


def request(portal: str, endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """One answer. What a stranger may choose freely, an address or a method, counts under one name."""
    route = endpoint or NO_ROUTE
    _requests.labels(portal, route, method if method in METHODS else OTHER, f"{status // 100}xx").inc()
    _request_seconds.labels(portal, route).observe(seconds)


def read(store: str, cause: str) -> None:
    """One read: `cause` is a word of the routing, never a message."""
    _reads.labels(store, cause).inc()


def unknown_word(kind: str) -> None:
    """A row had a word that is none of this kind."""
    _unknown_words.labels(kind).inc()


def pool_made(store: str, use: str, most: int) -> None:
    """A pool of at most so many connections."""
    _connection_limit.labels(store, use).set(most)
    _connections.labels(store, use).set(0)


def connection_taken(store: str, use: str) -> None:
    _connections.labels(store, use).inc()


def connection_given_back(store: str, use: str) -> None:
    _connections.labels(store, use).dec()


def job(queue: str, outcome: str, seconds: float) -> None:
    """One job of a worker, seen from outside the process that did it."""
    _jobs.labels(queue, outcome).inc()
    _job_seconds.labels(queue).observe(seconds)


def task(name: str, outcome: str, seconds: float) -> None:
    """One task, counted in the process that did it."""
    _task_seconds.labels(name, outcome).observe(seconds)


def archive_step(record_type: str, step: str, rows: int, seconds: float) -> None:
    """One step of a batch that is done."""
    _moved_rows.labels(record_type, step).inc(rows)
    _step_seconds.labels(record_type, step).observe(seconds)


def model_call(
    version: tuple[str, str, str], outcome: str, seconds: float, tokens: Mapping[str, int], usd: float
) -> None:
    """One call that has ended: `version` is the model that was asked for, the role and the prompts' version."""
    _model_seconds.labels(*version, outcome).observe(seconds)
    for kind, number in tokens.items():
        _model_tokens.labels(*version, kind).inc(number)
    _model_usd.labels(*version).inc(usd)
