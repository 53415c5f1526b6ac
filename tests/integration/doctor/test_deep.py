"""`strata doctor --deep` on real servers: it does the product's work for a made-up patient, and takes it away again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, make_url, select

from commands.doctor import doctor
from commands.doctor.deep import made_patient
from core.archiving import failpoints
from core.models import ArchiveRun, Batch, Erasure, Note, Patient, RunState, Visit
from core.models.record_types import ARCHIVE_METADATA, SERVERS
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_note, make_patient, make_visit


def run() -> tuple[int, dict[str, dict[str, Any]], str]:
    result = CliRunner().invoke(doctor, ["--deep", "--json"], catch_exceptions=False)
    found = {finding["subject"]: finding for finding in json.loads(result.stdout)["findings"]}
    return result.exit_code, found, result.stdout


def count(model: Any, *conditions: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def archived_rows() -> int:
    total = 0
    for server in SERVERS:
        with databases.current().engine(Store(server), read_only=True).connect() as connection:
            for table in ARCHIVE_METADATA[server].tables.values():
                total += connection.scalar(select(func.count()).select_from(table)) or 0
    return total


@pytest.fixture
def real(database: Any) -> int:
    """A real patient with a visit that is as cold as the made-up ones."""
    with databases.write() as session:
        patient = make_patient(session)
        make_note(session, make_visit(session, patient, started_at=NOW.replace(year=NOW.year - 3)))
        return patient.id


def nothing_is_left(real: int) -> None:
    assert count(Patient, Patient.id != real) == 0
    assert (count(Visit), count(Note), archived_rows()) == (1, 1, 0)
    assert count(ArchiveRun, ArchiveRun.state != RunState.DONE) == 0


def test_it_does_all_its_work_and_leaves_real_rows_where_they_are(
    real: int, sends_conditions_on: None, sync_replica: Callable[[], None]
) -> None:
    sync_replica()
    status, found, _ = run()
    assert [finding for finding in found.values() if not finding["ok"]] == []
    assert status == 0
    assert {"move: all steps", "move: hot rows", "cold read: rows", "cold read: plan", "restore", "restore: purge",
            "cold read: distributed transactions", "rights: public", "taken away"} <= found.keys()  # fmt: skip
    assert found["cold read: rows"]["detail"].startswith("20 rows, the same as before")
    nothing_is_left(real)


def test_its_report_names_nobody_and_no_machine(real: int, sync_replica: Callable[[], None]) -> None:
    sync_replica()
    *_, report = run()
    url = make_url(databases.current().settings.primary_url)
    # The product's own name, which these databases have, tells nothing.
    for secret in {str(url.host), str(url.database), str(url.username), str(url.password), "Tan Mei Ling"} - {"strata"}:
        assert secret not in report
    assert "host 1" in report


@pytest.mark.parametrize("at", ["stage.before_commit", "load.after_commit", "release.before_commit",
                                "release.after_commit", "restore.before_commit"])  # fmt: skip
def test_what_an_interrupted_run_left_is_taken_away_by_the_next(
    real: int, at: str, monkeypatch: pytest.MonkeyPatch, sync_replica: Callable[[], None]
) -> None:
    """Killed: nothing of it is done any more, not even what it does at its end."""
    sync_replica()

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(made_patient, "take_away", lambda *_: 0)
        dying.setattr(failpoints, "hit", lambda name: kill() if name == at else None)
        with suppress(Killed):
            run()
    assert made_patient.left_behind()
    _, found, _ = run()
    assert found["left behind"]["ok"], found["left behind"]
    assert made_patient.left_behind() == []
    nothing_is_left(real)


def test_somebody_else_with_its_patients_name_is_not_erased(database: Any) -> None:
    with databases.write() as session:
        patient = make_patient(session, name=made_patient.NAME, birth_on=made_patient.BORN)
        make_note(session, make_visit(session, patient))
    assert made_patient.left_behind() == []


def test_it_waits_for_a_run_that_is_under_way(real: int) -> None:
    with databases.write() as session:
        archive.start_run(session, record_type="log", by=None)
    status, found, _ = run()
    assert status == 1
    assert found["move"]["mend"].startswith("wait for run ")
    assert (count(Batch), count(Erasure)) == (0, 0)


def test_it_is_done_in_good_time(real: int, sync_replica: Callable[[], None]) -> None:
    sync_replica()
    began = time.monotonic()
    run()
    assert time.monotonic() - began < 300
