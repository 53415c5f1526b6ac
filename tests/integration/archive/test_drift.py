"""A schema that is not alike on all sides stops a run before it moves anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from core.install.setup import initialise
from core.models import ArchiveRun, RunState
from core.models.record_types import RECORD_TYPES
from core.services import archive
from core.stores import databases
from core.stores.databases import Store
from tests import sql_server
from tests.integration.archive.conftest import run_to_end, seen, start
from workers.archive import drift, driver

ON_POSTGRESQL = {
    "narrower": (
        Store.VISITS,
        "ALTER TABLE visit ALTER description TYPE varchar(200)",
        "ALTER TABLE visit ALTER description TYPE varchar(400)",
        r"visit\.description is character varying\(400\) .* on the primary but character varying\(200\) .* on archive",
    ),
    "type": (
        Store.VISITS,
        "ALTER TABLE observation ALTER value_number TYPE double precision",
        "ALTER TABLE observation ALTER value_number TYPE numeric(18,6)",
        r"observation\.value_number is numeric\(18,6\) on the primary but double precision on archive server visits",
    ),
    "null": (
        Store.VISITS,
        "ALTER TABLE note ALTER text DROP NOT NULL",
        "ALTER TABLE note ALTER text SET NOT NULL",
        r"note\.text is text .* not null on the primary but text [^;]* on archive server visits",
    ),
    "collation": (
        Store.VISITS,
        'ALTER TABLE condition ALTER code TYPE varchar(64) COLLATE "C"',
        'ALTER TABLE condition ALTER code TYPE varchar(64) COLLATE "default"',
        r"condition\.code is character varying\(64\) collate .* but character varying\(64\) collate C",
    ),
    "only in hot": (
        Store.HOT,
        "ALTER TABLE prescription ADD brand text",
        "ALTER TABLE prescription DROP brand",
        r"prescription\.brand is on the primary but not in this version of Strata",
    ),
    "link": (
        Store.HOT,
        "ALTER FOREIGN TABLE cold.note DROP author",
        "SELECT 1",
        r"note\.author is missing on the link to visits",
    ),
}
ON_SQL_SERVER = {
    "narrower": (
        Store.VISITS,
        "ALTER TABLE observation ALTER COLUMN value_number NUMERIC(12, 6)",
        "ALTER TABLE observation ALTER COLUMN value_number NUMERIC(18, 6)",
        r"observation\.value_number is numeric\(18, 6\) on the primary but numeric\(12, 6\) on archive",
    ),
    "type": (
        Store.VISITS,
        "ALTER TABLE observation ALTER COLUMN value_number FLOAT",
        "ALTER TABLE observation ALTER COLUMN value_number NUMERIC(18, 6)",
        r"observation\.value_number is numeric\(18, 6\) on the primary but float on archive server visits",
    ),
    "null": (
        Store.VISITS,
        "ALTER TABLE visit ALTER COLUMN clinic_id BIGINT NOT NULL",
        "ALTER TABLE visit ALTER COLUMN clinic_id BIGINT NULL",
        r"visit\.clinic_id is bigint on the primary but bigint not null on archive server visits",
    ),
    "collation": (
        Store.VISITS,
        "ALTER TABLE condition ALTER COLUMN code NVARCHAR(64) COLLATE Latin1_General_CI_AS",
        "ALTER TABLE condition ALTER COLUMN code NVARCHAR(64) COLLATE Latin1_General_100_BIN2",
        r"condition\.code is nvarchar\(64\) collate .* but nvarchar\(64\) collate",
    ),
    "only in hot": (
        Store.HOT,
        "ALTER TABLE prescription ADD brand NVARCHAR(100)",
        "ALTER TABLE prescription DROP COLUMN brand",
        r"prescription\.brand is on the primary but not in this version of Strata",
    ),
    "link": (
        Store.HOT,
        "DROP VIEW cold.note",
        "SELECT 1",
        r"note\.author is missing on the link to visits",
    ),
}
CASES = {"postgresql": ON_POSTGRESQL, "mssql": ON_SQL_SERVER}


@contextmanager
def altered(store: Store, forth: str, back: str) -> Iterator[None]:
    engine = databases.current().engine(store, read_only=False)
    with engine.begin() as connection:
        connection.execute(text(forth))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(back))
        if "cold." in forth:
            initialise(databases.current().settings)


@pytest.mark.usefixtures("population")
@pytest.mark.parametrize("case", ON_POSTGRESQL)
def test_drift_refuses_to_start(case: str, engine_name: str) -> None:
    if case in ("collation", "null"):
        sql_server.skip_on_babelfish(engine_name, "can't change a column's collation, nor whether it may be null")
    store, forth, back, message = CASES[engine_name][case]
    before = seen("visit")
    with altered(store, forth, back):
        run = run_to_end()
    assert run.state == RunState.FAILED
    assert run.reason is not None
    assert re.search(message, run.reason), run.reason
    assert "strata init" in run.reason
    assert seen("visit") == before
    with databases.write() as session:
        archive.redrive(session, run_id=run.id, by=None)
    driver.drive(run.id)
    assert seen("visit") == before


@pytest.mark.usefixtures("population")
def test_drift_during_a_run_stops_the_load(engine_name: str) -> None:
    run_id = start()
    driver.advance(run_id)
    driver.advance(run_id)
    with altered(*CASES[engine_name]["narrower"][:3]):
        assert not driver.advance(run_id)
    with databases.read(Store.HOT) as session:
        assert session.get_one(ArchiveRun, run_id).state == RunState.FAILED


@pytest.mark.usefixtures("database")
def test_no_drift_as_made() -> None:
    with databases.read(Store.HOT) as session:
        for record_type in RECORD_TYPES.values():
            assert list(drift.differences(session, record_type)) == []
