"""Where evidence comes from: the replica, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from core.jobs import outbox
from core.models import Assay, Evidence, Observation, Patient, ReportState, Statement
from core.queries import evidence
from core.queries.evidence import EvidenceRow, Limits
from core.queries.patients import NoSuchPatient
from core.services import archive
from core.settings.config import Settings
from core.sources import find
from core.stores import databases, replica_reads
from core.stores.archived import ColdUnavailable, breakers
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_allergy,
    make_assay,
    make_note,
    make_observation,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.report_records import Record, view
from tests.tiers import Tiers
from workers.archive import driver
from workers.reports import jobs, wording


@pytest.fixture
def archived_record(record: Record) -> Iterator[Record]:
    """The patient's older visit, with its HbA1c of 8.1 %, is in the archive."""
    with databases.write() as session:
        run = archive.start_run(session, record_type="visit", by=None, as_of=NOW)
        run_id = run.id
    driver.drive(run_id)
    yield record
    for breaker in breakers.values():
        breaker.answered()


def of_type(rows: tuple[EvidenceRow, ...], kind: str) -> list[EvidenceRow]:
    return [row for row in rows if row.type == kind]


def test_every_kind_of_row_is_there_with_its_hash(record: Record) -> None:
    rows = evidence.collect(record.patient_id)
    assert [row.type for row in rows][:2] == ["patient", "allergy"]
    assert {row.type for row in rows} == {
        "patient", "allergy", "condition", "prescription", "visit", "note", "observation",
    }  # fmt: skip
    assert {row.patient_id for row in rows} == {record.patient_id}
    latest = next(row for row in rows if row.ref == f"observation:{record.latest_id}")
    assert latest.fields == {
        "name": "Hemoglobin A1c/Hemoglobin.total in Blood", "short_name": "HbA1c", "code": "4548-4", "value": 8.9,
        "unit": "%", "observed_at": "2026-11-12T10:00:00+08:00", "ref_low": 4, "ref_high": 6, "interpretation": "H",
    }  # fmt: skip
    assert latest.store == "replica"
    assert len(latest.content_hash) == 64


