"""What another system labels as for few is kept apart with its visit, or refused; never shown to all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.interchange import fhir
from core.interchange.fhir.exported_bundle import export_patient
from core.models import Note, Observation, Patient, SensitiveVisit
from core.queries.hidden_visits import kept_apart
from core.queries.latest_results import latest_results
from core.stores import databases
from core.stores.databases import Store
from tests import interchange_files as files
from tests.fhir_cases import AT, about, measured

ACT, CONFIDENTIALITY = (f"http://terminology.hl7.org/CodeSystem/v3-{name}" for name in ("ActCode", "Confidentiality"))
AT_VISIT = {"encounter": {"reference": f"urn:uuid:{files.OTHER_VISIT}"}}


def labelled(*codes: str) -> dict[str, Any]:
    """The meta of a resource with these labels."""
    systems = {code: CONFIDENTIALITY if code in "NRVULM" else ACT for code in codes}
    return {"meta": {"security": [{"system": systems[code], "code": code} for code in codes]}}


def bring(folder: Path, *resources: Any, visit: dict[str, Any] | None = None) -> Any:
    whole = files.fhir_encounter(**(visit or {}))
    return fhir.import_path(files.bundle(folder, files.fhir_patient(), whole, *resources))


def apart() -> list[str]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(SensitiveVisit.category)))


@pytest.mark.parametrize(
    ("codes", "category"),
    [
        (("R",), "S"),
        (("V",), "S"),
        (("R", "HIV"), "SEX"),
        (("PSY",), "MH"),
        (("ETH",), "ETH"),
        (("SDV", "R"), "SDV"),
        (("PHY", "PRS"), "S"),
        (("PRS", "N", "R"), "S"),
        (("HIV", "N"), "SEX"),
        (("N", "PRS", "ETH"), "ETH"),
    ],
)
def test_a_labelled_visit_is_kept_apart(database: Any, tmp_path: Path, codes: tuple[str, ...], category: str) -> None:
    assert bring(tmp_path, measured(**AT_VISIT), visit=labelled(*codes)).refusals == []
    assert apart() == [category]


def test_so_is_the_visit_of_a_labelled_row(database: Any, tmp_path: Path) -> None:
    assert bring(tmp_path, measured(**AT_VISIT, **labelled("HIV"))).refusals == []
    assert apart() == ["SEX"]
    with databases.read(Store.HOT) as session:
        patient_id = session.scalars(select(Patient.id)).one()
        assert latest_results(session, patient_id, hidden_visits=kept_apart(session, patient_id)).shown == ()


def test_a_document_has_labels_of_its_own(database: Any, tmp_path: Path) -> None:
    label = {"securityLabel": [{"coding": [{"system": CONFIDENTIALITY, "code": "V"}]}]}
    where = {"context": {"encounter": [AT_VISIT["encounter"]]}}
    text = {"contentType": "text/plain", "data": "U2Vlbg=="}
    whole = about("DocumentReference", status="current", date=AT, content=[{"attachment": text}], **label)
    assert bring(tmp_path, whole | where).refusals == []
    assert apart() == ["S"]


@pytest.mark.parametrize("codes", [("N",), ("U", "L"), ("M",), ("PHY", "PRS", "N"), ("DEMO", "L")])
def test_what_is_for_all_stays_so(database: Any, tmp_path: Path, codes: tuple[str, ...]) -> None:
    assert bring(tmp_path, measured(**AT_VISIT, **labelled(*codes))).refusals == []
    assert apart() == []


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        (measured(**labelled("R")), "send its Encounter"),
        (about("Condition", code={"text": "HIV infection"}, **labelled("HIV")), "send its Encounter"),
        (about("AllergyIntolerance", code={"text": "Disulfiram"}, **labelled("ETH")), "an allergy is kept from nobody"),
        (measured(**AT_VISIT, **labelled("TBOO")), "not for the patient"),
    ],
)
def test_what_no_visit_can_keep_apart_is_refused(database: Any, tmp_path: Path, resource: Any, why: str) -> None:
    (refusal,) = bring(tmp_path, resource).refusals
    assert why in refusal.reason
    assert apart() == []


def test_a_labelled_person_is_refused_with_all_rows(database: Any, tmp_path: Path) -> None:
    whole = files.fhir_patient(**labelled("R"))
    summary = fhir.import_path(files.bundle(tmp_path, whole, files.fhir_encounter(), measured()))
    assert (summary.counts["patient"].new, summary.counts["visit"].new, summary.counts["observation"].new) == (0, 0, 0)
    assert "who somebody is" in summary.refusals[0].reason


def test_a_label_that_comes_later_hides_what_was_shown(database: Any, tmp_path: Path) -> None:
    at_visit = about("Condition", code={"text": "Depression"}, **AT_VISIT)
    alone = measured()
    bring(tmp_path, at_visit, alone)
    assert apart() == []
    bring(tmp_path, {**at_visit, **labelled("PSY")}, {**alone, **labelled("PSY")})
    assert apart() == ["MH"]
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Observation)).all() == []


def test_what_a_clinician_shared_again_is_not_hidden_by_the_same_file(database: Any, tmp_path: Path) -> None:
    bring(tmp_path, measured(**AT_VISIT, **labelled("R")))
    with databases.write() as session:
        session.delete(session.scalars(select(SensitiveVisit)).one())
    assert bring(tmp_path, measured(**AT_VISIT, **labelled("R"))).unchanged > 0
    assert apart() == []


def test_a_bundle_that_is_labelled_as_a_whole_is_refused(database: Any, tmp_path: Path) -> None:
    path = files.bundle(tmp_path, files.fhir_patient(), files.fhir_encounter(), measured())
    path.write_text(json.dumps(json.loads(path.read_text()) | labelled("R")))
    summary = fhir.import_path(path)
    assert (summary.new, "as a whole" in summary.refusals[0].reason) == (0, True)


def test_a_bundle_within_hands_its_label_down(database: Any, tmp_path: Path) -> None:
    inner = {"resourceType": "Bundle", "type": "collection", **labelled("R"),
             "entry": [{"resource": measured(**AT_VISIT)}]}  # fmt: skip
    assert bring(tmp_path, {"resource": inner, "request": {}}).refusals == []
    assert apart() == ["S"]


def test_an_unknown_label_is_told(database: Any, tmp_path: Path) -> None:
    meta = {"meta": {"security": [{"system": "urn:hospital:labels", "code": "CHEF"}]}}
    summary = bring(tmp_path, measured(**AT_VISIT, **meta))
    assert [words for words in summary.doubts if "security label" in words] != []


def test_a_policy_that_its_source_levels_as_for_all_is_told(database: Any, tmp_path: Path) -> None:
    summary = bring(tmp_path, measured(**AT_VISIT, **labelled("PRS", "N")), measured(id="o2", **AT_VISIT))
    assert [examples[0][:7] for words, examples in summary.doubt_examples.items() if "levels" in words] == ["PRS at "]


def test_what_is_kept_apart_goes_out_labelled_and_comes_back_apart(
    database: Any, tmp_path: Path, sync_replica: Callable[[], None], empty_tables: Callable[[], None]
) -> None:
    bring(tmp_path, measured(**AT_VISIT), visit=labelled("R", "HIV"))
    sync_replica()
    with databases.read(Store.HOT) as session:
        patient_id = session.scalars(select(Patient.id)).one()
    bundle = export_patient(patient_id, kept_apart_because="the patient asks for a copy")
    labels = {entry["resource"]["resourceType"]: entry["resource"].get("meta") for entry in bundle["entry"]}
    assert labels["Encounter"] == labelled("R", "HIV")["meta"]
    assert labels["Observation"] is not None
    assert labels["Patient"] is None
    empty_tables()
    path = tmp_path / "out.json"
    path.write_text(json.dumps(bundle))
    assert fhir.import_path(path).refusals == []
    assert apart() == ["SEX"]
    with databases.read(Store.HOT) as session:
        assert (len(session.scalars(select(Observation)).all()), session.scalars(select(Note)).all()) == (1, [])
