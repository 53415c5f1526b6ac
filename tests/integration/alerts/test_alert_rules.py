"""Every alert rule is made to fire and to clear by rows such as the system writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from core import audit
from core.models import (
    AccessEvent,
    ArchiveRun,
    Claim,
    DayBudget,
    EvalRun,
    LoadFigure,
    ModelCall,
    OutboxMessage,
    Report,
    ReportState,
    RunState,
    ScheduleMark,
    utc_now,
)
from core.queries import strangers
from core.queries.alerts import EVALUATED
from core.services import alerting, load_figures
from core.services.load_figures import Sample
from core.settings.config import Settings
from core.stores import databases, policy_violations, redis
from core.stores.policy_violations import key_of
from core.stores.replica_watch import watch
from core.stores.routing import ReplicaState
from tests.factories import make_account, make_patient, make_visit
from tests.tiers import Tiers

CLAIMS = 60


def state_of(name: str) -> str:
    rule = alerting.rule_of(name)
    assert rule is not None
    rule = replace(rule, on_primary=True)
    return alerting.look([rule])[0].state


def write(*rows: Any) -> None:
    with databases.write() as session:
        session.add_all(rows)


def change(statement: Any) -> None:
    with databases.write() as session:
        session.execute(statement)


def report(**values: Any) -> Report:
    now = utc_now()
    asked = {"patient_id": 1, "requested_by": 1, "state": ReportState.READY, "requested_at": now, "ready_at": now}
    return Report(**{**asked, **values})


def make_reports(many: int, seconds: float, state: str = ReportState.READY) -> None:
    now = utc_now()
    with databases.write() as session:
        patients = [make_patient(session) for _ in range(many)]
        session.add_all(
            report(patient_id=patient.id, state=state, requested_at=now - timedelta(seconds=seconds), ready_at=now,
                   closed_at=now if state == ReportState.SIGNED else None)
            for patient in patients
        )  # fmt: skip


def call(usd: str, report_id: int) -> ModelCall:
    return ModelCall(report_id=report_id, role="drafter", round=0, attempt=1, provider="x", requested_model="m",
                     prompt_version="p", cost_usd=Decimal(usd), reserved_usd=Decimal(1))  # fmt: skip


def evaluation(suite: str, *, passed: bool = True, **figures: Any) -> EvalRun:
    return EvalRun(suite=suite, model="m", prompt_version="p", passed=passed, figures=figures)


def make_claims(flagged: int, decided: str | None = None) -> None:
    """Claims of the newest report, the first of them flagged."""
    with databases.write() as session:
        newest = session.scalars(select(Report).order_by(Report.id.desc()).limit(1)).one()
        session.add_all(
            Claim(report_id=newest.id, patient_id=newest.patient_id, ordinal=n, section="s", text="t", round=0,
                  flagged=n < flagged, decision=decided, decided_by=1 if decided else None)
            for n in range(CLAIMS)
        )  # fmt: skip


def close_old_visit() -> None:
    with databases.write() as session:
        make_visit(session, make_patient(session), started_at=utc_now() - timedelta(days=400))


def sign_reports(*, touched: bool) -> None:
    make_reports(40, 1, ReportState.SIGNED)
    for _ in range(3 if touched else 0):
        make_reports(1, 1, ReportState.SIGNED)
        make_claims(0, "edited")


@dataclass(frozen=True)
class Story:
    """How a rule is made to fire, and how to clear."""

    rule: str
    fire: Callable[[], object]
    clear: Callable[[], object]


def run_row(state: str) -> ArchiveRun:
    now = utc_now()
    return ArchiveRun(record_type="visit", state=state, as_of=now, cutoff_at=now, started_by="t", batch_rows=1)


STORIES = (
    Story("report cost", lambda: write(*(call("0.30", n) for n in range(3))),
          lambda: change(update(ModelCall).values(cost_usd=Decimal("0.01")))),
    Story("day budget", lambda: write(DayBudget(day_on=utc_now().date(), spent_usd=Decimal(41))),
          lambda: change(update(DayBudget).values(spent_usd=Decimal(1)))),
    Story("report latency", lambda: make_reports(6, 130), lambda: make_reports(200, 5)),
    Story("report latency tail", lambda: make_reports(20, 310), lambda: change(delete(Report).where(Report.id > 1))
          or make_reports(30, 5) or change(delete(Report).where(Report.id == 1))),
    Story("reports failing", lambda: make_reports(6, 1, ReportState.FAILED), lambda: make_reports(80, 1)),
    Story("fact-check pass rate", lambda: write(evaluation("factcheck", pass_rate=0.97)),
          lambda: write(evaluation("factcheck", pass_rate=1.0))),
    Story("evaluation fell short", lambda: write(evaluation("cost", passed=False)),
          lambda: write(evaluation("cost"))),
    Story("injection hit", lambda: write(evaluation("injection", hits=1)),
          lambda: write(evaluation("injection", hits=0))),
    Story("flags", lambda: make_reports(1, 1) or make_claims(20),
          lambda: make_reports(1, 1) or make_claims(0)),
    Story("reviewers agree with everything", lambda: sign_reports(touched=False),
          lambda: sign_reports(touched=True)),
    Story("archive run failed", lambda: write(run_row(RunState.FAILED)),
          lambda: change(update(ArchiveRun).values(state=RunState.DONE))),
    Story("archive behind", close_old_visit, lambda: change(delete_visits())),
    Story("alerts not evaluated", lambda: write(
              ScheduleMark(name=EVALUATED, started_at=utc_now() - timedelta(minutes=6))),
          lambda: change(update(ScheduleMark).values(started_at=utc_now()))),
    Story("processor busy", lambda: load("cpu", 0.95), lambda: load("cpu", 0.2)),
    Story("memory short", lambda: load("memory", 0.95), lambda: load("memory", 0.2)),
    Story("disk nearly full", lambda: load("disk", 0.9), lambda: load("disk", 0.2)),
    Story("disk filling", lambda: fill_disk(0.01), lambda: fill_disk(0.0001)),
    Story("disk operations", lambda: load("iops", 2800), lambda: load("iops", 90)),
    Story("strangers looked up", lambda: look_up_strangers(160), lambda: change(delete(AccessEvent))),
    Story("queue age", lambda: write(OutboxMessage(queue="ops", task="t", arguments={},
                                                   due_at=utc_now() - timedelta(minutes=6))),
          lambda: change(update(OutboxMessage).values(done_at=utc_now()))),
    Story("page policy", lambda: report_violations(21), lambda: redis.client().delete(key_of("staff", utc_now()))),
)  # fmt: skip


def load(name: str, value: float) -> None:
    """The primary's figure of this minute, in place of an earlier one."""
    change(delete(LoadFigure))
    with databases.write() as session:
        load_figures.keep(session, [Sample("primary", name, value)], utc_now())


