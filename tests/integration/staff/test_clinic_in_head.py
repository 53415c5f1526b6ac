"""The clinic in the head of a printed page stays there when its visits are archived, though the archive is down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update

from commands.doctor import picture_check
from core.models import Clinic, Holding, Patient, Sensitivity, Visit
from core.picture import clinics
from core.queries.letterhead import letterhead
from core.queries.patients import header
from core.services import corrections
from core.services.sensitive_visits import keep_apart
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_account, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import move_to_archive
from tests.tiers import Tiers


def visit_at(patient: Patient, clinic: str | None, days: int) -> Visit:
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=NOW - timedelta(days=days))
        if clinic is None:
            visit.clinic_id = None
        else:
            session.get_one(Clinic, visit.clinic_id).name = clinic
        return visit


def told(patient: Patient, hidden: frozenset[int] = frozenset()) -> tuple[str | None, str | None]:
    """The clinic on a staff page and on a patient's."""
    with databases.read(Store.HOT) as session:
        of_staff, of_patient = header(session, patient.id), letterhead(session, patient.id, hidden_visits=hidden)
    assert of_staff is not None
    assert of_patient is not None
    return of_staff.clinic, of_patient.clinic


def test_a_charts_head_names_the_clinic_after_an_archive_run_though_the_archive_is_down(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None], tiers: Tiers
) -> None:
    visit_at(patient, "Bedok clinic", 500)
    assert "Bedok clinic · printed" in clinician.get(f"/patients/{patient.id}").text
    move_to_archive()
    sync_replica()
    tiers.of["visits"].stop("immediate")
    assert "Bedok clinic · printed" in clinician.get(f"/patients/{patient.id}").text
    assert told(patient) == ("Bedok clinic", "Bedok clinic")


def test_it_is_that_of_the_newest_visit_at_a_clinic_whichever_run_moved_it(patient: Patient) -> None:
    visit_at(patient, "Bedok clinic", 900)
    visit_at(patient, "Yishun clinic", 600)
    visit_at(patient, None, 500)
    move_to_archive()
    assert told(patient) == ("Yishun clinic", "Yishun clinic")
    visit_at(patient, "Tampines clinic", 700)
    move_to_archive()
    assert told(patient) == ("Yishun clinic", "Yishun clinic")
    visit_at(patient, "Punggol clinic", 400)
    move_to_archive()
    assert told(patient) == ("Punggol clinic", "Punggol clinic")
    visit_at(patient, "Jurong clinic", 1)
    assert told(patient) == ("Jurong clinic", "Jurong clinic")


def test_no_clinic_of_an_archived_visit_that_is_hidden_or_in_error_is_named(patient: Patient) -> None:
    visit = visit_at(patient, "Bedok clinic", 500)
    move_to_archive()
    with databases.write() as session:
        author = make_account(session)
        keep_apart(session, patient_id=patient.id, visit_id=visit.id, category=Sensitivity.OTHER, by=author)
    assert told(patient) == (None, "Bedok clinic")
    assert told(patient, frozenset({visit.id})) == (None, None)
    with databases.write() as session:
        keep_apart(session, patient_id=patient.id, visit_id=visit.id, category=None, by=author)
        corrections.mark_error(
            session, patient_id=patient.id, ref=f"visit:{visit.id}", reason="another's visit", by=author
        )
    assert told(patient) == (None, None)


def named_by_doctor() -> bool:
    return all(finding.ok for finding in picture_check.examine() if finding.subject == "pictures: clinics")


def test_clinics_of_visits_that_left_before_a_holding_could_name_one_are_looked_up(patient: Patient) -> None:
    visit_at(patient, "Bedok clinic", 900)
    visit_at(patient, "Yishun clinic", 600)
    visit_at(patient, None, 500)
    move_to_archive()
    with databases.write() as session:
        session.execute(update(Holding).values(clinic_id=None, clinic_visit_id=None))
    assert told(patient) == (None, None)
    assert not named_by_doctor()

    seen: list[int] = []
    assert clinics.fill_all(seen.append) == 1
    assert seen == [1]
    assert told(patient) == ("Yishun clinic", "Yishun clinic")
    assert named_by_doctor()
    assert clinics.fill_all() == 0

    visit_at(patient, "Punggol clinic", 400)
    move_to_archive()
    assert told(patient) == ("Punggol clinic", "Punggol clinic")


def test_an_older_clinic_that_a_later_move_named_gives_way_to_the_newest(patient: Patient) -> None:
    visit_at(patient, "Yishun clinic", 600)
    move_to_archive()
    with databases.write() as session:
        session.execute(update(Holding).values(clinic_id=None, clinic_visit_id=None))
    visit_at(patient, "Bedok clinic", 900)
    move_to_archive()
    assert told(patient) == ("Bedok clinic", "Bedok clinic")
    assert clinics.fill_all() == 1
    assert told(patient) == ("Yishun clinic", "Yishun clinic")


def test_who_has_no_archived_visit_at_a_clinic_is_not_named_as_missing(patient: Patient) -> None:
    visit_at(patient, None, 500)
    move_to_archive()
    assert named_by_doctor()
    assert clinics.fill_all() == 0
