"""The report loop is halted and let go on from the operations page, by admins."""

from __future__ import annotations

import re
from datetime import timedelta

from core.models import Alert, ScheduleMark, utc_now
from core.queries.alerts import EVALUATED, SCHEDULED_AS
from core.services import alerting, reports
from core.services.alerting import RULES
from core.stores import databases
from core.stores.databases import Store
from staff_app import runbooks
from tests.integration.staff.conftest import StaffBrowser

PAGE = "/operations"


def test_an_admin_halts_the_loop_and_lets_it_go_on(admin: StaffBrowser) -> None:
    assert "Say why" in admin.post(f"{PAGE}/halt", {"reason": ""}, page=PAGE).text
    assert admin.post(f"{PAGE}/halt", {"reason": "pass rate fell"}, page=PAGE).status_code == 303
    page = admin.get(PAGE).text
    assert f"By {admin.account.name}" in page
    assert "pass rate fell" in page
    with databases.read(Store.HOT) as session:
        assert reports.halted(session) is not None
    assert admin.post(f"{PAGE}/resume", page=PAGE).status_code == 303
    assert "Halt the loop" in admin.get(PAGE).text


def test_an_auditor_sees_the_state_and_no_switch(auditor: StaffBrowser) -> None:
    page = auditor.get(PAGE).text
    assert "running" in page
    assert "Halt the loop" not in page
    assert auditor.post(f"{PAGE}/halt", {"reason": "x"}, page=PAGE).status_code == 403


def test_alerts_are_shown_with_state_since_when_and_runbook(admin: StaffBrowser) -> None:
    page = admin.get(PAGE).text
    for rule in RULES:
        assert f'<span class="quiet small">{rule.name}</span>' in page
        assert f'href="/operations/runbooks/{rule.runbook.removesuffix(".md")}"' in page
    assert "last 15 min" in page
    assert "last 0 days" not in page
    assert ">firing<" not in page
    assert "Nothing has fired yet." in page
    fired_at = utc_now() - timedelta(hours=3)
    with databases.write() as session:
        session.add(Alert(rule="report cost", value=0.31, threshold=0.25, samples=4, fired_at=fired_at))
        session.add(Alert(rule="queue age", value=400.0, threshold=300.0, samples=1, fired_at=fired_at,
                          cleared_at=utc_now()))  # fmt: skip
    rows = re.findall(r"<tr><td>(.*?)</tr>", admin.get(PAGE).text)
    first = next(row for row in rows if "quiet small" in row)
    assert "report cost" in first
    assert all(words in first for words in (">firing<", "$0.31", "above $0.25", "last day, if 3 or more"))
    assert "firing" not in next(row for row in rows if row.startswith("queue age</td>"))
    assert "firing" in next(row for row in rows if row.startswith("report cost</td>"))


def test_silence_of_rules_that_nobody_evaluates_is_not_taken_for_health(admin: StaffBrowser) -> None:
    assert "The rules have never been evaluated" in admin.get(PAGE).text
    with databases.write() as session:
        session.add(ScheduleMark(name=SCHEDULED_AS, started_at=utc_now()))
        session.add(ScheduleMark(name=EVALUATED, started_at=utc_now() - timedelta(minutes=36)))
    assert "The rules were last evaluated on" in admin.get(PAGE).text
    with databases.write() as session:
        alerting.mark_evaluated(session)
    page = admin.get(PAGE).text
    assert "The rules were last evaluated on" not in page
    assert "Evaluated " in page


def test_runbooks_are_read_in_the_portal(auditor: StaffBrowser) -> None:
    for name in runbooks.names():
        page = auditor.get(f"{PAGE}/runbooks/{name}")
        assert page.status_code == 200
        assert page.text.count("<h1>") == 1
    assert "strata report halt" in auditor.get(f"{PAGE}/runbooks/agent-incident").text
    for name in ("README", "nothing", "..", "%2e%2e%2fadr%2f0003-outbox"):
        assert auditor.get(f"{PAGE}/runbooks/{name}").status_code in (404, 308), name
