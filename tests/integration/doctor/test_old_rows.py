"""A row that is older than a check of its table, and breaks it: the doctor names it, and says how it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text

from commands.init import init
from core.install import old_rows
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_patient, make_visit
from tests.integration.doctor.test_doctor import by_subject, own, run
from tests.integration.web.conftest import move_to_archive

pytestmark = pytest.mark.only_on_postgresql("its infinities; what SQL Server is asked is in tests/unit")

NAME = "ck_visit_in_reach"


def check_of(engine: Engine) -> str:
    with engine.connect() as connection:
        found = connection.scalar(
            text("SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = :name"), {"name": NAME}
        )
    assert found
    return str(found)


@pytest.fixture(params=[Store.HOT, Store.VISITS])
def store(request: Any, database: Any) -> Iterator[Store]:
    """A server with a visit that began before its check was added, at a time that no process can read."""
    store: Store = request.param
    with databases.write() as session:
        make_visit(session, make_patient(session), started_at=NOW.replace(year=NOW.year - 3))
    if store is not Store.HOT:
        move_to_archive()
    engine = databases.current().engine(store, read_only=False)
    condition = check_of(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE visit DROP CONSTRAINT {NAME}")
        connection.exec_driver_sql("UPDATE visit SET started_at = 'infinity'")
        connection.exec_driver_sql(f"ALTER TABLE visit ADD CONSTRAINT {NAME} CHECK ({condition}) NOT VALID")
    own()
    yield store
    engine = databases.current().engine(store, read_only=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM note")
        connection.exec_driver_sql("DELETE FROM visit")
        connection.exec_driver_sql(f"ALTER TABLE visit VALIDATE CONSTRAINT {NAME}")


def finding(store: Store) -> dict[str, Any]:
    name = "primary" if store is Store.HOT else "archive visits"
    found = by_subject(run()[1])
    return found[f"{name}: older rows"]


def test_it_is_named_and_mended(store: Store) -> None:
    told = finding(store)
    assert not told["ok"]
    assert told["detail"] == f"visit: row {visit_id(store)} is not as {NAME} says"
    assert "strata init --check-rows" in told["mend"]
    asked = CliRunner().invoke(init, ["--check-rows"])
    assert asked.exit_code == 1
    assert f"{store}: {told['detail']}" in asked.output
    with databases.current().engine(store, read_only=False).begin() as connection:
        query = told["mend"].split("see them by ")[1].split(", and set")[0]
        assert connection.exec_driver_sql(f"SELECT count(*) FROM ({query}) AS broken").scalar() == 1
        connection.exec_driver_sql("UPDATE visit SET started_at = ended_at")
    told = finding(store)
    assert told["ok"]
    assert "those of 1 tables keep their checks" in told["detail"]
    assert CliRunner().invoke(init, ["--check-rows"]).exit_code == 0
    assert finding(store)["detail"] == "all keep the checks of their tables"


def visit_id(store: Store) -> int:
    with databases.current().engine(store, read_only=True).connect() as connection:
        return connection.scalar(text("SELECT id FROM visit")) or 0


def test_init_alone_looks_at_no_table_that_has_rows(store: Store) -> None:
    assert CliRunner().invoke(init, []).exit_code == 0
    assert not finding(store)["ok"]


def test_a_new_server_knows_of_all_its_rows(database: Any) -> None:
    for store in (Store.HOT, Store.LOGS, Store.VISITS, Store.REPORTS):
        with databases.current().engine(store, read_only=True).connect() as connection:
            assert old_rows.unlooked(store, connection) == []


def test_a_table_that_is_not_read_in_time_is_no_pass(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(_store: Store, connection: Any, _check: Any) -> list[str]:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 1")
        connection.exec_driver_sql("SELECT pg_sleep(1)")
        return []

    monkeypatch.setattr(old_rows, "breaking", late)
    told = finding(store)
    assert not told["ok"]
    assert told["detail"] == "visit: could not be looked at (QueryCanceled)"
