"""What an auditor is pointed at: broken glasses, unusual volumes, records of one's own name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import audit
from core.models import Account, GlassBreak, utc_now
from core.queries import audit_outliers
from core.queries.audit_outliers import Looks, Outliers, shared_names
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient
from workers import outliers


def look(session: Session, doctor: Account, patient_id: int, **values: Any) -> None:
    audit.record(session, "chart.viewed", by=doctor, patient_id=patient_id, **values)


def shown() -> Outliers:
    with databases.read(Store.HOT) as session:
        return audit_outliers.outliers(session)


def found() -> Looks:
    """As they are counted, kept and shown."""
    outliers.count()
    return shown().looks


@pytest.mark.usefixtures("database")
def test_nothing_stands_out_of_nothing() -> None:
    assert shown() == Outliers((), Looks((), (), ()), None)
    assert found() == Looks((), (), ())
    assert shown().counted_at is not None


@pytest.mark.usefixtures("database")
def test_who_opens_far_more_records_than_colleagues_stands_out() -> None:
    with databases.write() as session:
        patients = [make_patient(session, name=f"Person {number}").id for number in range(30)]
        curious, *others = [make_account(session, name=f"Dr {name}") for name in ("Ong", "Lim", "Goh", "Ng")]
        for patient_id in patients:
            look(session, curious, patient_id)
            look(session, curious, patient_id)
        for doctor in others:
            for patient_id in patients[:9]:
                look(session, doctor, patient_id)
        # Neither refusals nor what is long past count.
        look(session, others[0], patients[20], outcome="deny")
        look(session, others[0], patients[21], at=utc_now() - timedelta(days=8))
    lines = found().volumes
    assert (lines[0].name, lines[0].records, lines[0].usual) == ("Dr Ong", 30, 9)
    assert [line.is_unusual for line in lines] == [True, False, False, False]
    assert {line.records for line in lines[1:]} == {9}


@pytest.mark.usefixtures("database")
def test_the_record_of_somebody_of_ones_own_name_stands_out() -> None:
    with databases.write() as session:
        doctor = make_account(session, name="Dr Tan Wei Ming")
        own, other = make_patient(session, name="Tan Ah Lian"), make_patient(session, name="Lim Siew Bee")
        for _ in range(3):
            look(session, doctor, own.id)
        look(session, doctor, other.id)
    [line] = found().namesakes
    assert (line.name, line.patient_id, line.shared, line.looks) == ("Dr Tan Wei Ming", own.id, "Tan", 3)


@pytest.mark.usefixtures("database")
def test_what_is_counted_anew_takes_the_place_of_what_was() -> None:
    with databases.write() as session:
        doctor, patients = make_account(session, name="Dr Ong"), [make_patient(session).id for _ in range(2)]
        look(session, doctor, patients[0])
    assert [line.records for line in found().volumes] == [1]
    with databases.write() as session:
        look(session, doctor, patients[1])
    assert [line.records for line in shown().looks.volumes] == [1]
    assert [line.records for line in found().volumes] == [2]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("Dr Tan Wei Ming", "TAN Mei Ling", ["Tan"]),
        ("Dr Nair", "Dr Lim", []),
        ("Siti binte Rahman", "Nur binte Osman", []),
        ("Jane Smith-Jones", "Bob Jones", ["Jones"]),
        ("Bogan287 Ana", "Bogan112 Eva", ["Bogan"]),
    ],
)
def test_names_are_shared_but_for_titles(one: str, other: str, shared: list[str]) -> None:
    assert shared_names(one, other) == shared


@pytest.mark.usefixtures("database")
def test_broken_glasses_of_the_last_month_stand_out() -> None:
    now = utc_now()
    with databases.write() as session:
        doctor, patient = make_account(session, name="Dr Lim"), make_patient(session)
        for days, reason in ((1, "unconscious at the door"), (40, "long ago and done")):
            at = now - timedelta(days=days)
            session.add(GlassBreak(account_id=doctor.id, patient_id=patient.id, reason=reason, at=at, expires_at=at))
    assert [(line.name, line.reason) for line in shown().glasses] == [("Dr Lim", "unconscious at the door")]