def test_evidence_never_touches_a_row_of_the_primary(record: Record) -> None:
    seen: list[str] = []
    primary = databases.current().engine(Store.HOT, read_only=True)
    writer = databases.current().engine(Store.HOT, read_only=False)
    for engine in (primary, writer):
        event.listen(engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    evidence.collect(record.patient_id)
    assert [statement for statement in seen if " FROM " in statement.upper()] == []


def test_it_waits_for_what_was_written_just_before(record: Record, tiers: Tiers) -> None:
    tiers.replica.pause_replay()
    with databases.write() as session:
        make_allergy(session, session.get_one(Patient, record.patient_id), substance="Latex")
    tiers.replica.resume_replay()
    substances = {row.fields["substance"] for row in of_type(evidence.collect(record.patient_id), "allergy")}
    assert substances == {"Penicillin", "Latex"}


def test_a_replica_that_stays_behind_is_no_reason_to_read_the_primary(
    record: Record, tiers: Tiers, configured: Callable[..., Settings]
) -> None:
    configured(replica_wait_seconds=0.5)
    tiers.replica.pause_replay()
    with databases.write() as session:
        make_patient(session, name="Somebody Else")
    with pytest.raises(replica_reads.ReplicaBehind, match="has not replayed"):
        evidence.collect(record.patient_id)


def test_archived_rows_are_part_of_the_history(archived_record: Record) -> None:
    with databases.read(Store.HOT) as session:
        hot = {float(value) for value in session.scalars(select(Observation.value_number)) if value is not None}
    assert hot == {8.9, 5.4}
    rows = evidence.collect(archived_record.patient_id)
    values = {row.fields["value"]: row.store for row in of_type(rows, "observation")}
    assert values == {8.9: "replica", 8.1: "visits", 5.4: "replica"}
    assert len(of_type(rows, "visit")) == 2


def test_a_silent_archive_fails_the_report_by_name_and_later_it_is_drafted_whole(
    archived_record: Record, tiers: Tiers, request_report: Callable[[], int]
) -> None:
    report_id = request_report()
    tiers.of["visits"].stop()
    with pytest.raises(ColdUnavailable, match="archive server visits is not answering"):
        evidence.collect(archived_record.patient_id)
    with pytest.raises(outbox.NotNow, match="visits"):
        jobs.draft_report(report_id)
    waiting = view(report_id)
    assert waiting.state == ReportState.REQUESTED
    assert "waiting: archive server visits is not answering" in (waiting.reason or "")

    tiers.of["visits"].start()
    breakers["visits"].answered()
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert view(report_id).reason is None


def test_after_waiting_too_long_it_fails_with_the_cause(
    archived_record: Record, tiers: Tiers, request_report: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "GIVE_UP_AFTER", timedelta(0))
    report_id = request_report()
    tiers.of["visits"].stop()
    jobs.draft_report(report_id)
    failed = view(report_id)
    assert failed.state == ReportState.FAILED
    assert "archive server visits" in (failed.reason or "")


def test_a_patient_without_archived_rows_needs_no_archive(record: Record, tiers: Tiers) -> None:
    tiers.of["visits"].stop()
    assert len(evidence.collect(record.patient_id)) > 5


def test_the_newest_of_every_test_comes_before_any_history_and_what_is_abnormal_first(record: Record) -> None:
    with databases.write() as session:
        visit = make_visit(session, session.get_one(Patient, record.patient_id))
        for number in range(30):
            assay = make_assay(session, code=f"code-{number}", name=f"Assay {number}", unit="mmol/L")
            for days in range(5):
                observed_at = visit.started_at - timedelta(days=days)
                make_observation(session, visit, assay, "5", observed_at=observed_at, interpretation="N")
    rows = evidence.collect(record.patient_id, Limits(total=40, results_min=10))
    results = of_type(rows, "observation")
    assert len(rows) == 40
    assert results[0].fields["short_name"] == "HbA1c"
    assert results[0].fields["value"] == 8.9
    # There is room for the newest value of each test, and for none before it.
    assert len({row.fields["name"] for row in results}) == len(results)


def test_survey_answers_are_no_results(record: Record) -> None:
    with databases.write() as session:
        visit = make_visit(session, session.get_one(Patient, record.patient_id))
        question = make_assay(session, code="q", name="Housing status", unit=None, category="survey")
        make_observation(session, visit, question, None, value_text="I have housing", interpretation=None)
        assert session.get_one(Assay, question.id).category == "survey"
    names = {row.fields["name"] for row in of_type(evidence.collect(record.patient_id), "observation")}
    assert "Housing status" not in names


def test_too_many_current_rows_are_refused_rather_than_cut(record: Record) -> None:
    with pytest.raises(evidence.TooMuch, match="current rows of kind"):
        evidence.collect(record.patient_id, Limits(safety=0))


def test_an_unknown_patient_fails_the_report(record: Record) -> None:
    with pytest.raises(NoSuchPatient):
        evidence.collect(record.patient_id + 1_000)


def test_another_patients_rows_are_out_of_reach(record: Record, request_report: Callable[[], int]) -> None:
    with databases.write() as session:
        other = make_patient(session, name="Other Person")
        make_observation(session, make_visit(session, other), session.get_one(Assay, 1), "7.7", ref_low=Decimal(4))
    report_id = request_report()
    jobs.draft_report(report_id)
    with databases.read(Store.HOT) as session:
        owners = set(session.scalars(select(Evidence.patient_id).where(Evidence.report_id == report_id)))
    assert owners == {record.patient_id}


STATED = {
    "do-not-give": ("Ibuprofen 400 mg tablet", "Do not give: Ibuprofen 400 mg tablet"),
    "negation": ("No known allergies", "Stated: No known allergies"),
    "refuted": ("Allergy: Penicillin", "Ruled out: Allergy: Penicillin"),
    "suspected": ("Pneumonia", "Suspected, not confirmed: Pneumonia"),
    "procedure": ("Appendectomy", ""),
}


def test_what_is_stated_is_evidence_in_words_that_make_no_finding_of_it(
    record: Record, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        for kind, (words, _) in STATED.items():
            session.add(Statement(patient_id=record.patient_id, kind=kind, text=words))
    sync_replica()
    rows = evidence.collect(record.patient_id)
    told = [row.fields["statement"] for row in of_type(rows, "statement")]
    assert told == [words for _, words in STATED.values() if words]
    worded = [wording.word(row.type, row.fields) for row in of_type(rows, "statement")]
    assert worded[0] == {"kind": "statement, not a finding", "states": "Do not give: Ibuprofen 400 mg tablet"}
    findings = [row for row in rows if row.type in ("allergy", "condition", "prescription")]
    assert not [row for row in findings if any(words in str(row.fields) for words, _ in STATED.values())]


def test_a_statement_that_is_new_since_the_draft_is_told(record: Record, sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        before = {row.ref for row in evidence.gather(session, record.patient_id)}
        session.add(Statement(patient_id=record.patient_id, kind="do-not-give", text="Ibuprofen"))
        session.flush()
        fresh = [row for row in evidence.gather(session, record.patient_id) if row.ref not in before]
        found = find.rows(session, [row.ref for row in fresh])
    assert [row.fields["statement"] for row in fresh] == ["Do not give: Ibuprofen"]
    assert [source.content_hash for source in found.values()] == [row.content_hash for row in fresh]


def test_a_changed_dose_and_the_note_that_speaks_of_it_are_always_there(
    record: Record, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        patient = session.get_one(Patient, record.patient_id)
        over = {"status": "stopped", "started_on": date(2020, 1, 1)}
        changed = make_prescription(
            session, patient, medication="Metformin 250 mg", stopped_on=date(2021, 1, 1), **over
        )
        for number in range(6):
            medication, stopped_on = f"Other{'abcdef'[number]} 5 mg", date(2025, 1, 1 + number)
            make_prescription(session, patient, medication=medication, stopped_on=stopped_on, **over)
        visit = make_visit(session, patient)
        spoken = make_note(session, visit, "Metformin doubled.", written_at=NOW - timedelta(days=900))
        for days in range(5):
            make_note(session, visit, "Well.", written_at=NOW - timedelta(days=days))
        wanted = {f"prescription:{changed.id}", f"note:{spoken.id}"}
    sync_replica()
    with databases.read(Store.HOT) as session:
        gathered = evidence.gather_counted(session, record.patient_id)
    assert wanted <= {row.ref for row in gathered.rows}
    assert gathered.left_out == ("older stopped medicines", "older notes")


def test_the_newest_weight_and_smoking_status_are_enough_and_tests_left_out_are_counted(
    record: Record, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        visit = make_visit(session, session.get_one(Patient, record.patient_id))
        weight = make_assay(session, code="29463-7", name="Body weight", short_name="Weight", unit="kg")
        smoking = make_assay(session, code="72166-2", name="Smoking", unit=None, category="social-history")
        for days in range(3):
            observed_at = NOW - timedelta(days=days)
            make_observation(session, visit, weight, "70", observed_at=observed_at, interpretation=None)
            make_observation(
                session, visit, smoking, None, value_text=f"Never smoker {days}", observed_at=observed_at,
                interpretation=None,
            )  # fmt: skip
    sync_replica()
    results = of_type(evidence.collect(record.patient_id), "observation")
    assert [row.fields["code"] for row in results].count("29463-7") == 1
    assert "Never smoker 0" in [row.fields["value"] for row in results]
    with databases.read(Store.HOT) as session:
        few = evidence.gather_counted(session, record.patient_id, Limits(total=0, results_min=1))
    assert few.left_out[0] == "3 tests"


def test_that_somebody_has_died_is_said(record: Record, sync_replica: Callable[[], None]) -> None:
    with databases.write() as session:
        session.get_one(Patient, record.patient_id).deceased_on = date(2026, 11, 1)
    sync_replica()
    person = evidence.collect(record.patient_id)[0]
    assert wording.word(person.type, person.fields)["died"] == "1 November 2026"