def fill_disk(share_an_hour: float) -> None:
    """A disk that is half full, and fuller each hour of the last two days."""
    change(delete(LoadFigure))
    with databases.write() as session:
        for hour in range(48):
            sample = Sample("primary", "disk", 0.5 + share_an_hour * hour)
            load_figures.keep(session, [sample], utc_now() - timedelta(hours=48 - hour))


def report_violations(many: int) -> None:
    for _ in range(many):
        policy_violations.count(redis.client(), "staff", "script-src", utc_now())


def look_up_strangers(many: int) -> None:
    with databases.write() as session:
        by = make_account(session)
        for purpose in strangers.purposes((), range(many)):
            audit.record(session, strangers.SEARCHED, by=by, purpose=purpose)


def delete_visits() -> Any:
    from core.models import Visit

    return delete(Visit)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.rule)
def test_a_rule_fires_and_clears(story: Story) -> None:
    assert state_of(story.rule) in ("quiet", "unknown")
    story.fire()
    assert state_of(story.rule) == "firing"
    story.clear()
    assert state_of(story.rule) == "quiet"


@pytest.mark.usefixtures("database")
def test_the_replicas_rule_fires_and_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_of("replica lag") == "quiet"
    for state in (ReplicaState(answers=False), ReplicaState(answers=True, lag_seconds=31.0)):
        monkeypatch.setattr(watch, "state", lambda state=state: state)
        assert state_of("replica lag") == "firing"
    monkeypatch.undo()
    assert state_of("replica lag") == "quiet"


def test_every_rule_has_a_story_and_a_name_of_its_own() -> None:
    names = [rule.name for rule in alerting.RULES]
    assert len(set(names)) == len(names)
    assert {story.rule for story in STORIES} | {"replica lag"} == set(names)


@pytest.mark.usefixtures("database")
def test_too_few_samples_say_nothing() -> None:
    write(*(call("9.00", n) for n in range(2)))
    assert state_of("report cost") == "unknown"


def test_a_dead_replica_leaves_the_rules_that_do_without_it(database: Settings, tiers: Tiers) -> None:
    databases.configure(database.model_copy(update={"replica_wait_seconds": 0.2}))
    tiers.replica.stop("immediate")
    states = {found.rule.name: found.state for found in alerting.look()}
    assert states["replica lag"] == "firing"
    assert states["queue age"] == "quiet"
    assert states["day budget"] == "unknown"
