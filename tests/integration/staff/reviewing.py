"""Steps of a clinician who reviews a report."""

from __future__ import annotations

from typing import Any

from core.models import (
    Claim,
    Report,
)
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD
from tests.integration.staff.conftest import StaffBrowser
from tests.ready_report import ReadyReport


def page_of(ready: ReadyReport) -> str:
    return f"/reports/{ready.id}/review"


def decide(browser: StaffBrowser, ready: ReadyReport, claim_id: int, decision: str, **typed: str) -> Any:
    path = f"/reports/{ready.id}/claims/{claim_id}"
    return browser.post(path, {"decision": decision, **typed}, page=page_of(ready))


def decide_all(browser: StaffBrowser, ready: ReadyReport) -> None:
    for claim_id in (ready.contradicted_id, ready.unverified_id):
        assert decide(browser, ready, claim_id, "rejected", reason="Not so.").status_code == 303


def sign(browser: StaffBrowser, ready: ReadyReport, password: str = PASSWORD) -> Any:
    return browser.post(f"/reports/{ready.id}/sign", {"password": password}, page=page_of(ready))


def state(report_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(Report, report_id).state


def claim(claim_id: int) -> Claim:
    with databases.read(Store.HOT) as session:
        return session.get_one(Claim, claim_id)
