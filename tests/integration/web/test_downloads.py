"""What a patient takes along: whole, wherever its rows are, or nothing and a word why."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import func, select

from core.models import Assay, Note, Observation, Patient, Role, SensitiveVisit, Visit
from core.models.record_types import archive_table
from core.stores import databases
from core.stores.databases import Store
from core.stores.tables import hot_table
from core.web.paper import sheet
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
from tests.integration.web.conftest import Browser, events, move_to_archive
from tests.ready_report import CLAIMS, make_ready_report, sign_ready_report
from tests.taken_files import pages_of, resources_of, rows_of, tables_of
from tests.tiers import Tiers

OLD = timedelta(days=800)
TAMIL, CHINESE = "கொழுப்பு", "请复诊"


@pytest.fixture
def report_id(patient: Patient) -> int:
    """A record with one old visit and one of today, and a signed report; the old visit is archived."""
    with databases.write() as session:
        doctor = make_account(session)
        ready = make_ready_report(session, patient, doctor)
    sign_ready_report(ready, doctor)
    with databases.write() as session:
        assay = session.get_one(Assay, session.get_one(Observation, ready.observation_id).assay_id)
        visit = make_visit(session, patient, started_at=NOW - OLD, description="Old review")
        make_note(session, visit, f"=1+1 {TAMIL} {CHINESE} ≥ 3")
        make_observation(session, visit, make_assay(session, code="2160-0", short_name="Creatinine"), "77")
        make_observation(session, visit, assay, "7.1")
        make_prescription(session, patient, visit_id=visit.id, medication="Old medicine", status="completed")
        session.add(Note(patient_id=patient.id, kind="Letter", text="Belongs to no visit.", written_at=NOW))
    move_to_archive()
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1
    return ready.id


@pytest.fixture
def taken(signed_in: Browser, report_id: int, sync_replica: Callable[[], None]) -> Callable[[str], Any]:
    """Downloads from an address."""

    def take(path: str) -> Any:
        sync_replica()
        reply = signed_in.get(path)
        assert reply.status_code == 200, reply.text
        assert "attachment" in reply.headers["Content-Disposition"]
        assert reply.headers["Cache-Control"] == "no-store"
        return reply

    return take


def test_the_whole_record_on_paper(taken: Callable[[str], Any]) -> None:
    pages = pages_of(taken("/record/download/pdf").data)
    whole = " ".join(pages)
    for words in ("Old review", "Diabetes review", "Old medicine", "Creatinine", "77", "≥ 3", "Belongs to no visit.",
                  CHINESE, CLAIMS[0].text, "Signed by"):  # fmt: skip
        assert words in whole
    for number, page in enumerate(pages, 1):
        assert "Tan Mei Ling · born 14 Mar 1961" in page
        assert "Toa Payoh clinic" in page
        assert f"Page {number} of {len(pages)}" in page
    assert [event.target for event in events("record.downloaded")] == ["record:pdf"]


def test_a_long_record_is_several_documents_with_nothing_left_out(
    taken: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = " ".join(pages_of(taken("/record/download/pdf").data))
    monkeypatch.setattr(sheet, "PAGES_MAX", 1)
    reply = taken("/record/download/pdf")
    assert reply.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.data)) as pack:
        names = pack.namelist()
        parts = [pages_of(pack.read(name)) for name in names]
    assert names == [f"health-record-{number}.pdf" for number in range(1, len(parts) + 1)]
    assert len(parts) > 1
    for number, pages in enumerate(parts, 1):
        assert all("Tan Mei Ling · born 14 Mar 1961" in page for page in pages)
        assert f"Page 1 of {len(pages)}" in pages[0]
        assert number == 1 or f"Health record, part {number}" in pages[0]
    together = " ".join(page for pages in parts for page in pages)
    for words in ("Old review", "Diabetes review", "Old medicine", "Belongs to no visit.", CLAIMS[0].text, "Signed by"):
        assert (together.count(words), words) == (whole.count(words), words)


def test_the_whole_record_as_tables(taken: Callable[[str], Any], report_id: int) -> None:
    tables = tables_of(taken("/record/download/csv").data)
    assert {row["description"] for row in tables["visits"]} == {"Old review", "Diabetes review"}
    assert {row["name"] for row in tables["results"]} == {"Creatinine", "HbA1c"}
    assert {row["medication"] for row in tables["medicines"]} == {"Old medicine"}
    # A spreadsheet must not run what somebody wrote into a note.
    assert {row["text"][:5] for row in tables["notes"]} == {"'=1+1", "Belon"}
    (line,) = tables["reports"]
    assert (line["report"], line["claim"], line["worded_by"]) == (
        str(report_id), CLAIMS[0].text, "software (strata-offline-rules)",
    )  # fmt: skip


def test_the_whole_record_is_a_patient_summary(taken: Callable[[str], Any]) -> None:
    bundle = taken("/record/download/fhir").json
    Bundle.model_validate(bundle)
    first = bundle["entry"][0]["resource"]
    assert (bundle["type"], first["resourceType"], first["type"]["coding"][0]["code"]) == (
        "document", "Composition", "60591-5",
    )  # fmt: skip
    sections = {section["code"]["coding"][0]["code"]: section for section in first["section"]}
    assert {"10160-0", "48765-2", "11450-4"} <= sections.keys()
    by_url = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    assert len(by_url) == len(bundle["entry"])
    stood = [by_url[entry["reference"]] for section in first["section"] for entry in section["entry"]]
    told = [resource for resource in stood if resource["resourceType"] == "AllergyIntolerance"]
    assert [resource["code"]["coding"][0]["code"] for resource in told] == ["no-allergy-info"]
    assert {len(resources_of(bundle, kind)) for kind in ("Encounter", "MedicationRequest")} == {2, 1}
    assert len(resources_of(bundle, "Observation")) == 3


def test_nothing_is_said_to_be_unknown_that_is_there(
    signed_in: Browser,
    another_browser: Callable[[], Browser],
    patient: Patient,
    sync_replica: Callable[[], None],
) -> None:
    with databases.write() as session:
        make_allergy(session, patient)
        make_condition(session, patient)
        make_prescription(session, patient)
    sync_replica()
    assert "absent-unknown" not in signed_in.get("/record/download/fhir").text
    with databases.write() as session:
        empty = make_account(session, role=Role.PATIENT, patient_id=make_patient(session, name="Lim").id)
    other = another_browser()
    other.sign_in(empty)
    sync_replica()
    text = other.get("/record/download/fhir").text
    assert [code in text for code in ("no-allergy-info", "no-medication-info", "no-problem-info")] == [True] * 3


def test_what_is_kept_apart_says_so_in_the_patients_own_copy_and_not_why(
    taken: Callable[[str], Any], patient: Patient
) -> None:
    """Whoever takes the copy in can keep it for few people too; the reason is no word of the patient's own record."""
    with databases.write() as session:
        session.add(SensitiveVisit(visit_id=_old_visit(), patient_id=patient.id, category="SEX", set_by=1))
    whole = taken("/record/download/fhir").json
    assert labels_of(whole) == {"R"}
    for kind in ("Encounter", "Observation", "DocumentReference", "MedicationRequest"):
        assert {"R"} in [labels_of(one) for one in resources_of(whole, kind)], kind
    assert set() in [labels_of(one) for one in resources_of(whole, "Encounter")]
    assert "SEX" not in json.dumps(whole)
    creatinine = id_of_assay("2160-0")
    assert labels_of(taken(f"/results/{creatinine}/download/fhir").json) == {"R"}


