"""A copy of a sign-in is good in its own portal only, and not once its account has changed or it has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.access.permissions import PermissionDenied
from core.access.sign_ins import SignIns, hash_of
from core.models import AccessEvent, Account, Patient, Role, SignIn, utc_now
from core.services import accounts, reports
from core.settings.config import Settings
from core.stores import databases, redis
from core.stores.databases import Store
from staff_app import create_app
from tests.factories import PASSWORD, make_account, make_patient
from tests.integration.staff.conftest import HOST, StaffBrowser


@pytest.fixture
def account(database: Settings) -> Account:
    with databases.write() as session:
        return make_account(session, role=Role.CLINICIAN)


@pytest.fixture
def open_in(database: Settings, account: Account) -> Callable[[str], tuple[SignIns, str]]:
    """Call it with a portal's name for its sign-ins and the token of one of them, of which a copy is kept."""

    def begin(portal: str) -> tuple[SignIns, str]:
        kept = SignIns(redis.client(), database, portal)
        with databases.write() as session:
            token = kept.open(session, account, {})
        assert kept.find(token) is not None
        return kept, token

    return begin


def test_a_portals_copy_is_worthless_in_the_other(
    database: Settings, open_in: Callable[[str], tuple[SignIns, str]]
) -> None:
    for portal, other in (("public", "staff"), ("staff", "public")):
        _, token = open_in(portal)
        assert SignIns(redis.client(), database, other).find(token) is None


def test_a_closed_account_is_out_at_once(open_in: Callable[[str], tuple[SignIns, str]], account: Account) -> None:
    kept, token = open_in("staff")
    with databases.write() as session:
        accounts.set_active(session, account_id=account.id, active=False)
        # Another request looks while this is not committed: it may still come in, and keeps a new copy.
        redis.client().flushall()
        assert kept.find(token) is not None
    assert kept.find(token) is None


def test_ended_sign_ins_are_out_at_once_whatever_copies_there_are(
    open_in: Callable[[str], tuple[SignIns, str]], account: Account
) -> None:
    kept, token = open_in("staff")
    _, own = open_in("staff")
    with databases.write() as session:
        assert kept.end_all(session, account.id, but=hash_of(own)) == 1
        redis.client().flushall()
        assert kept.find(token) is not None
    assert kept.find(token) is None
    assert kept.find(own) is not None


def test_a_page_that_is_slower_than_signing_out_keeps_nobody_in(open_in: Callable[[str], tuple[SignIns, str]]) -> None:
    kept, token = open_in("staff")
    slow = kept.find(token)
    assert slow is not None
    kept.end(slow.token_hash)
    kept.save(slow, {"message": "what the slow page says"})
    assert kept.find(token) is None
    kept.save(slow, {})
    assert kept.find(token) is None


def test_a_change_that_is_rolled_back_ends_nothing(
    open_in: Callable[[str], tuple[SignIns, str]], account: Account
) -> None:
    kept, token = open_in("staff")
    with databases.write() as session:
        kept.end_all(session, account.id)
        session.rollback()
    assert kept.find(token) is not None


@pytest.fixture
def clinician(database: Settings) -> StaffBrowser:
    made = create_app(database)
    made.testing = False
    with databases.write() as session:
        account = make_account(session, role=Role.CLINICIAN)
    browser = StaffBrowser(made.test_client(), account)  # type: ignore[arg-type]
    assert browser.post("/sign-in", {"username": account.username, "password": PASSWORD}).status_code == 303
    return browser


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_methods_that_are_no_use_keep_no_sign_in_alive(clinician: StaffBrowser, method: str) -> None:
    past = utc_now() - timedelta(minutes=20)
    with databases.write() as session:
        session.execute(update(SignIn).values(seen_at=past))
    redis.client().flushall()
    clinician.client.open("/reports", method=method, base_url=HOST)
    assert _last_use() == past
    assert clinician.get("/reports").status_code == 200
    assert _last_use() > past


def _last_use() -> Any:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(SignIn.seen_at)).one()


def test_a_refusal_by_a_service_is_on_record(clinician: StaffBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.write() as session:
        patient: Patient = make_patient(session)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionDenied("You are not allowed to request reports")

    monkeypatch.setattr(reports, "request", refuse)
    assert clinician.post(f"/patients/{patient.id}/reports", page="/patients/new").status_code == 403
    with databases.read(Store.HOT) as session:
        denied = session.scalars(select(AccessEvent).where(AccessEvent.outcome == "deny")).one()
    assert (denied.action, denied.target, denied.account_id) == (
        "page.refused",
        "page:reports.ask",
        clinician.account.id,
    )


def test_the_next_page_of_a_closed_account_asks_to_sign_in(clinician: StaffBrowser) -> None:
    assert clinician.get("/reports").status_code == 200
    with databases.write() as session:
        accounts.set_active(session, account_id=clinician.account.id, active=False)
    reply = clinician.get("/reports")
    assert reply.status_code == 303
    assert "/sign-in" in reply.headers["Location"]
