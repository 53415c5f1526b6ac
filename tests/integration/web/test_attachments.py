"""Files of notes that other systems sent: the patient takes them as they came, wherever the note is, or nobody does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from commands.import_ import group
from core.interchange import fhir
from core.interchange.fhir.exported_bundle import export_patient
from core.models import Correction, Note, Patient, Role
from core.services import erasure
from core.stores import databases
from core.stores.databases import Store
from tests import interchange_files
from tests.attached_files import JPEG, PDF, PNG, attachment, bring, bring_letters, document
from tests.factories import PASSWORD, make_account
from tests.integration.web.conftest import Browser, events, move_to_archive
from tests.taken_files import members_of
from workers.archive import erase


@pytest.fixture(autouse=True)
def _of_this_test_alone(database: Any) -> None:
    """Files that an earlier test brought are gone: emptied tables leave them where they are."""
    for path in kept_files(database):
        path.unlink()


@pytest.fixture
def notes(database: Any, tmp_path: Path) -> dict[str, int]:
    """The ids of the letters at a visit and of none."""
    bring_letters(tmp_path)
    with databases.read(Store.HOT) as session:
        found = session.scalars(select(Note).order_by(Note.id)).all()
    return {"visit" if note.visit_id else "alone": note.id for note in found}


@pytest.fixture
def patient(notes: dict[str, int]) -> Patient:
    """Whom the letters are about."""
    with databases.read(Store.HOT) as session:
        return session.scalars(select(Patient)).one()


def kept_files(database: Any) -> list[Path]:
    root = Path(unquote(urlsplit(database.staging_url).path), "attachments")
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_patient_downloads_what_came(
    signed_in: Browser, notes: dict[str, int], sync_replica: Callable[[], None]
) -> None:
    sync_replica()
    for name, number, content, media in (
        ("visit", 1, PDF, "application/pdf"), ("visit", 2, PNG, "image/png"), ("alone", 1, JPEG, "image/jpeg"),
    ):  # fmt: skip
        reply = signed_in.get(f"/notes/{notes[name]}/files/{number}")
        assert (reply.status_code, reply.data, reply.mimetype) == (200, content, media)
        assert reply.headers["Content-Disposition"].startswith("attachment; filename=")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert reply.headers["Cache-Control"] == "no-store"
    told = [(event.outcome, event.target) for event in events("attachment.downloaded")]
    assert told[0] == ("allow", f"note:{notes['visit']} file:1")


def test_the_pages_name_them(signed_in: Browser, notes: dict[str, int], sync_replica: Callable[[], None]) -> None:
    sync_replica()
    history = signed_in.get("/history?kind=notes").text
    assert f"/notes/{notes['alone']}/files/1" in history
    assert "Download image (JPEG): Wound" in history
    with databases.read(Store.HOT) as session:
        visit_id = session.get_one(Note, notes["visit"]).visit_id
    page = signed_in.get(f"/visits/{visit_id}").text
    assert "She is well." in page
    assert "Download PDF: Letter" in page
    assert f"/notes/{notes['visit']}/files/2" in page


def test_nobody_elses(
    signed_in: Browser, another_browser: Callable[[], Browser], notes: dict[str, int],
    sync_replica: Callable[[], None],
) -> None:  # fmt: skip
    with databases.write() as session:
        other = Patient(name="Another", sex="male")
        session.add(other)
        session.flush()
        account = make_account(session, role=Role.PATIENT, patient_id=other.id, name=other.name)
        username = account.username
    sync_replica()
    stranger = another_browser()
    assert stranger.post("/sign-in", {"username": username, "password": PASSWORD}).status_code == 303
    assert stranger.get(f"/notes/{notes['visit']}/files/1").status_code == 404
    for address in (f"/notes/{notes['visit']}/files/3", f"/notes/{notes['visit']}/files/0", "/notes/987/files/1"):
        assert signed_in.get(address).status_code == 404


def test_of_an_archived_note_too(signed_in: Browser, notes: dict[str, int], sync_replica: Callable[[], None]) -> None:
    move_to_archive()
    with databases.read(Store.HOT) as session:
        assert session.get(Note, notes["visit"]) is None
    sync_replica()
    assert signed_in.get(f"/notes/{notes['visit']}/files/1").data == PDF


def test_not_of_a_note_entered_in_error(
    signed_in: Browser, notes: dict[str, int], patient: Patient, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        session.add(
            Correction(patient_id=patient.id, row_type="note", row_id=notes["alone"], kind="entered-in-error",
                       reason="wrong", in_force=True, by_name="Dr Lim")
        )  # fmt: skip
    sync_replica()
    assert signed_in.get(f"/notes/{notes['alone']}/files/1").status_code == 404


def test_what_was_altered_or_lost_is_never_sent(
    signed_in: Browser, database: Any, notes: dict[str, int], sync_replica: Callable[[], None]
) -> None:
    sync_replica()
    (wanted,) = [path for path in kept_files(database) if path.name == hashlib.sha256(PDF).hexdigest()]
    wanted.write_bytes(PDF + b"more")
    reply = signed_in.get(f"/notes/{notes['visit']}/files/1")
    assert (reply.status_code, "can&#39;t be shown" in reply.text or "can't be shown" in reply.text) == (503, True)
    wanted.unlink()
    assert signed_in.get(f"/notes/{notes['visit']}/files/1").status_code == 503
    assert "Nothing was downloaded" in signed_in.get("/record/download/fhir").text


def test_they_are_taken_along(signed_in: Browser, notes: dict[str, int], sync_replica: Callable[[], None]) -> None:
    sync_replica()
    pack = members_of(signed_in.get("/record/download/csv").data)
    assert pack[f"files/note-{notes['visit']}-1.pdf"] == PDF
    assert f"files/note-{notes['alone']}-1.jpg" in pack["notes.csv"].decode()


def test_they_go_out_and_come_back_the_same(
    patient: Patient, tmp_path: Path, sync_replica: Callable[[], None], empty_tables: Callable[[], None]
) -> None:
    sync_replica()
    bundle = export_patient(patient.id)
    with databases.read(Store.HOT) as session:
        before = sorted((note.text, note.said) for note in session.scalars(select(Note)))
    empty_tables()
    path = tmp_path / "out.json"
    path.write_text(json.dumps(bundle))
    assert fhir.import_path(path).refusals == []
    with databases.read(Store.HOT) as session:
        assert sorted((note.text, note.said) for note in session.scalars(select(Note))) == before


def test_an_erased_patients_are_gone(database: Any, notes: dict[str, int], patient: Patient) -> None:
    assert len(kept_files(database)) == 3
    with databases.write() as session:
        request = erasure.erase_patient(session, patient_id=patient.id, reason="asked", by=None)
    erase.erase(request.id)
    assert kept_files(database) == []


def test_the_same_again_changes_nothing_and_a_check_keeps_nothing(
    database: Any, tmp_path: Path, empty_tables: Callable[[], None]
) -> None:
    letter = document("d1", attachment(PDF, "application/pdf"))
    path = tmp_path / "bundle.json"
    checked = bring(tmp_path, letter)
    assert checked.new
    again = fhir.import_path(path)
    assert (again.new, again.unchanged > 0) == (0, True)
    empty_tables()
    for old in kept_files(database):
        old.unlink()
    fhir.import_path(path, check=True)
    assert kept_files(database) == []


@pytest.mark.parametrize(
    ("content", "media", "told"),
    [
        (b"<ClinicalDocument/>", "application/pdf", "without a title, application/xml"),
        (b"PK\x03\x04" + bytes(40), "application/pdf", "without a title, application/zip"),
        (PDF + bytes(10 << 20), "application/pdf", "without a title, application/pdf (longer than 10 MB)"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_or_too_long_is_told_by_its_title(
    database: Any, tmp_path: Path, content: bytes, media: str, told: str
) -> None:
    bring(tmp_path, document("d1", attachment(content, media)))
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Note.text)).one() == f"[Not kept here: {told}]"
    assert kept_files(database) == []


def test_the_command_tells_a_store_that_does_not_take_them(database: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    databases.configure(database.model_copy(update={"attachments_url": blocked.as_uri()}))
    whom = interchange_files.fhir_patient()
    path = interchange_files.bundle(tmp_path / "in", whom, document("d1", attachment(PDF, "application/pdf")))
    result = CliRunner().invoke(group, ["fhir", str(path)])
    assert (result.exit_code, "can't write" in result.output) == (1, True)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Note)).all() == []
