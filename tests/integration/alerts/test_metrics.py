"""What Prometheus scrapes of portals, workers and the scheduler as they run; no label names a person or a row."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import REGISTRY

from core.embedded import ports
from core.jobs import outbox, tasks
from core.metrics import counters
from core.models import LoadFigure, LoadSpan, ModelCall, Role, utc_now
from core.stores import databases
from core.stores.databases import Store
from core.stores.routing import Cause
from public_app import create_app as public_app
from tests.factories import PASSWORD, make_account, make_patient, make_visit
from workers import scraped
from workers.reports import telemetry

ROOT = Path(__file__).parents[3]
START_SECONDS = 40
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Samples = dict[str, list[tuple[dict[str, str], float]]]


def scrape(port: int) -> Samples:
    """Every sample by its name."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(found: Samples, name: str, **labels: str) -> float:
    return sum(number for have, number in found.get(name, []) if labels.items() <= have.items())


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            if met := condition():
                return met
        except OSError:
            pass
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.1)


@contextmanager
def program(environment: dict[str, str], *arguments: str) -> Iterator[int]:
    """One of our commands as a process; gives the port of its figures."""
    port = ports.pick()
    env = {**environment, "STRATA_METRICS_ADDRESS": f"127.0.0.1:{port}"}
    process = subprocess.Popen([sys.executable, "-m", "cli", *arguments], cwd=ROOT, env=env)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(30)


