"""Whatever odd values processes write where they may, no page of either portal fails for them.

Odd values of every column that a role may change, many columns at once; what fails is found by halves. The long run
tries every value, then some at once, by a seed. All the while a page of a patient's shows no word of another patient's.
"""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine, select

from core.jobs import outbox
from core.jobs.safe_traceback import frames
from core.models import (
    Account,
    Assay,
    Batch,
    Claim,
    Correction,
    CorrectionKind,
    Role,
    RunEvent,
    Statement,
    Step,
    utc_now,
)
from core.queries.clinic_quarters import Quarter
from core.services import archive
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    make_account,
    make_allergy,
    make_condition,
    make_note,
    make_observation,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.functional.hostile_rows import Planted
from tests.integration.access import odd_values
from tests.integration.access.odd_values import Odd
from tests.integration.access.test_fuzzed_forms import Fuzzer
from tests.integration.access.test_matrix import account_of, begin
from tests.integration.access.test_two_portals import PORTALS
from tests.ready_report import make_ready_report, sign_ready_report
from workers import schedule, watchdog

pytestmark = pytest.mark.only_on_postgresql("writes as each role, which it sets for a transaction")

ROUNDS_OF_THE_LONG_RUN = 300
SHARES = (0.02, 0.1, 0.3)
SECONDS_MAX = 20.0
OPENED_SHARE = 0.4
# Of all passes every how manieth is tried in each run of the tests.
EACH = 11
# A model, and runs of the archive, which have a process each.
NEEDS_OTHERS = ("workers.evaluate", "workers.archive.driver")
ANOTHERS = "Zirconquest"


@pytest.fixture
def ids(database: Settings) -> dict[str, Any]:
    """A patient with a row of most kinds, a report to sign, a run; another patient with words of their own."""
    with databases.write() as session:
        patient, other = make_patient(session), make_patient(session, name=ANOTHERS)
        make_account(session, role=Role.PATIENT, patient_id=patient.id)
        doctor = make_account(session)
        signed = make_ready_report(session, patient, doctor)
    sign_ready_report(signed, doctor)
    with databases.write() as session:
        ready = make_ready_report(session, make_patient(session, name="Goh Mei Ling"), doctor)
        visit = make_visit(session, patient)
        assay = session.scalars(select(Assay)).first()
        assert assay is not None
        observation = make_observation(session, visit, assay)
        for of, words in ((visit, "Feels well."), (make_visit(session, other, description=ANOTHERS), ANOTHERS)):
            make_note(session, of, words)
        make_condition(session, patient, visit_id=visit.id)
        make_allergy(session, patient)
        for status in ("active", "on-hold"):
            make_prescription(session, patient, visit_id=visit.id, status=status)
        for whose in (patient, other):
            words = "No known allergies" if whose is patient else ANOTHERS
            session.add(Statement(patient_id=whose.id, kind="negation", text=words))
        run = archive.start_run(session, record_type="visit", by=None)
        batch = Batch(run_id=run.id, ordinal=1, record_type="visit", state="planned", rows=5)
        session.add_all([batch, RunEvent(run_id=run.id, action="started", by_name="Somebody")])
        session.flush()
        session.add(Step(run_id=run.id, batch_id=batch.id, name="plan", attempt=1, state="failed"))
        session.add(
            Correction(
                patient_id=patient.id, visit_id=visit.id, row_type="observation", row_id=observation.id,
                kind=CorrectionKind.ERROR, in_force=False, reason="of another person",
            )
        )  # fmt: skip
        # Of every other table, too.
        Planted(session, "template").plant()
        claim = session.scalars(select(Claim.id).where(Claim.report_id == ready.id).limit(1)).one()
    return {"patient_id": patient.id, "visit_id": visit.id, "assay_id": assay.id, "row_id": observation.id,
            "signed_id": signed.id, "report_id": ready.id, "claim_id": claim,
            "run_id": run.id, "batch_id": batch.id, "clinic_id": visit.clinic_id,
            "account_id": doctor.id,
            "quarter": str(Quarter.of(visit.started_at.date()))}  # fmt: skip


@pytest.fixture
def owner(database: Settings) -> Iterator[Connection]:
    with create_engine(database.primary_url).connect() as connection:
        yield connection


