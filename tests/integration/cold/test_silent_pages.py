"""No page waits for a silent archive longer than a cold read may take, and only one waits at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.access.sign_in_copies import AccountCopy
from core.engines.patience import patience
from core.models import Role
from core.queries import tiers
from core.settings.config import Settings
from core.stores import archived, databases
from staff_app import create_app
from tests.factories import PASSWORD, make_account
from tests.integration.cold.conftest import Record
from tests.integration.staff.conftest import StaffBrowser
from tests.tcp_proxy import TcpProxy

# What a page takes besides, on a machine that does other things too.
PAGE_SECONDS = 1.0
PAGES_ASKED = 6
PAGES = {
    "a year of archived visits": (Role.CLINICIAN, "/patients/{patient_id}/history?kind=visits&year=2025"),
    "the newest visits of a chart": (Role.CLINICIAN, "/patients/{patient_id}/visits/newest"),
    "an archived visit": (Role.CLINICIAN, "/patients/{patient_id}/visits/{visit_id}"),
    "the archive's servers": (Role.ADMIN, "/archive"),
    "operations": (Role.ADMIN, "/operations"),
    "readiness": (Role.ADMIN, "/readyz"),
}


@pytest.fixture
def by_way(way: TcpProxy, database: Settings) -> Iterator[Settings]:
    """Also what asks the archive itself, and not a linked table, goes by the way that can fall silent."""
    settings = database.model_copy(update={"archive_visits_url": way.url(database.archive_visits_url)})
    databases.configure(settings)
    yield settings
    way.heal()
    databases.configure(database)


@pytest.fixture
def signed_in(by_way: Settings, sync_replica: Callable[[], None]) -> Callable[[Role], StaffBrowser]:
    def make(role: Role) -> StaffBrowser:
        with databases.write() as session:
            account = AccountCopy.of(make_account(session, role=role))
        browser = StaffBrowser(create_app(by_way).test_client(), account, sync_replica)
        assert browser.post("/sign-in", {"username": account.username, "password": PASSWORD}).status_code == 303
        return browser

    return make


def timed(browser: StaffBrowser, address: str) -> tuple[float, Any]:
    browser.sync()
    started = time.monotonic()
    reply = browser.client.get(address, base_url="https://staff.localhost", headers={"HX-Request": "true"})
    return time.monotonic() - started, reply


@pytest.mark.parametrize("name", PAGES)
def test_one_page_waits_within_the_bound_and_the_others_not_at_all(
    signed_in: Callable[[Role], StaffBrowser], way: TcpProxy, archived_record: Record, name: str
) -> None:
    role, form = PAGES[name]
    address = form.format(patient_id=archived_record.patient_id, visit_id=archived_record.visits[-1])
    browser = signed_in(role)
    assert timed(browser, address)[1].status_code == 200
    way.silence()
    seconds, replies = zip(*(timed(browser, address) for _ in range(PAGES_ASKED)), strict=True)
    assert max(seconds) < databases.current().settings.cold_timeout_seconds * patience.times() + PAGE_SECONDS
    assert sum(took > PAGE_SECONDS for took in seconds) <= 1, seconds
    assert {reply.status_code for reply in replies} <= {200, 503}
    way.heal()
    archived.breakers["visits"].answered()
    tiers.forget()
    assert timed(browser, address)[1].status_code == 200
