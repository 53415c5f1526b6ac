"""What the report loop itself takes, from request to ready, when the time of its models is left out."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import select

from bench._environment import environment
from bench._spread import spread
from core.interchange import generate
from core.models import Account, Patient, Role
from core.queries import evidence
from core.services import accounts, reports
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model.server import OfflineModel
from workers.reports import client, jobs

ROWS = 60
PATIENTS = 40
REPETITIONS = 15
MILLISECONDS = 1_000


class Clock:
    """Seconds spent asking a model, in all."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ask = client.ask

    def ask(self, settings: client.Endpoint, question: client.Question) -> client.Answer:
        began = time.perf_counter()
        try:
            return self._ask(settings, question)
        finally:
            self.seconds += time.perf_counter() - began


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds a report, of the generated patient whose evidence is nearest to ROWS rows."""
    clock = Clock()
    client.ask = clock.ask
    with environment(say) as made, OfflineModel() as model:
        databases.configure(databases.current().settings.model_copy(update={"openai_base_url": model.url}))
        generate.generate(max(PATIENTS, round(PATIENTS * scale)), 20.0, 1, date(2026, 11, 1), lambda _: None)
        made.servers.replica.wait_until_replayed()
        patient_id, rows = _nearest()
        doctor = _doctor()
        _report(patient_id, doctor)
        overheads, models = [], []
        for _ in range(REPETITIONS):
            clock.seconds = 0.0
            spent = _report(patient_id, doctor)
            overheads.append((spent - clock.seconds) * MILLISECONDS)
            models.append(clock.seconds * MILLISECONDS)
    return {
        "overhead_milliseconds": spread(overheads),
        "model_milliseconds": spread(models),
        "rows_of_evidence": rows,
        "reports": REPETITIONS,
    }


def _nearest() -> tuple[int, int]:
    with databases.read(Store.HOT) as session:
        ids = session.scalars(select(Patient.id).order_by(Patient.id)).all()
    counts = {patient_id: len(evidence.collect(patient_id)) for patient_id in ids}
    chosen = min(counts, key=lambda patient_id: abs(counts[patient_id] - ROWS))
    return chosen, counts[chosen]


def _doctor() -> Account:
    with databases.write() as session:
        return accounts.create_account(session, username="doctor", password="a long password of the benchmark",  # noqa: S106
                                       role=Role.CLINICIAN, name="Dr Nair", covers_all=True, by=None)  # fmt: skip


def _report(patient_id: int, doctor: Account) -> float:
    """Seconds of one report, from being asked for to ready for review; its end, to make room, is not counted."""
    began = time.perf_counter()
    with databases.write() as session:
        report_id = reports.request(session, patient_id=patient_id, by=doctor).id
    outcome = jobs.draft_report(report_id)
    spent = time.perf_counter() - began
    if not outcome.endswith("is ready"):
        raise RuntimeError(outcome)
    with databases.write() as session:
        reports.withdraw(session, report_id=report_id, reason="The next one.", by=doctor)
    return spent
