"""What the first start makes, and what a repeated or interrupted one leaves alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from commands.demo import demo_accounts, filling
from commands.demo.demo_files import Keys
from core.models import Account, Credential, Patient, Role, utc_now
from core.services import accounts
from core.stores import databases
from tests.factories import make_patient, make_visit

LONG_AGO = timedelta(days=900)


@pytest.fixture
def lately_seen(database: Any) -> int:
    """A patient with recent visits, among others who are less to look at."""
    with databases.write() as session:
        make_patient(session, name="Never seen")
        long_ago = make_patient(session, name="Seen often, long ago")
        for number in range(5):
            make_visit(session, long_ago, started_at=utc_now() - LONG_AGO - timedelta(days=number))
        deceased = make_patient(session, name="Deceased", deceased_on=date(2026, 1, 2))
        for number in range(9):
            make_visit(session, deceased, started_at=utc_now() - timedelta(days=number))
        lately = make_patient(session, name="Lately seen")
        make_visit(session, lately, started_at=utc_now() - timedelta(days=3))
        return lately.id


def test_each_role_gets_a_sign_in_that_works(lately_seen: int, tmp_path: Path) -> None:
    made = demo_accounts.ensure(tmp_path, Keys())
    assert [sign_in.role for sign_in in made] == ["clinician", "admin", "auditor", "patient", "patient"]
    assert len({sign_in.password for sign_in in made}) == 5
    with databases.write() as session:
        for sign_in in made:
            role = Role(sign_in.role)
            accounts.authenticate(session, username=sign_in.username, password=sign_in.password, roles=[role])


def test_patients_with_something_to_look_at_are_chosen(lately_seen: int, tmp_path: Path) -> None:
    demo_accounts.ensure(tmp_path, Keys())
    with databases.write() as session:
        chosen = session.scalars(
            select(Patient.name).join(Account, Account.patient_id == Patient.id).order_by(Account.username)
        ).all()
    assert chosen == ["Lately seen", "Seen often, long ago"]


def test_a_second_start_keeps_passwords_and_makes_only_what_is_missing(lately_seen: int, tmp_path: Path) -> None:
    first = demo_accounts.ensure(tmp_path, Keys())
    with databases.write() as session:
        admin_id = session.scalars(select(Account.id).where(Account.username == "admin")).one()
        session.execute(delete(Credential).where(Credential.account_id == admin_id))
        session.execute(delete(Account).where(Account.id == admin_id))
    again = demo_accounts.ensure(tmp_path, Keys.load(tmp_path))
    assert again == first
    with databases.write() as session:
        password = next(sign_in.password for sign_in in first if sign_in.username == "admin")
        accounts.authenticate(session, username="admin", password=password, roles=[Role.ADMIN])


def test_an_interrupted_start_is_completed_and_a_complete_one_left_alone(
    database: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    with databases.write() as session:
        without_records = make_patient(session).id
    keys, said = Keys(), []

    def fill() -> int:
        filling.fill(tmp_path, keys, env=environment, patients=4, import_dir=None, on_progress=said.append)
        with databases.write() as session:
            return len(session.scalars(select(Patient.id)).all())

    assert fill() == 4
    assert said == ["Generating 3 patients"]
    with databases.write() as session:
        session.delete(session.get_one(Patient, without_records))
    keys = Keys.load(tmp_path)
    assert fill() == 3
