"""Workers killed at any moment: no report is lost or doubled, and nothing is paid for twice unnoticed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from core.models import Check, DayBudget, Evidence, ModelCall, OutboxMessage, Report, ReportEvent, ReportState
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from tests.integration.reports import crashing
from tests.report_records import Record, view
from workers.reports import budget

PRICED = "gpt-4o-mini"
KILLS_EACH_MAX = 3


class Whole(NamedTuple):
    """What a report must come to, however often its worker was killed."""

    claims: tuple[tuple[int, str], ...]
    evidence: int
    checks: Counter[str]
    useful_calls: Counter[tuple[str, int]]
    states: tuple[str, ...]


def whole(report_id: int) -> Whole:
    with databases.read(Store.HOT) as session:
        calls = session.scalars(select(ModelCall).where(ModelCall.report_id == report_id)).all()
        events = select(ReportEvent.to_state).where(ReportEvent.report_id == report_id).order_by(ReportEvent.id)
        assert all(call.ended_at is not None for call in calls)
        assert {call.error for call in calls} <= {None, budget.LOST, budget.ANSWER_LOST}
        return Whole(
            tuple((claim.ordinal, claim.text) for claim in view(report_id).claims),
            session.scalar(select(func.count()).where(Evidence.report_id == report_id)) or 0,
            Counter(session.scalars(select(Check.checker).where(Check.report_id == report_id))),
            Counter((call.role, call.round) for call in calls if call.error is None),
            tuple(session.scalars(events)),
        )


def spent() -> tuple[Decimal, Decimal, Decimal]:
    """What the day's budget says is spent and reserved, and what all calls cost."""
    with databases.read(Store.HOT) as session:
        day = session.scalars(select(DayBudget)).one()
        costs = session.scalar(select(func.sum(ModelCall.cost_usd))) or Decimal(0)
    return day.spent_usd, day.reserved_usd, costs


@pytest.fixture
def slow(
    configured: Callable[..., Settings], environment: dict[str, str], model: OfflineModel
) -> Iterator[dict[str, str]]:
    """A model that takes a moment, and costs; the settings that reach it."""
    configured(drafter_model=PRICED, checker_model=PRICED, day_budget_usd=Decimal(100))
    model.behaviour.set("slow")
    yield {
        **environment, "OPENAI_BASE_URL": model.url, "STRATA_DAY_BUDGET_USD": "100",
        "STRATA_DRAFTER_MODEL": PRICED, "STRATA_CHECKER_MODEL": PRICED,
    }  # fmt: skip
    model.behaviour.set("off")


@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_a_report_survives_its_workers(
    slow: dict[str, str], request_report: Callable[[], int], record: Record, model: OfflineModel, kills: int
) -> None:
    chance = random.Random(kills)
    asked_before = model.behaviour.asked
    first = request_report()
    longest = crashing.work(slow, crashing.message_of(first), kill_after=None)
    expected, made, killed = whole(first), [first], 0
    assert expected.states == ("requested", "drafting", "checking", "ready")

    while killed < kills:
        with databases.write() as session:
            reports.withdraw(session, report_id=made[-1], reason="The next one.", by=record.doctor)
        made.append(request_report())
        message = crashing.message_of(made[-1])
        for _ in range(min(chance.randint(1, KILLS_EACH_MAX), kills - killed)):
            crashing.work(slow, message, kill_after=chance.uniform(0, longest))
            if view(made[-1]).state == ReportState.READY:
                break
            killed += 1
            crashing.let_lease_run_out(made[-1])
        crashing.work(slow, message, kill_after=None)
        assert whole(made[-1]) == expected

    spent_usd, reserved_usd, cost_usd = spent()
    assert reserved_usd == 0
    assert spent_usd == cost_usd > 0
    with databases.read(Store.HOT) as session:
        calls = session.scalar(select(func.count()).select_from(ModelCall)) or 0
        assert session.scalars(select(Report.id).order_by(Report.id)).all() == made
        assert session.scalars(select(OutboxMessage.id).where(OutboxMessage.done_at.is_(None))).all() == []
    asked = model.behaviour.asked - asked_before
    assert asked <= calls <= asked + killed


def test_an_answer_that_was_not_kept_is_noted(
    slow: dict[str, str], request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.reports import jobs, loop

    report_id = request_report()

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "add_claims", die)
    with pytest.raises(KeyboardInterrupt):
        jobs.draft_report(report_id)
    monkeypatch.undo()
    crashing.let_lease_run_out(report_id)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.read(Store.HOT) as session:
        drafts = session.scalars(select(ModelCall).where(ModelCall.role == "drafter").order_by(ModelCall.id)).all()
    assert [(call.error, call.cost_usd is not None and call.cost_usd > 0) for call in drafts] == [
        (budget.ANSWER_LOST, True),
        (None, True),
    ]
