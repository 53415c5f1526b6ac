"""A trace is whole and can't be altered unseen; signers are asked once, and only they answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commands.report import group
from core.models import Decision
from core.queries import reports as reads
from core.queries.reports.trace import TABLES
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_account
from tests.report_records import Record, view


def strata_report(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def sign(report_id: int, record: Record) -> None:
    flagged = [claim.id for claim in view(report_id).claims if claim.needs_decision]
    with databases.write() as session:
        for claim_id in flagged:
            reports.decide_claim(session, report_id=report_id, claim_id=claim_id, decision=Decision.ACCEPTED,
                                 reason="Seen", by=record.doctor)  # fmt: skip
        reports.sign(session, report_id=report_id, by=record.doctor, password=PASSWORD)


def test_a_trace_holds_all_that_belongs_to_the_report(ready_report: int, tmp_path: Path) -> None:
    out = tmp_path / "trace.json"
    taken = strata_report("trace", str(ready_report), "--out", str(out))
    assert taken.exit_code == 0, taken.output
    found = json.loads(out.read_text())
    assert found["report"]["state"] == "ready"
    for name in TABLES:
        assert found[name] or name in ("signatures", "omissions"), name
    assert [event["to_state"] for event in found["events"]][-1] == "ready"
    assert found["sha256"] in taken.stdout
    again = strata_report("trace", str(ready_report), "--out", str(out))
    assert again.exit_code == 1
    assert "File exists: name a new file" in again.stderr


def alter_row(found: dict[str, Any]) -> None:
    found["claims"][0]["text"] = "altered"


def drop_row(found: dict[str, Any]) -> None:
    del found["events"][0]


def alter_time(found: dict[str, Any]) -> None:
    found["taken_at"] = "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize("alter", [alter_row, drop_row, alter_time])
def test_an_altered_trace_is_found(ready_report: int, tmp_path: Path, alter: Any) -> None:
    out = tmp_path / "trace.json"
    strata_report("trace", str(ready_report), "--out", str(out))
    assert "unaltered" in strata_report("verify-trace", str(out)).stdout
    found = json.loads(out.read_text())
    alter(found)
    out.write_text(json.dumps(found))
    ended = strata_report("verify-trace", str(out))
    assert ended.exit_code == 1
    assert "altered" in ended.stderr


def test_what_is_no_trace_is_said_in_one_line(ready_report: int, tmp_path: Path) -> None:
    out = tmp_path / "trace.json"
    for content in ("", "[]", "{}", '{"format": "strata-report-trace/1", "sha256": ""}', "\0"):
        out.write_text(content)
        ended = strata_report("verify-trace", str(out))
        assert ended.exit_code == 1, content
        assert "not a trace" in ended.stderr
    assert "there is no report 999" in strata_report("trace", "999", "--out", str(tmp_path / "x")).stderr
    assert "has no claim 999" in strata_report("case", "1", "--claim", "999", "--label", "supported").stderr


def test_signers_are_asked_once_until_they_answer(ready_report: int, record: Record) -> None:
    asked = ("notify-signers", "--model", "strata-offline-rules", "--reason", "Look again", "--json")
    assert json.loads(strata_report(*asked).stdout) == []
    sign(ready_report, record)
    assert json.loads(strata_report(*asked).stdout) == [{"report_id": ready_report, "signed_by": "Dr Nair"}]
    assert json.loads(strata_report(*asked).stdout) == []
    with databases.read(Store.HOT) as session:
        (notice,) = reads.open_notices(session, record.doctor.id)
        assert reads.open_notices(session, record.colleague.id) == []
    with databases.write() as session, pytest.raises(reports.NoSuchNotice):
        reports.answer_notice(session, notice_id=notice.id, by=record.colleague)
    with databases.write() as session:
        reports.answer_notice(session, notice_id=notice.id, by=record.doctor)
    with databases.write() as session, pytest.raises(reports.NoSuchNotice):
        reports.answer_notice(session, notice_id=notice.id, by=record.doctor)
    assert len(json.loads(strata_report(*asked).stdout)) == 1


def test_bad_notices_are_refused(ready_report: int, record: Record) -> None:
    sign(ready_report, record)
    for reason in (" ", "x" * 401):
        ended = strata_report("notify-signers", "--model", "strata-offline-rules", "--reason", reason)
        assert ended.exit_code == 1
        assert "Say why, in at most 400 characters" in ended.stderr
    assert strata_report("notify-signers", "--reason", "x").exit_code == 2


def test_the_gate_names_what_is_missing(ready_report: int) -> None:
    assert "is not halted" in strata_report("resume", "--if-passed", "factcheck").stderr
    strata_report("halt", "--reason", "drill")
    refused = strata_report("resume", "--if-passed", "injection")
    assert refused.exit_code == 1
    assert "injection has not been run since the loop was halted" in refused.stderr
    assert strata_report("resume").exit_code == 0


def test_nobody_amends_or_withdraws_for_somebody_unknown(ready_report: int, record: Record) -> None:
    with databases.write() as session:
        make_account(session, username="an-admin", role="admin")
    for by, said in (("nobody", "no account 'nobody'"), ("an-admin", "You are not allowed to sign reports")):
        ended = strata_report("withdraw", str(ready_report), "--reason", "x", "--by", by)
        assert ended.exit_code == 1
        assert said in ended.stderr
    assert "there is no report 999" in strata_report("amend", "999", "--by", record.doctor.username).stderr
