"""`strata report`: what it prints and how it exits."""

from __future__ import annotations

import json
import threading
import time

from click.testing import CliRunner, Result

from commands.report import group
from core.models import Report
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from tests.factories import make_patient
from tests.report_records import Record
from workers.reports import jobs

SEEN_SECONDS, REQUEST_SECONDS_MAX = 0.3, 30


def strata_report(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def begin_worker() -> threading.Thread:
    """A worker that drafts report 1 once it has been requested, and that was seen."""

    def work() -> None:
        until = time.monotonic() + REQUEST_SECONDS_MAX
        while not _is_requested():
            assert time.monotonic() < until, "nobody requests the report"
            time.sleep(0.05)
        time.sleep(SEEN_SECONDS)
        jobs.draft_report(1)

    worker = threading.Thread(target=work)
    worker.start()
    return worker


def _is_requested() -> bool:
    with databases.read(Store.HOT) as session:
        return session.get(Report, 1) is not None


def test_a_waiting_request_follows_the_report_to_its_end(record: Record, monkeypatch: object) -> None:
    worker = begin_worker()
    result = strata_report("request", "--patient", str(record.patient_id), "--wait", "--json")
    worker.join()
    assert result.exit_code == 0
    printed = json.loads(result.stdout)
    assert (printed["id"], printed["state"], printed["model"]) == (1, "ready", "strata-offline-rules")
    assert "report 1: requested" in result.stderr
    assert "report 1: ready" in result.stderr


def test_a_failed_report_exits_1_with_its_cause(record: Record, model: OfflineModel) -> None:
    model.behaviour.set("garbage")
    worker = begin_worker()
    result = strata_report("request", "--patient", str(record.patient_id), "--wait", "--json")
    worker.join()
    assert result.exit_code == 1
    assert json.loads(result.stdout)["reason"].startswith("the drafter gave no usable answer")
    assert "report 1 failed: the drafter gave no usable answer" in result.stderr


def test_show_reads_as_text(ready_report: int) -> None:
    result = strata_report("show", str(ready_report))
    assert result.exit_code == 0
    assert "Drafted by software: fixed rules (strata-offline-rules), not a language model." in result.stdout
    assert "Allergy to Penicillin" in result.stdout


def test_what_can_not_be_done_is_said_in_one_line(ready_report: int, record: Record) -> None:
    cases = {
        ("show", "999"): (1, "there is no report 999"),
        ("show", "x"): (2, "not a valid integer"),
        ("request", "--patient", "999"): (1, "there is no patient 999"),
        ("request", "--patient", "0"): (2, "not in the range"),
        ("request", "--patient", str(record.patient_id)): (1, f"has report {ready_report} already"),
        ("request", "--patient", "1", "--by", "nobody"): (1, "no account 'nobody'"),
    }
    for arguments, (status, said) in cases.items():
        result = strata_report(*arguments)
        assert result.exit_code == status, arguments
        assert said in result.stderr
        assert "Traceback" not in result.output


def test_somebody_else_may_be_named(record: Record) -> None:
    with databases.write() as session:
        other = make_patient(session, name="Other")
    result = strata_report("request", "--patient", str(other.id), "--by", record.colleague.username, "--json")
    assert json.loads(result.stdout)["state"] == "requested"
    with databases.write() as session:
        assert (
            reports.withdraw(session, report_id=1, reason="No", by=record.colleague).requested_by == record.colleague.id
        )
