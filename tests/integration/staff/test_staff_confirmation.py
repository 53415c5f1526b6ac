"""The password again before what reaches far: what was sent waits, nothing is done until then."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from core.models import AccessEvent, ArchiveRun
from core.stores import databases
from core.stores.databases import Store
from core.web import access, confirm
from tests.factories import PASSWORD
from tests.integration.staff.conftest import StaffBrowser

FAR = {
    "archive.start", "archive.start_restore", "archive.hold", "archive.erase",
    "accounts.create", "accounts.change", "accounts.duty", "accounts.set_up_code", "patients.break_glass",
    "patients.add_colleague", "patients.leave", "patients.keep_apart", "patients.let_see", "reports.end",
    "archive.change", "archive.redrive_batch", "operations.halt", "operations.resume",
    "account.set_second_factor", "account.remove_second_factor", "account.renew_recovery_codes",
    "account.add_passkey", "account.remove_passkey",
}  # fmt: skip
RUN = {"record_type": "visit", "as_of": "2026-11-01", "dry_run": "y"}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password was entered too long ago."""
    monkeypatch.setattr(confirm, "CONFIRMED_MINUTES", 0)


def runs() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(ArchiveRun)) or 0


def start(admin: StaffBrowser, **typed: str) -> Any:
    return admin.post("/archive/runs", {**RUN, **typed}, page="/archive")


def test_these_need_it_and_no_others(app: Any) -> None:
    assert {name for name in app.view_functions if access.needs_confirmation(app, name)} == FAR


def test_within_minutes_of_signing_in_it_is_not_asked(admin: StaffBrowser) -> None:
    assert start(admin).status_code == 303
    assert runs() == 1


@pytest.mark.usefixtures("later")
def test_what_was_sent_waits_for_the_password(admin: StaffBrowser) -> None:
    asked = start(admin)
    assert asked.status_code == 403
    assert runs() == 0
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', asked.text))
    assert {**kept, **RUN} == kept
    assert 'action="/archive/runs"' in asked.text
    assert start(admin, confirm_password=PASSWORD).status_code == 303
    assert runs() == 1


@pytest.mark.usefixtures("later")
def test_a_wrong_password_does_nothing_slows_down_and_is_on_record(admin: StaffBrowser) -> None:
    replies = [start(admin, confirm_password=f"guess number {number}") for number in range(6)]
    assert replies[0].status_code == 422
    assert "This is not your password." in replies[0].text
    assert replies[-1].status_code == 429
    assert runs() == 0
    with databases.read(Store.HOT) as session:
        outcomes = set(session.scalars(select(AccessEvent.outcome).where(AccessEvent.action == "account.confirmed")))
    assert outcomes == {"deny"}


@pytest.mark.usefixtures("later")
def test_a_forged_form_is_no_guess(admin: StaffBrowser) -> None:
    for _ in range(8):
        forged = start(admin, csrf_token="forged", confirm_password="guess")
        assert forged.status_code == 400
    assert start(admin, confirm_password=PASSWORD).status_code == 303


def test_once_entered_it_holds_for_what_follows(admin: StaffBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm, "CONFIRMED_MINUTES", 0)
    assert start(admin, confirm_password=PASSWORD).status_code == 303
    monkeypatch.setattr(confirm, "CONFIRMED_MINUTES", 1)
    made = admin.post("/accounts/new", {"role": "admin", "username": "night", "name": "Night"}, page="/accounts/new")
    assert made.status_code == 200


@pytest.mark.usefixtures("later")
def test_who_may_not_is_not_asked(clinician: StaffBrowser) -> None:
    refused = clinician.post("/archive/runs", {**RUN, "confirm_password": PASSWORD}, page="/patients")
    assert refused.status_code == 403
    assert "password" not in refused.text
