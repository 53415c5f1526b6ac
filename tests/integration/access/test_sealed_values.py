"""National ids and authenticator secrets: encrypted where they are kept, found by a keyed hash, keys that change."""

from __future__ import annotations

import base64
import importlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from commands.reseal import reseal
from core.models import AccessEvent, Base, Credential, Patient
from core.queries.patient_search import parse_search
from core.queries.patients import search
from core.sealing import sealed, stored_national_id
from core.services.input import InvalidInput
from core.services.patients import NewPatient, register
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient
from tests.table_contents import rows_of

NUMBER = "S1234567D"
OLD, NEW = (base64.urlsafe_b64encode(word.ljust(32)).decode() for word in (b"the old key", b"the new key"))


@pytest.fixture
def keys(database: Any) -> Iterator[Any]:
    """Call it to name the keys, the newest first."""

    def use(*named: str) -> None:
        databases.configure(database.model_copy(update={"field_keys": named}))

    use(OLD)
    yield use
    databases.configure(database)


def kept() -> tuple[str, str]:
    with databases.write() as session:
        columns = select(Patient.national_id_sealed, Patient.national_id_hash)
        row = session.execute(columns.where(Patient.national_id_hash.is_not(None))).one()
        return str(row[0]), str(row[1])


def found() -> list[str]:
    with databases.write() as session:
        reader = make_account(session, covers_all=True)
        return [hit.masked_national_id for hit in search(session, parse_search(NUMBER.lower()), reader=reader.id).hits]


def plant() -> int:
    with databases.write() as session:
        make_patient(session, national_id=NUMBER)
        make_patient(session)
        account = make_account(session)
        session.get_one(Credential, account.id).totp_secret = sealed.seal("JBSWY3DPEHPK3PXP")
        return account.id


def take_in() -> None:
    with databases.write() as session:
        new = NewPatient("Lim Wei", "male", date(1980, 2, 1), NUMBER)
        register(session, new=new, today=date(2026, 11, 1), by=make_account(session))


def test_no_column_of_any_row_holds_the_number(keys: Any) -> None:
    take_in()
    with databases.write() as session:
        rows = [row for table in Base.metadata.tables for row in rows_of(session, table)]
    assert len(rows) > 3
    assert [row for row in rows if NUMBER in row.upper() or NUMBER[1:8] in row] == []
    assert found() == ["S••••567D"]


def test_two_patients_of_one_number_are_refused_by_the_service_and_by_the_database(keys: Any) -> None:
    plant()
    with pytest.raises(InvalidInput):
        take_in()
    with pytest.raises(IntegrityError), databases.write() as session:
        make_patient(session, national_id=NUMBER)


def test_a_key_changes_while_everything_goes_on_and_the_old_one_can_go(keys: Any) -> None:
    account_id = plant()
    before = kept()
    keys(NEW, OLD)
    assert found() == ["S••••567D"]
    with pytest.raises(InvalidInput):
        take_in()
    ended = CliRunner().invoke(reseal)
    assert ended.exit_code == 0, ended.output
    assert "2 values are sealed with the newest key" in ended.output
    assert kept()[1] not in before
    keys(NEW)
    assert found() == ["S••••567D"]
    with databases.write() as session:
        secret = session.get_one(Credential, account_id).totp_secret
        assert secret is not None
        assert sealed.open_sealed(secret) == "JBSWY3DPEHPK3PXP"
        assert session.scalar(select(func.count()).where(AccessEvent.action == "keys.resealed")) == 1


def test_a_key_that_is_not_there_is_named_and_nothing_is_changed(keys: Any) -> None:
    plant()
    before = kept()
    keys(NEW)
    assert found() == []
    ended = CliRunner().invoke(reseal)
    assert isinstance(ended.exception, sealed.KeyMissing)
    assert "STRATA_FIELD_KEYS" in str(ended.exception)
    assert kept() == before


def test_a_hash_says_nothing_without_the_key_and_differs_by_purpose(keys: Any) -> None:
    hashes = {sealed.keyed_hash(NUMBER, purpose="a"), sealed.keyed_hash(NUMBER, purpose="b")}
    keys(NEW)
    hashes |= {sealed.keyed_hash(NUMBER, purpose="a"), sealed.keyed_hash(NUMBER, purpose="b")}
    assert len(hashes) == 4


def test_the_migration_seals_what_is_there_and_back(keys: Any) -> None:
    plant()
    step = importlib.import_module("core.migrations.versions.primary.0013_sealed_national_ids")
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        transaction = connection.begin()
        with Operations.context(MigrationContext.configure(connection)):
            step.downgrade()
            assert connection.scalar(text("SELECT national_id FROM patient WHERE national_id IS NOT NULL")) == NUMBER
            step.upgrade()
        hashed = connection.scalar(text("SELECT national_id_hash FROM patient WHERE national_id_hash IS NOT NULL"))
        number = connection.scalar(text("SELECT national_id_sealed FROM patient WHERE national_id_hash IS NOT NULL"))
        transaction.rollback()
    assert hashed == sealed.keyed_hash(NUMBER, purpose=stored_national_id.PURPOSE)
    assert sealed.open_sealed(str(number)) == NUMBER
