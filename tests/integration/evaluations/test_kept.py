"""Evaluations are kept, compared with the last of their kind, listed, and run as a job."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from commands import eval as command
from core.models import EvalRun, utc_now
from core.queries import evaluations as reads
from core.services import evaluations
from core.stores import databases
from core.stores.databases import Store
from evals import trial
from workers import evaluate
from workers.reports import prompts
from workers.reports.pricing import Price
from workers.schedule import SCHEDULE


@pytest.fixture
def _servers(database: Any, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def strata_eval(*arguments: str) -> Result:
    return CliRunner().invoke(command.group, list(arguments))


def result(**figures: Any) -> dict[str, Any]:
    return {"suite": "factcheck", "cases": 100, "cost_usd": 0.0, "pass_rate": 1.0, "recall": 1.0,
            "false_flag_rate": 0.0, "results": [{"id": "c1"}], **figures}  # fmt: skip


def keep(made: dict[str, Any], *, short: tuple[str, ...] = (), drop_max: float = 0.01) -> evaluations.Kept:
    with databases.write() as session:
        return evaluations.keep(session, made, short=short, prompt_version="p1", drop_max=drop_max, seconds=2.5)


@pytest.mark.usefixtures("_servers")
def test_a_run_is_kept_and_listed() -> None:
    ran = strata_eval("run", "cost", "--keep")
    assert ran.exit_code == 0, ran.output
    assert "kept as run" in ran.stderr
    (found,) = json.loads(strata_eval("history", "--json").stdout)
    assert (found["suite"], found["model"], found["passed"], found["pass_rate"]) == (
        "cost", "strata-offline-rules", True, 1.0,
    )  # fmt: skip
    assert found["prompt_version"] == prompts.version()
    assert found["seconds"] > 0
    assert "cost" in strata_eval("history").stdout
    with databases.read(Store.HOT) as session:
        assert "results" not in session.scalars(select(EvalRun)).one().figures


@pytest.mark.usefixtures("database")
def test_a_drop_since_the_last_run_fails() -> None:
    assert keep(result()).run.passed
    small = keep(result(recall=0.995))
    assert (small.run.passed, small.drops) == (True, ())
    worse = keep(result(recall=0.98, false_flag_rate=0.05))
    assert not worse.run.passed
    assert worse.drops == ("recall went from 0.9950 to 0.9800", "false flag rate went from 0.0000 to 0.0500")
    assert keep(result(recall=0.98, false_flag_rate=0.05)).run.passed


@pytest.mark.usefixtures("database")
def test_other_models_and_suites_are_not_compared() -> None:
    keep(result(model="a"))
    assert keep(result(model="b", pass_rate=0.5)).drops == ()
    assert keep(result(suite="drafting", model="a", pass_rate=0.5)).drops == ()
    assert keep(result(model="a", pass_rate=0.5)).drops == ("pass rate went from 1.0000 to 0.5000",)


@pytest.mark.usefixtures("database")
def test_falling_short_of_the_bar_is_kept_with_its_reason() -> None:
    assert not keep(result(), short=("recall 0.9 is below 0.99",)).run.passed
    with databases.read(Store.HOT) as session:
        (found,) = reads.history(session)
    assert found.short == ("recall 0.9 is below 0.99",)


@pytest.mark.usefixtures("database")
def test_weeks_show_their_last_run() -> None:
    today = utc_now()
    for weeks, rates in ((9, (0.1,)), (2, (0.7, 0.8)), (0, (0.9,))):
        for rate in rates:
            made = keep(result(pass_rate=rate), drop_max=1.0).run
            with databases.write() as session:
                session.execute(
                    update(EvalRun).where(EvalRun.id == made.id).values(ran_at=today - timedelta(weeks=weeks))
                )
    with databases.read(Store.HOT) as session:
        found = reads.weekly(session, "factcheck", 8)
    monday: date = today.date() - timedelta(days=today.weekday())
    assert [(week.monday, week.pass_rate, week.runs) for week in found] == [
        (monday - timedelta(weeks=2), 0.8, 2),
        (monday, 0.9, 1),
    ]


@pytest.mark.usefixtures("_servers")
def test_the_job_runs_the_suite_and_keeps_it() -> None:
    assert evaluate.evaluate("cost") == "cost passed"
    os.environ["STRATA_REPORT_COST_CEILING_USD"] = "dear"
    try:
        with pytest.raises(RuntimeError, match="must be an amount such as"):
            evaluate.evaluate("cost")
    finally:
        del os.environ["STRATA_REPORT_COST_CEILING_USD"]
    with databases.read(Store.HOT) as session:
        assert [run.suite for run in reads.history(session)] == ["cost"]


@pytest.mark.usefixtures("_servers")
def test_an_evaluation_that_costs_too_much_stops_and_is_kept_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "purse", trial.Purse())
    monkeypatch.setattr(trial.pricing, "price", lambda *_: Price(Decimal("0.4"), "dear"))
    monkeypatch.setenv(trial.BUDGET, "1.00")
    stopped = strata_eval("run", "drafting", "--keep")
    assert stopped.exit_code == 1
    assert "stopped: US$1.20 is spent, STRATA_EVAL_BUDGET_USD allows US$1.00" in stopped.stderr
    with databases.read(Store.HOT) as session:
        (found,) = reads.history(session)
    assert (found.passed, found.cost_usd) == (False, 1.2)
    monkeypatch.setenv(trial.BUDGET, "much")
    assert "must be an amount such as 0.50, not 'much'" in strata_eval("run", "drafting").stderr


def test_suites_run_weekly() -> None:
    weekly = {str(entry.arguments["suite"]) for entry in SCHEDULE if entry.task == "workers.evaluate.evaluate"}
    assert weekly == {"factcheck", "injection", "drafting", "cost"}


def test_other_peoples_cases_are_not_kept() -> None:
    refused = strata_eval("run", "factcheck", "--keep", "--cases", "x.jsonl")
    assert refused.exit_code == 2
    assert "can't be compared" in refused.stderr