class World:
    """Both portals with somebody signed in for each role, and the jobs: what of them fails for what is written."""

    def __init__(self, settings: Settings, ids: dict[str, Any]) -> None:
        reports = {"public": ids["signed_id"], "staff": ids["report_id"]}
        self.fuzzers = [Fuzzer(portal, settings, {**ids, "report_id": reports[portal]}) for portal in PORTALS]
        self.asked = [(fuzzer, address, role) for fuzzer in self.fuzzers for address, role in pages(fuzzer)]
        self.accounts = {role: account_of(role, self.fuzzers[0].patient) for role in Role if role is not Role.PATIENT}
        with databases.read(Store.HOT) as session:
            own = select(Account).where(Account.patient_id == ids["patient_id"])
            self.accounts[Role.PATIENT] = session.scalars(own).one()
        self.opened = self.taken = 0

    def faults(self, owner: Connection, odd: list[Odd]) -> list[str]:
        """What fails while these are written."""
        clients = {
            (fuzzer.portal, role): self._client(fuzzer, role)
            for fuzzer, role in {(one[0], one[2]) for one in self.asked}
        }
        with odd_values.written(owner, odd) as taken:
            self.taken += len(taken)
            return [*self._pages(clients), *jobs()]

    def _client(self, fuzzer: Fuzzer, role: Role | None) -> FlaskClient:
        client = fuzzer.app.test_client()
        if role is not None:
            begin(client, fuzzer.settings, fuzzer.portal, self.accounts[role])
        return client

    def _pages(self, clients: dict[tuple[str, Role | None], FlaskClient]) -> Iterator[str]:
        for fuzzer, address, role in self.asked:
            began = time.monotonic()
            try:
                reply = fuzzer.send(clients[fuzzer.portal, role], "GET", address)
            except Exception as fault:
                # Before the portal's own page for faults.
                yield f"{address}: {type(fault).__name__} {frames(fault)[-600:]}"
                continue
            self.opened += reply.status_code == 200
            if time.monotonic() > began + SECONDS_MAX:
                yield f"{address} takes {time.monotonic() - began:.0f} s"
            if ANOTHERS.encode() in reply.data and fuzzer.portal == "public":
                yield f"{address} shows another patient's words"
        for fuzzer in self.fuzzers:
            yield from fuzzer.faults
            fuzzer.faults.clear()


def pages(fuzzer: Fuzzer) -> list[tuple[str, Role | None]]:
    """Each page once, and each download in each form."""
    found = dict.fromkeys(fuzzer.addresses("GET"))
    forms = [
        (address.replace("csv", form), role) for address, role in found if "/download/csv" in address
        for form in ("pdf", "fhir")
    ]  # fmt: skip
    return [*found, *forms]


def jobs() -> Iterator[str]:
    """What the scheduler and the workers do at each of their ticks."""
    ticks: dict[str, Callable[[], object]] = {
        "start_due": lambda: schedule.start_due(utc_now()),
        "relay": outbox.relay,
        "watchdog": watchdog.look,
    }
    for entry in schedule.SCHEDULE:
        module, _, name = entry.task.rpartition(".")
        if not module.startswith(NEEDS_OTHERS):
            ticks[entry.name] = partial(getattr(importlib.import_module(module), name), **entry.arguments)
    for name, tick in ticks.items():
        try:
            tick()
        except outbox.NotNow:
            continue
        except Exception as fault:
            yield f"{name}: {type(fault).__name__} {str(fault)[:200]} {frames(fault)[-600:]}"


def culprits(world: World, owner: Connection, odd: list[Odd], found: list[str]) -> Iterator[str]:
    """The fewest values for which something fails, by halves."""
    while len(odd) > 1:
        for half in (odd[: len(odd) // 2], odd[len(odd) // 2 :]):
            if told := world.faults(owner, half):
                odd, found = half, told
                break
        else:
            break
    yield f"{', '.join(map(str, odd))}:\n  " + "\n  ".join(found[:3])


def failing(world: World, owner: Connection, passes: list[list[Odd]]) -> str:
    assert world.faults(owner, []) == []
    at_best, world.opened = world.opened, 0
    wrong = []
    for odd in passes:
        if odd and (found := world.faults(owner, odd)):
            wrong += culprits(world, owner, odd, found)
    # What is odd must not hide what else is: most pages are opened all the same.
    assert world.opened > at_best * len(passes) * OPENED_SHARE
    return "\n".join(wrong)


@pytest.mark.timeout(900)
def test_no_page_or_job_fails_for_an_odd_value_that_a_process_may_write(
    database: Settings, ids: dict[str, Any], owner: Connection
) -> None:
    world = World(database, ids)
    passes = odd_values.every()[::EACH]
    assert failing(world, owner, passes) == ""
    assert world.taken > 10 * len(passes)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_no_page_or_job_fails_for_any_value(database: Settings, ids: dict[str, Any], owner: Connection) -> None:
    assert failing(World(database, ids), owner, odd_values.every()) == ""


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_no_page_or_job_fails_for_some_values_at_once(
    database: Settings, ids: dict[str, Any], owner: Connection
) -> None:
    chances = map(random.Random, range(ROUNDS_OF_THE_LONG_RUN))
    passes = [odd_values.pick(chance, SHARES[number % len(SHARES)]) for number, chance in enumerate(chances)]
    assert failing(World(database, ids), owner, passes) == ""
