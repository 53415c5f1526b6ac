"""Models and prompts go into use only when they have passed; until then others make the reports, or reports wait."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from commands.model import group
from core.jobs import outbox
from core.models import AgentSetup, EvalRun, ModelCall, SetupState
from core.services import agent_setups
from core.services.agent_setups import Setup
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.report_records import view
from workers.reports import jobs, prompts, setups

OLD, NEW = "gpt-4o-mini", "gpt-4o"


@pytest.fixture
def configure(configured: Callable[..., Settings]) -> Callable[[str], Setup]:
    """Call it with the model that both agents use."""

    def change(model: str) -> Setup:
        configured(drafter_model=model, checker_model=model)
        return setups.configured()

    return change


def strata_model(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def let_pass(model: str, *suites: str, passed: bool = True, prompt_version: str | None = None) -> None:
    with databases.write() as session:
        for suite in suites or (*agent_setups.OF_MODEL, *agent_setups.OF_CODE):
            of_code = suite in agent_setups.OF_CODE
            session.add(EvalRun(suite=suite, model=None if of_code else model, passed=passed, figures={},
                                prompt_version=prompt_version or prompts.version()))  # fmt: skip


def states() -> dict[str, str]:
    with databases.read(Store.HOT) as session:
        return {setup.drafter_model: setup.state for setup in session.scalars(select(AgentSetup))}


def models_asked() -> set[str]:
    with databases.read(Store.HOT) as session:
        return set(session.scalars(select(ModelCall.requested_model)))


def put_old_into_use(configure: Callable[[str], Setup]) -> None:
    with databases.write() as session:
        agent_setups.chosen(session, configure(OLD), 1)


def test_the_first_setup_is_put_into_use(request_report: Callable[[], int], configure: Callable[[str], Setup]) -> None:
    configure(OLD)
    report_id = request_report()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert states() == {OLD: "in use"}


def test_rules_need_no_trial(request_report: Callable[[], int]) -> None:
    report_id = request_report()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert states() == {}


def test_an_untried_model_makes_no_report_while_another_is_in_use(
    request_report: Callable[[], int], configure: Callable[[str], Setup]
) -> None:
    put_old_into_use(configure)
    configure(NEW)
    report_id = request_report()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert models_asked() == {OLD}


def test_with_none_in_use_reports_wait_and_say_why(
    request_report: Callable[[], int], configure: Callable[[str], Setup]
) -> None:
    put_old_into_use(configure)
    assert strata_model("retire", "--reason", "withdrawn by its maker").output.startswith("retired: ")
    configure(NEW)
    report_id = request_report()
    with pytest.raises(outbox.NotNow, match="is not in use: `strata model use`"):
        jobs.draft_report(report_id)
    assert "waiting: gpt-4o with prompts" in (view(report_id).reason or "")


def test_a_model_goes_into_use_only_when_it_has_passed(configure: Callable[[str], Setup]) -> None:
    put_old_into_use(configure)
    setup = configure(NEW)
    assert "propose it first" in strata_model("use", "--reason", "better").stderr
    strata_model("propose", "--reason", "cheaper")
    assert "registered already" in strata_model("propose", "--reason", "cheaper").stderr
    refused = strata_model("use", "--reason", "better").stderr
    assert "has not passed: factcheck, drafting, injection, cost" in refused
    let_pass(NEW)
    let_pass(NEW, "cost", passed=False)
    assert "has not passed: cost" in strata_model("use", "--reason", "better").stderr
    let_pass(NEW, "cost", prompt_version="other prompts")
    assert "has not passed: cost" in strata_model("canary", "--share", "10", "--reason", "try").stderr
    let_pass(NEW, "cost")
    assert strata_model("use", "--reason", "better").output == f"in use: {setup}\n"
    assert states() == {OLD: "retired", NEW: "in use"}
    listed = json.loads(strata_model("list", "--json").stdout)
    assert {item["drafter_model"]: item["reason"] for item in listed} == {NEW: "better", OLD: f"replaced by {setup}"}
    assert "has passed all evaluations" in strata_model("list").stdout


def test_a_canary_makes_its_share_of_the_reports(configure: Callable[[str], Setup]) -> None:
    put_old_into_use(configure)
    new = configure(NEW)
    let_pass(NEW)
    strata_model("propose", "--reason", "cheaper")
    assert strata_model("canary", "--share", "20", "--reason", "try it").exit_code == 0
    with databases.write() as session:
        made = [agent_setups.chosen(session, new, report_id).drafter_model for report_id in range(1, 1_001)]
        again = [agent_setups.chosen(session, new, report_id).drafter_model for report_id in range(1, 1_001)]
    assert made == again
    assert set(made) == {OLD, NEW}
    assert 150 < made.count(NEW) < 250


def test_two_can_not_be_put_into_use_at_once(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    third = Setup("y", "y", "p")
    with databases.write() as session:
        session.add(AgentSetup(drafter_model="x", checker_model="x", prompt_version="p", state="in use", reason="r",
                               changed_by="t"))  # fmt: skip
        agent_setups.propose(session, third, reason="r")
        for suite in (*agent_setups.OF_MODEL, *agent_setups.OF_CODE):
            session.add(EvalRun(suite=suite, model=None if suite == "factcheck" else "y", passed=True, figures={},
                                prompt_version="p"))  # fmt: skip

    def use() -> None:
        with databases.write() as session:
            agent_setups.move(session, third, SetupState.IN_USE, reason="r")

    # As if the other had been put there after this one looked.
    monkeypatch.setattr(agent_setups, "make_room_for", lambda *_: None)
    with pytest.raises(agent_setups.BadSetup, match="at the same time"):
        use()
    monkeypatch.undo()
    use()
    assert states() == {"x": "retired", "y": "in use"}
