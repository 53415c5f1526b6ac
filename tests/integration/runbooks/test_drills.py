"""The runbooks' own commands, taken out of the documents and run: the incident as a drill, first to last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.models import AccessEvent, Account, Decision, Report, ReportState, SignerNotice
from core.services import reports
from core.services.alerting import RULES
from core.stores import databases
from core.stores.databases import Store
from staff_app import runbooks
from tests.factories import PASSWORD, make_account, make_patient
from tests.ready_report import ReadyReport, make_ready_report

ROOT = Path(__file__).parents[3]
STRATA = f'strata() {{ "{sys.executable}" -m cli "$@"; }}\n'
INCIDENT = "agent-incident"
Shell = Callable[[str], str]


@dataclass(frozen=True)
class Scene:
    """Two signed reports of one model, with a contradicted claim let stand in each."""

    signer: Account
    first: ReadyReport
    second: ReadyReport


def sign(made: ReadyReport, signer: Account) -> None:
    with databases.write() as session:
        for claim_id in (made.contradicted_id, made.unverified_id):
            reports.decide_claim(session, report_id=made.id, claim_id=claim_id, decision=Decision.ACCEPTED,
                                 reason="Read in haste", by=signer)  # fmt: skip
        reports.sign(session, report_id=made.id, by=signer, password=PASSWORD)


@pytest.fixture
def scene(database: Any) -> Scene:
    with databases.write() as session:
        signer = make_account(session, name="Dr Nair")
        first, second = (make_ready_report(session, make_patient(session), signer) for _ in range(2))
    sign(first, signer)
    sign(second, signer)
    return Scene(signer, first, second)


@pytest.fixture
def shell(environment: Mapping[str, str], tmp_path: Path) -> Callable[..., str]:
    """Call it with a block of commands and its variables; gives what they print, and fails if they do."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}

    def run(block: str, *, may_fail: bool = False, **variables: object) -> str:
        given = {name.upper(): str(value) for name, value in variables.items()}
        ended = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", STRATA + block], cwd=ROOT, capture_output=True, text=True,
            env={**inherited, **environment, "FOLDER": str(tmp_path), **given}, timeout=300, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stderr
        assert ended.returncode in ((0, 1) if may_fail else (0,)), f"{block}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout + ended.stderr

    return run


def commands(name: str) -> tuple[str, ...]:
    found = runbooks.read(name)
    assert found is not None
    return found.commands


@pytest.mark.timeout(400)
def test_the_incident_runbook_holds_as_a_drill(scene: Scene, shell: Callable[..., str], tmp_path: Path) -> None:
    variables = {
        "report": scene.first.id, "other": scene.second.id, "claim": scene.first.contradicted_id, "incident": "7",
        "model": "strata-offline-rules", "prompt": "v1", "clinician": scene.signer.username,
    }  # fmt: skip
    # The injection suite takes a minute: the restart without it is the same gate.
    said = [shell(block, **variables) for block in commands(INCIDENT) if "injection" not in block]
    show, _, halted, preserved, listed, notified, amended, withdrawn, cased, _, resumed = said
    assert json.loads(show)["model"] == "strata-offline-rules"
    assert "halted" in halted
    assert "unaltered" in preserved
    assert {made["signed_by"] for made in json.loads(listed.splitlines()[0])} == {"Dr Nair"}
    assert "2 report(s)" in listed
    assert "2 asked" in notified
    assert f"will replace report {scene.first.id}" in amended
    assert "is withdrawn" in withdrawn
    (case,) = json.loads(cased)["results"]
    assert case["flagged"]
    assert "goes on" in resumed
    with databases.read(Store.HOT) as session:
        assert session.get_one(Report, scene.second.id).state == ReportState.WITHDRAWN
        assert reports.halted(session) is None
        assert len(session.scalars(select(SignerNotice)).all()) == 2
        actions = set(session.scalars(select(AccessEvent.action)))
    assert actions >= {"reports.halt", "report.trace_taken", "report.signer_notified", "report.case_taken",
                       "report.withdrawn", "reports.resume"}  # fmt: skip
    assert oct((tmp_path / f"report-{scene.first.id}.json").stat().st_mode)[-3:] == "600"


def test_the_restart_gate_holds_until_an_evaluation_has_passed(scene: Scene, shell: Callable[..., str]) -> None:
    before, after = (block for block in commands(INCIDENT) if "factcheck" in block and "injection" not in block and
                     "--cases" not in block)  # fmt: skip
    shell(before)
    shell('strata report halt --reason "drill"')
    assert "has not been run since the loop was halted" in shell(after, may_fail=True)
    shell(before)
    assert "goes on" in shell(after)


@pytest.mark.long
def test_the_restart_gate_with_the_injection_suite(scene: Scene, shell: Callable[..., str]) -> None:
    shell('strata report halt --reason "drill"')
    shell("strata eval run factcheck --keep")
    (block,) = (block for block in commands(INCIDENT) if "injection" in block)
    assert "goes on" in shell(block)


@pytest.mark.usefixtures("database")
def test_the_other_runbooks_commands_are_understood(shell: Callable[..., str]) -> None:
    blocks = [block for name in runbooks.names() if name != INCIDENT for block in commands(name)]
    lines = sorted({line for block in blocks for line in block.splitlines()})
    assert len(lines) > 3
    for line in lines:
        shell(line, may_fail=True)


def test_every_rule_has_its_runbook_and_every_trigger_is_named() -> None:
    assert {rule.runbook for rule in RULES} <= {f"{name}.md" for name in runbooks.names()}
    text = (runbooks.FOLDER / f"{INCIDENT}.md").read_text()
    for rule in RULES:
        if rule.runbook in (f"{INCIDENT}.md", "cost.md"):
            assert f'"{rule.name}"' in text, rule.name


def test_the_index_names_every_runbook() -> None:
    index = (runbooks.FOLDER / "README.md").read_text()
    assert all(f"({name}.md)" in index for name in runbooks.names())
    assert runbooks.read("../adr/0003-outbox") is None
    assert runbooks.read("README") is None
