"""Steps of a clinician who reviews a report."""

from __future__ import annotations

import re
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


def shown(browser: StaffBrowser, ready: ReadyReport) -> str:
    """What the page to sign says of what it shows; nothing where there is nothing to sign."""
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', browser.get(page_of(ready)).text)
    return found[1] if found else ""


def sign(browser: StaffBrowser, ready: ReadyReport, password: str = PASSWORD, **typed: str) -> Any:
    """Sign what is on the page now, unless `shown` says what was on it before."""
    fields = {"password": password, "shown": typed.pop("shown", None) or shown(browser, ready), **typed}
    return browser.post(f"/reports/{ready.id}/sign", fields, page=page_of(ready))


def state(report_id: int) -> str:
    with databases.read(Store.HOT) as session:
        return session.get_one(Report, report_id).state


def claim(claim_id: int) -> Claim:
    with databases.read(Store.HOT) as session:
        return session.get_one(Claim, claim_id)
