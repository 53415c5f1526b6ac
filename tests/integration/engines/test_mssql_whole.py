"""The product on two servers of SQL Server's protocol: made, filled, archived, read cold, and a report signed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import func, select

from core.embedded.servers import Servers
from core.models import Batch, BatchState, Claim, Holding, Report, ReportState, Visit
from core.models.record_types import ARCHIVE_METADATA
from core.services import reports
from core.settings import config
from core.settings.config import ConfigError
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from evals.offline_model.server import OfflineModel
from tests import sql_server
from tests.factories import PASSWORD, make_account
from workers.reports import jobs

PATIENTS = 1_000

pytestmark = pytest.mark.skipif(not sql_server.is_named(), reason=sql_server.NOT_NAMED)


@pytest.fixture(scope="module")
def whole(servers: Servers, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Settings of five empty databases on two servers, and a model to ask."""
    with sql_server.new_databases() as addresses, OfflineModel() as model:
        env = {**environment, **addresses, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "offline"}
        yield env
        with suppress(ConfigError):
            databases.current().dispose()


def strata(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=config.environ_with(env), capture_output=True, text=True,
        timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_the_whole_loop(whole: dict[str, str]) -> None:
    strata(whole, "init")
    strata(whole, "generate", "--patients", str(PATIENTS))
    run = json.loads(strata(whole, "archive", "run", "--type", "visit", "--json"))
    assert run["state"] == "done"
    settings = config.load(whole)
    databases.configure(settings)
    patient_id, roots = _patient_with_archived_visits()
    assert _cold_visits(patient_id) == roots
    assert _signed_report(patient_id).state == ReportState.SIGNED


def _patient_with_archived_visits() -> tuple[int, int]:
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).where(Batch.state == BatchState.RELEASED))
        still_hot = select(Visit.id).where(Visit.patient_id == Holding.patient_id).exists()
        query = select(Holding.patient_id, Holding.roots).where(still_hot).order_by(Holding.roots.desc()).limit(1)
        patient_id, roots = session.execute(query).one()
        return patient_id, roots


def _cold_visits(patient_id: int) -> int:
    """As the primary's linked server reads them, and as the archive has them."""
    with databases.read(Store.HOT) as session:
        window = archived.window(session, "visit")
    table = linked_table("visit")
    query = select(table.c.id).where(table.c.patient_id == patient_id, archived.visible(table, window))
    linked = {row["id"] for row in archived.fetch("visit", query)}
    copies = ARCHIVE_METADATA["visits"].tables["visit"]
    with databases.read(Store.VISITS) as session:
        assert set(session.scalars(select(copies.c.id).where(copies.c.patient_id == patient_id))) == linked
        moved = set(session.scalars(select(copies.c.id)))
    with databases.read(Store.HOT) as session:
        assert not moved & set(session.scalars(select(Visit.id))), "archived, and still on the primary"
    return len(linked)


def _signed_report(patient_id: int) -> Any:
    with databases.write() as session:
        doctor = make_account(session, name="Dr Nair")
        report_id = reports.request(session, patient_id=patient_id, by=doctor).id
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    with databases.write() as session:
        flagged = select(Claim.id).where(Claim.report_id == report_id, Claim.flagged, Claim.replaced_by.is_(None))
        for claim_id in session.scalars(flagged).all():
            reports.decide_claim(
                session, report_id=report_id, claim_id=claim_id, decision="rejected", reason="not needed", by=doctor
            )
        reports.sign(session, report_id=report_id, by=doctor, password=PASSWORD)
    with databases.read(Store.HOT) as session:
        return session.get_one(Report, report_id)