def labels_of(resource: Any) -> set[str]:
    return {one["code"] for one in resource.get("meta", {}).get("security", ()) if one["code"] != "AIAST"}


def _old_visit() -> int:
    with databases.read(Store.VISITS) as archive:
        return archive.scalar(select(archive_table(hot_table("visit")).c.id))


def id_of_assay(code: str) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(Assay.id).where(Assay.code == code))


def test_drafted_sentences_are_labelled_and_say_where_they_come_from(taken: Callable[[str], Any]) -> None:
    bundle = taken("/record/download/fhir").json
    told = resources_of(bundle, "DocumentReference")
    report = next(one for one in told if one.get("description") == "Health report")
    assert report["meta"]["security"][0]["code"] == "AIAST"
    of_report, of_claim = resources_of(bundle, "Provenance")
    assert of_report["signature"][0]["who"]["display"].startswith("Clinician")
    element = of_claim["target"][0]["extension"][0]
    assert f'<p id="{element["valueUri"]}">{CLAIMS[0].text}</p>' in report["text"]["div"]
    text = base64.b64decode(report["content"][0]["attachment"]["data"]).decode()
    assert text.startswith("Drafted by software (strata-offline-rules). Checked and signed by Clinician")
    assert CLAIMS[0].text in text
    source = of_claim["entity"][0]["what"]["reference"]
    (cited,) = [entry["resource"] for entry in bundle["entry"] if entry["fullUrl"] == source]
    assert cited["valueQuantity"]["value"] == 8.9


