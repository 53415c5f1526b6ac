"""A patient with a record, two clinicians, and the offline model answering over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from evals.offline_model.server import OfflineModel
from tests.factories import (
    NOW,
    make_account,
    make_allergy,
    make_assay,
    make_condition,
    make_note,
    make_observation,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.report_records import Record
from workers.reports import jobs


@pytest.fixture(scope="session")
def model_server() -> Iterator[OfflineModel]:
    with OfflineModel(controls=True) as server:
        yield server


@pytest.fixture
def model(model_server: OfflineModel) -> OfflineModel:
    """The offline model, well-behaved until told otherwise."""
    model_server.behaviour.set("off")
    return model_server


@pytest.fixture
def configured(database: Settings, model: OfflineModel) -> Callable[..., Settings]:
    """Call it to change settings of this process; unnamed ones are as for the test servers."""

    def configure(**changes: Any) -> Settings:
        settings = database.model_copy(update={"openai_base_url": model.url, **changes})
        databases.configure(settings)
        return settings

    configure()
    return configure


@pytest.fixture
def record(configured: Callable[..., Settings]) -> Record:
    with databases.write() as session:
        patient = make_patient(session)
        visit = make_visit(session, patient)
        earlier = make_visit(session, patient, started_at=NOW - timedelta(days=268))
        assay = make_assay(session)
        make_observation(session, earlier, assay, "8.1")
        latest = make_observation(session, visit, assay, "8.9")
        glucose = make_assay(session, code="2339-0", name="Glucose", short_name="Glucose", unit="mmol/L")
        make_observation(session, visit, glucose, "5.4", ref_low=Decimal("3.9"), interpretation="N")
        make_condition(session, patient)
        allergy = make_allergy(session, patient)
        make_prescription(session, patient)
        make_note(session, visit, "Tolerates metformin well. No foot ulcers.")
        return Record(
            patient.id,
            make_account(session, name="Dr Nair"),
            make_account(session, name="Dr Lim"),
            latest.id,
            allergy.id,
        )


@pytest.fixture
def request_report(record: Record) -> Callable[[], int]:
    """Call it to ask for the patient's report; gives its id."""

    def request() -> int:
        with databases.write() as session:
            return reports.request(session, patient_id=record.patient_id, by=record.doctor).id

    return request


@pytest.fixture
def ready_report(request_report: Callable[[], int]) -> int:
    """A report that the well-behaved model has taken to review."""
    report_id = request_report()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    return report_id
