"""A patient who asks for it is erased from every tier; the audit trail stays whole."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError

from core import audit
from core.access.permissions import PermissionDenied
from core.engines import FaultKind, kind_of
from core.models import (
    AccessEvent,
    Account,
    Base,
    Batch,
    Citation,
    Erasure,
    Evidence,
    Holding,
    ImportedRow,
    OutboxMessage,
    Patient,
    Report,
    Role,
    SignIn,
    Visit,
    utc_now,
)
from core.models.record_types import ARCHIVE_METADATA
from core.queries import archive as archive_of
from core.queries.audit_chains import verify
from core.queries.patients import NoSuchPatient
from core.services import archive, erasure
from core.services import archive_restore as restores
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account
from tests.integration.archive.conftest import run_to_end, start
from tests.integration.archive.test_restore import everything
from tests.integration.archive.twin import check_sums
from tests.tiers import Tiers
from workers.archive import driver, erase

ROOT = Path(__file__).parents[3]
KEPT = ("access_event", "erasure", "batch")


@pytest.fixture
def patient(population: list[int], reachable_folder: Path, with_settings: Any) -> int:
    """A patient with hot and archived visits, reports, an account, a session and imports; staging of their own."""
    with_settings(staging_url=reachable_folder.as_uri())
    patient_id = population[1]
    with databases.write() as session:
        account = make_account(session, role=Role.PATIENT, patient_id=patient_id, name="Lim Bee Hoon")
        now = utc_now()
        session.add(SignIn(token_hash="a" * 64, portal="public", account_id=account.id, data="{}", created_at=now,
                           seen_at=now, expires_at=now))  # fmt: skip
        for days in (400, 2):
            closed_at = now - timedelta(days=days)
            report = Report(patient_id=patient_id, state="signed", requested_by=1, requested_at=closed_at,
                            closed_at=closed_at)  # fmt: skip
            session.add(report)
            session.flush()
            common = {"report_id": report.id, "ref": "visit:1", "content_hash": "x"}
            session.add(Evidence(**common, patient_id=patient_id, store="hot", fields={}))
            session.flush()
            session.add(Citation(**common, claim_id=1))
        visits = session.scalars(select(Visit.id).where(Visit.patient_id == patient_id)).all()
        session.add_all(ImportedRow(source="fhir", source_key=f"p|visit|{id_}", ref_type="visit", row_id=id_,
                                    content_hash="x") for id_ in visits)  # fmt: skip
        session.add(ImportedRow(source="fhir", source_key="p|patient", ref_type="patient", row_id=patient_id,
                                content_hash="x"))  # fmt: skip
        audit.record(session, "record.read", by=account, patient_id=patient_id)
    # Each batch has visits of two patients, this one among them.
    run_to_end(batch_rows=6)
    run_to_end("report")
    return patient_id


def erase_now(patient_id: int, **values: Any) -> Erasure:
    with databases.write() as session:
        begun = erasure.erase_patient(session, patient_id=patient_id, reason="at their request", by=None, **values)
    erase.erase(begun.id)
    with databases.read(Store.HOT) as session:
        return session.get_one(Erasure, begun.id)


def left_hot(patient_id: int) -> dict[str, int]:
    with databases.read(Store.HOT) as session:
        tables = [t for t in Base.metadata.sorted_tables if "patient_id" in t.c and t.name not in KEPT]
        counts = {
            t.name: session.scalar(select(func.count()).select_from(t).where(t.c.patient_id == patient_id))
            for t in tables
        }
        counts["patient"] = session.scalar(select(func.count()).where(Patient.id == patient_id))
    return {name: count for name, count in counts.items() if count}


def left_archived(server: str, patient_id: int) -> dict[str, int]:
    with databases.current().engine(Store(server), read_only=True).connect() as connection:
        tables = [t for t in ARCHIVE_METADATA[server].sorted_tables if "patient_id" in t.c]
        counts = {
            t.name: connection.scalar(select(func.count()).select_from(t).where(t.c.patient_id == patient_id))
            for t in tables
        }
    return {name: count for name, count in counts.items() if count}


def rows(table: str, store: Store = Store.HOT) -> int:
    with databases.current().engine(store, read_only=True).connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def test_nothing_of_the_patient_is_left_anywhere(patient: int, reachable_folder: Path) -> None:
    assert left_archived("visits", patient)
    assert list(reachable_folder.rglob("*.zst"))
    ended = erase_now(patient)
    assert left_hot(patient) == left_archived("visits", patient) == left_archived("reports", patient) == {}
    assert rows("citation") == rows("citation", Store.REPORTS) == 0
    assert rows("sign_in") == 0
    assert not list(reachable_folder.rglob("*.zst"))
    assert None not in (ended.hot_at, ended.archives_at, ended.staged_at)
    with databases.read(Store.HOT) as session:
        assert session.get(Holding, (patient, "visit")) is None
        check_sums(session.scalars(select(Holding)).all(), archive_of.holdings(session))
        assert session.scalars(select(ImportedRow.source_key)).all() == ["p|patient"]
        assert session.scalar(select(func.count()).select_from(Account)) == 0


def test_everybody_else_keeps_every_row(patient: int) -> None:
    def others() -> dict[str, int]:
        with databases.read(Store.HOT) as session:
            mine = set(session.scalars(select(Visit.id).where(Visit.patient_id == patient)))
        with databases.current().engine(Store.VISITS, read_only=True).connect() as connection:
            query = text("SELECT id FROM visit WHERE patient_id = :patient")
            mine |= set(connection.scalars(query, {"patient": patient}))
        return {name: sum(seen.values()) for name, seen in everything().items()} | {"mine": len(mine)}

    before = others()
    erase_now(patient)
    after = others()
    assert before["mine"] == 8
    assert after["visit"] == before["visit"] - 8
    assert after["note"] == before["note"] - 8
    assert after["prescription"] == before["prescription"] - 16


def test_the_audit_trail_stays_whole(patient: int) -> None:
    erase_now(patient)
    with databases.read(Store.HOT) as session:
        actions = session.scalars(select(AccessEvent.action).where(AccessEvent.patient_id == patient)).all()
    assert {"record.read", "patient.erase", "patient.erased"} <= set(actions)
    assert verify().faults == ()


def test_staged_files_without_the_patient_stay(
    population: list[int], reachable_folder: Path, with_settings: Any
) -> None:
    with_settings(staging_url=reachable_folder.as_uri())
    run_to_end(batch_rows=1)
    folders = {path.parent for path in reachable_folder.rglob("manifest.json")}
    erase_now(population[0])
    left = {path.parent for path in reachable_folder.rglob("manifest.json")}
    assert len(folders) == 12
    assert len(left) == 8


def test_a_legal_hold_refuses(patient: int) -> None:
    with databases.write() as session:
        session.execute(update(Patient).where(Patient.id == patient).values(legal_hold=True))
    with pytest.raises(erasure.LegalHold, match="lift it first"):
        erase_now(patient)
    assert left_hot(patient)


def test_rows_that_are_moving_refuse(population: list[int]) -> None:
    run_id = start()
    driver.advance(run_id)
    with pytest.raises(archive.RunUnderWay):
        erase_now(population[0])
    assert left_hot(population[0])


def test_only_an_admin_may(population: list[int]) -> None:
    with databases.write() as session:
        clinician = make_account(session, role=Role.CLINICIAN)
        with pytest.raises(PermissionDenied):
            erasure.erase_patient(session, patient_id=population[0], reason="x", by=clinician)
        with pytest.raises(NoSuchPatient):
            erasure.erase_patient(session, patient_id=999, reason="x", by=None)


def test_it_goes_on_after_an_archive_was_away(patient: int, tiers: Tiers) -> None:
    with databases.write() as session:
        begun = erasure.erase_patient(session, patient_id=patient, reason="at their request", by=None)
        assert session.scalars(select(OutboxMessage).where(OutboxMessage.task == erasure.TASK)).one()
    assert left_hot(patient) == {}
    tiers.of["reports"].stop("immediate")
    with pytest.raises(OperationalError) as away:
        erase.erase(begun.id)
    assert kind_of(away.value) is FaultKind.CONNECTION
    with databases.write() as session:
        batch_id = session.scalars(select(Batch.id).where(Batch.record_type == "visit")).first() or 0
        with pytest.raises(archive.RunUnderWay, match="being erased"):
            restores.start_batch_restore(session, batch_id=batch_id, by=None)
    tiers.of["reports"].start()
    erase.erase(begun.id)
    assert left_archived("reports", patient) == left_archived("visits", patient) == {}


def test_a_batch_that_lost_an_erased_patient_can_be_restored(patient: int) -> None:
    erase_now(patient)
    with databases.write() as session:
        run = restores.start_run_restore(session, run_id=1, by=None)
    driver.drive(run.id)
    with databases.read(Store.HOT) as session:
        assert set(session.scalars(select(Batch.state).where(Batch.record_type == "visit"))) == {"restored"}
    assert sum(everything()["visit"].values()) == 16


def test_the_command_wants_the_words(patient: int, environment: dict[str, str]) -> None:
    command = [sys.executable, "cli.py", "archive", "erase", "--patient", str(patient), "--reason", "asked"]
    settings = {**environment, "STRATA_STAGING_URL": databases.current().settings.staging_url, "PATH": "/usr/bin:/bin"}

    def run(words: str) -> subprocess.CompletedProcess[str]:
        full = [*command, "--confirm", words]
        return subprocess.run(full, check=False, cwd=ROOT, env=settings, capture_output=True, text=True)

    refused = run("yes")
    assert refused.returncode == 1
    assert "nothing was erased" in refused.stderr
    assert left_hot(patient)
    done = run(f"erase patient {patient}")
    assert done.returncode == 0, done.stderr
    assert "is erased" in done.stdout
    assert left_hot(patient) == left_archived("visits", patient) == {}