def asked(port: int, method: str, path: str, cookies: dict[str, str], form: dict[str, str] | None = None) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    host = f"portal.localhost:{port}"
    headers = {"Host": host, "Referer": f"http://{host}/", "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, urlencode(form) if form is not None else None, headers)
    reply = connection.getresponse()
    for cookie in reply.headers.get_all("Set-Cookie", ()):
        name, _, said = cookie.partition(";")[0].partition("=")
        cookies[name] = said
    return reply.read().decode()


def model_call(model: str, **values: Any) -> ModelCall:
    """A drafter's call a moment ago."""
    return ModelCall(report_id=1, role="drafter", round=0, attempt=1, provider="x", requested_model="m",
                     answering_model=model, prompt_version="v1", **values)  # fmt: skip


def test_a_portals_processes_are_scraped_as_one(database: Any, environment: dict[str, str], sync_replica: Any) -> None:
    with databases.write() as session:
        patient = make_patient(session)
        make_visit(session, patient)
        account = make_account(session, role=Role.PATIENT, patient_id=patient.id, name=patient.name)
        username = account.username
    sync_replica()
    page, cookies = ports.pick(), dict[str, str]()
    command = ("serve", "public", "--bind", f"127.0.0.1:{page}", "--workers", "2", "--threads", "2")
    with program(environment, *command) as port:
        wait_for(lambda: asked(page, "GET", "/healthz", {}) == "ok\n")
        token = TOKEN.search(asked(page, "GET", "/sign-in", cookies))
        assert token is not None
        asked(page, "POST", "/sign-in", cookies, {"csrf_token": token[1], "username": username, "password": PASSWORD})
        for _ in range(12):
            assert "Sign out" in asked(page, "GET", "/history", cookies)
        asked(page, "BREW", f"/{quote(patient.name)}/{patient.id}", cookies)
        found = scrape(port)
    assert value(found, "strata_requests_total", endpoint="history.index", status="2xx") == 12
    assert value(found, "strata_request_seconds_count", portal="public", endpoint="history.index") == 12
    assert value(found, "strata_requests_total", method="other", endpoint="none") == 1
    assert value(found, "strata_reads_total", store="replica", cause="fits") >= 12
    assert value(found, "strata_pool_connections_max", store="replica", use="read") >= 15
    assert value(found, "strata_pool_connections") == 0
    said = {part for samples in found.values() for labels, _ in samples for part in labels.values()}
    assert not said & {patient.name, username, str(patient.id)}


def test_a_worker_and_the_scheduler_are_scraped(database: Any, environment: dict[str, str], sync_replica: Any) -> None:
    with databases.write() as session:
        for _ in range(2):
            outbox.add(session, "workers.tidy.tidy")
        outbox.add(session, "workers.reports.jobs.resume_reports")
        for name in ("cpu", "disk"):
            figure = {"source": "primary", "name": name, "span": LoadSpan.MINUTE, "samples": 1}
            session.add(LoadFigure(**figure, at=utc_now(), mean=0.4, highest=0.4))
        session.add(model_call("m-1", input_tokens=1200, cost_usd=Decimal("0.02")))
    sync_replica()
    with program(environment, "schedule") as scheduler, program(environment, "worker", "ops") as worker:
        wait_for(lambda: value(scrape(worker), "strata_jobs_total", queue="ops", outcome="done"))
        found = scrape(scheduler)
        # Each was counted by a process that has ended since.
        wait_for(lambda: value(scrape(worker), "strata_task_seconds_count", task="workers.tidy.tidy") >= 2)
        wait_for(lambda: not value(scrape(worker), "strata_pool_connections", use="write"))
        by_jobs = scrape(worker)
        assert value(by_jobs, "strata_job_seconds_count", queue="ops") >= 1
        assert value(by_jobs, "strata_pool_connections_max", use="write") > 0
    assert value(found, "strata_replica_answers") == 1
    assert value(found, "strata_queue_waiting", queue="reports") >= 1
    assert value(found, "strata_machine", source="primary", figure="cpu") == pytest.approx(0.4)
    assert value(found, "strata_model_tokens_day", model="m-1", kind="input") == 1200
    assert value(found, "strata_model_usd_day", model="m-1", prompt_version="v1", role="drafter") == pytest.approx(0.02)
    assert {"strata_archive_runs", "strata_replica_lag_seconds"} <= found.keys()


def told_of(name: str, **labels: str) -> float:
    """What this process has counted."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_models_calls_are_counted_where_they_end() -> None:
    version = {"model": "m-counted", "role": "drafter", "prompt_version": "v1"}
    call = model_call("m-1", input_tokens=1200, cached_tokens=0, output_tokens=80, cost_usd=Decimal("0.02"),
                      latency_seconds=Decimal("1.5"))  # fmt: skip
    call.requested_model = version["model"]
    telemetry.say(call)
    assert told_of("strata_model_tokens_total", **version, kind="input") == 1200
    assert told_of("strata_model_tokens_total", **version, kind="output") == 80
    assert told_of("strata_model_usd_total", **version) == pytest.approx(0.02)
    assert told_of("strata_model_seconds_sum", **version, outcome="done") == 1.5


@pytest.fixture
def portal(database: Any) -> Any:
    app = public_app(database)
    app.testing = False
    return app


def told() -> set[tuple[str, str]]:
    """Each label of this process's figures with its value."""
    return {
        (name, said)
        for family in REGISTRY.collect()
        if family.name.startswith("strata_")
        for sample in family.samples
        for name, said in sample.labels.items()
    }


TYPED = strategies.text(min_size=1, max_size=30)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=TYPED,
    username=TYPED,
    number=strategies.integers(0, 2**63),
    method=strategies.sampled_from(["GET", "POST", "PUT", "BREW"]),
)
def test_whatever_is_asked_no_label_is_of_the_askers_choosing(
    portal: Any, path: str, username: str, number: int, method: str
) -> None:
    browser, before = portal.test_client(), set(told())
    for address in (f"/{quote(path)}", f"/visits/{number}", f"/history?q={quote(path)}"):
        browser.open(address, base_url="https://portal.localhost", method=method)
    browser.post("/sign-in", base_url="https://portal.localhost", data={"username": username, "password": path})
    known = {
        "endpoint": {*portal.view_functions, counters.NO_ROUTE},
        "method": {*counters.METHODS, counters.OTHER},
        "status": {f"{kind}xx" for kind in range(1, 6)},
        "portal": {"public", "staff"},
        "store": {*Store},
        "cause": {*Cause, "chosen store silent", "archived", "archive silent"},
        "use": {"read", "write", "probe", *(f"cold {server}" for server in ("logs", "visits", "reports"))},
        "queue": {*tasks.QUEUES},
        "outcome": {"done", "failed", "unknown"},
    }
    assert {(name, said) for name, said in set(told()) - before if name != "le" and said not in known[name]} == set()


def test_models_beyond_the_most_used_are_told_together(database: Any) -> None:
    with databases.write() as session:
        for number in range(scraped.MODELS_MAX + 5):
            for _ in range(2 if number < scraped.MODELS_MAX else 1):
                session.add(model_call(f'm"{number}\n\u00e9'))
    with databases.read(Store.HOT) as session:
        calls = next(iter(scraped.models(session)))
    names = {sample.labels["model"] for sample in calls.samples}
    assert len(names) == scraped.MODELS_MAX + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_.:/@ -]+", name) for name in names)
    assert {sample.value for sample in calls.samples if sample.labels["model"] == scraped.OTHERS} == {5.0}
