"""The report loop is halted and let go on from the operations page, by admins."""

from __future__ import annotations

from core import db
from core.db import Store
from core.services import reports
from tests.integration.staff.conftest import StaffBrowser

PAGE = "/operations"


def test_an_admin_halts_the_loop_and_lets_it_go_on(admin: StaffBrowser) -> None:
    assert "Say why" in admin.post(f"{PAGE}/halt", {"reason": ""}, page=PAGE).text
    assert admin.post(f"{PAGE}/halt", {"reason": "pass rate fell"}, page=PAGE).status_code == 303
    page = admin.get(PAGE).text
    assert f"By {admin.account.name}" in page
    assert "pass rate fell" in page
    with db.read(Store.HOT) as session:
        assert reports.halted(session) is not None
    assert admin.post(f"{PAGE}/resume", page=PAGE).status_code == 303
    assert "Halt the loop" in admin.get(PAGE).text


def test_an_auditor_sees_the_state_and_no_switch(auditor: StaffBrowser) -> None:
    page = auditor.get(PAGE).text
    assert "running" in page
    assert "Halt the loop" not in page
    assert auditor.post(f"{PAGE}/halt", {"reason": "x"}, page=PAGE).status_code == 403