@pytest.mark.parametrize("form", ["pdf", "csv", "fhir"])
def test_one_test_with_its_archived_values(taken: Callable[[str], Any], form: str) -> None:
    with databases.read(Store.HOT) as session:
        assay_id = session.scalars(select(Observation.assay_id)).one()
    reply = taken(f"/results/{assay_id}/download/{form}")
    if form == "pdf":
        (page,) = pages_of(reply.data)
        assert "12 Nov 2026 8.9 %" in page
        assert "3 Sep 2024 7.1 %" in page
    elif form == "csv":
        assert [row["value_number"] for row in rows_of(reply.data)] == ["8.9", "7.1"]
    else:
        Bundle.model_validate(reply.json)
        assert len(resources_of(reply.json, "Observation")) == 2


@pytest.mark.parametrize("form", ["pdf", "csv", "fhir"])
def test_one_signed_report(taken: Callable[[str], Any], report_id: int, form: str) -> None:
    reply = taken(f"/reports/{report_id}/download/{form}")
    if form == "pdf":
        assert CLAIMS[0].text in " ".join(pages_of(reply.data))
    elif form == "csv":
        assert [row["claim"] for row in rows_of(reply.data)] == [CLAIMS[0].text]
    else:
        Bundle.model_validate(reply.json)
        assert "AIAST" in reply.text


@pytest.mark.parametrize("form", ["pdf", "csv", "fhir"])
def test_a_silent_archive_stops_it(signed_in: Browser, report_id: int, tiers: Tiers, form: str) -> None:
    tiers.of["visits"].stop("immediate")
    with databases.read(Store.HOT) as session:
        assay_id = session.scalars(select(Observation.assay_id)).one()
    for path in (f"/record/download/{form}", f"/results/{assay_id}/download/{form}"):
        reply = signed_in.get(path)
        assert (reply.status_code, "Nothing was downloaded" in reply.text) == (503, True)
        assert "Content-Disposition" not in reply.headers


def test_another_patients_report_and_a_draft_are_404(signed_in: Browser, patient: Patient) -> None:
    with databases.write() as session:
        doctor = make_account(session)
        draft = make_ready_report(session, patient, doctor)
        other = make_ready_report(session, make_patient(session, name="Lim Ah Kow"), doctor)
    sign_ready_report(other, doctor)
    for report_id in (draft.id, other.id, 999_999):
        assert signed_in.get(f"/reports/{report_id}/download/pdf").status_code == 404
    assert {event.outcome for event in events("report.downloaded")} == {"deny"}
