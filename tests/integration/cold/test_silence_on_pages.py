"""One archive that accepts connections and never answers slows no page: it is asked once, then left alone a while."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core import audit
from core.embedded.postgres import PostgresServer
from core.models import Account, Holding, Report, Role, utc_now
from core.settings.config import Settings
from core.stores import archived, databases
from core.stores.databases import Store
from tests.factories import NOW, make_account, make_note, make_patient, make_visit
from tests.integration.access.test_fuzzed_forms import Fuzzer
from tests.integration.access.test_matrix import account_of, begin
from tests.integration.access.test_two_portals import PORTALS, host
from tests.integration.web.conftest import move_to_archive
from tests.ready_report import make_ready_report, sign_ready_report

pytestmark = pytest.mark.only_on_postgresql("stops a server's own processes")

# Beyond what the page takes while every archive answers.
FIRST_SECONDS_MAX, AFTER_SECONDS_MAX = 2.0, 0.3
TRIES = 4


@contextmanager
def silent(server: PostgresServer) -> Iterator[None]:
    """Its port takes connections, and nobody is there."""
    stopped = [process.pid for process in server._family()]  # noqa: SLF001
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def ids(database: Settings) -> dict[str, int]:
    """A patient whose visits, report and looks of years ago are archived, beside a visit and a look of today."""
    with databases.write() as session:
        patient = make_patient(session)
        for years in (5, 3, 0):
            visit = make_visit(session, patient, started_at=NOW.replace(year=NOW.year - years))
            make_note(session, visit)
        make_account(session, role=Role.PATIENT, patient_id=patient.id)
        doctor = make_account(session)
        report = make_ready_report(session, patient, doctor)
        for days in (400, 0):
            at = utc_now() - timedelta(days=days)
            audit.record(
                session, "chart.viewed", by=doctor, patient_id=patient.id, target=f"patient:{patient.id}", at=at
            )
    sign_ready_report(report, doctor)
    with databases.write() as session:
        session.execute(update(Report).values(closed_at=utc_now() - timedelta(days=300)))
    for record_type in ("visit", "report", "log"):
        move_to_archive(record_type)
    ids = {"patient_id": patient.id, "visit_id": visit.id, "account_id": doctor.id, "report_id": report.id}
    with databases.read(Store.HOT) as session:
        held = set(session.scalars(select(Holding.record_type).where(Holding.patient_id == patient.id)))
        assert session.get(Report, report.id) is None
    assert held >= {"visit", "report"}
    return ids


def asked(fuzzer: Fuzzer) -> dict[str, FlaskClient]:
    """Each page of a patient's, with somebody who may open it."""
    clients = dict[Role | None, FlaskClient]()
    found = {}
    for address, role in dict.fromkeys(fuzzer.addresses("GET")):
        if role not in clients:
            clients[role] = fuzzer.app.test_client()
            if role is Role.PATIENT:
                with databases.read(Store.HOT) as session:
                    query = select(Account).where(Account.patient_id == fuzzer.patient.id)
                    account = session.scalars(query).one()
            elif role is not None:
                account = account_of(role, fuzzer.patient)
            if role is not None:
                begin(clients[role], fuzzer.settings, fuzzer.portal, account)
        found[address] = clients[role]
    return found


def seconds_of(fuzzer: Fuzzer, client: FlaskClient, address: str) -> float:
    began = time.monotonic()
    client.get(address, base_url=host(fuzzer.portal))
    return time.monotonic() - began


def quickest(fuzzer: Fuzzer, client: FlaskClient, address: str, enough: float) -> float:
    """The least seconds of a few tries: a busy machine slows one or two, a page that waits is slow each time."""
    took = []
    for _ in range(TRIES):
        took.append(seconds_of(fuzzer, client, address))
        if took[-1] <= enough:
            break
    return min(took)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["visits", "reports", "logs"])
@pytest.mark.parametrize("portal", PORTALS)
def test_no_page_waits_for_it(database: Settings, servers: Any, ids: dict[str, int], portal: str, name: str) -> None:
    fuzzer = Fuzzer(portal, database, ids)
    pages = asked(fuzzer)
    usual = {}
    for address, client in pages.items():
        seconds_of(fuzzer, client, address)
        usual[address] = seconds_of(fuzzer, client, address)
    slow = []
    with silent(servers.postgres[name]):
        for address, client in pages.items():
            for breaker in archived.breakers.values():
                breaker.answered()
            first = seconds_of(fuzzer, client, address)
            enough = usual[address] + AFTER_SECONDS_MAX
            after = quickest(fuzzer, client, address, enough)
            if first > usual[address] + FIRST_SECONDS_MAX or after > enough:
                slow.append(f"{address} took {first:.1f} s, then {after:.1f} s; it takes {usual[address]:.1f} s")
    assert slow == []
