"""What a process left on an archive's server for those after it: the doctor names it, and says how it is mended."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from core.stores import databases
from core.stores.databases import Store
from tests.integration.doctor.test_doctor import by_subject, own, run

pytestmark = pytest.mark.only_on_postgresql("as its logins keep settings; SQL Server's keep none: tests/unit/engines")

ARCHIVER = "CREATE ROLE left_one LOGIN CONNECTION LIMIT 9 IN ROLE strata_archiver"


@pytest.mark.parametrize("store", [Store.LOGS, Store.VISITS, Store.REPORTS])
@pytest.mark.parametrize(
    ("left", "undone", "mend"),
    [
        (f"{ARCHIVER}; ALTER ROLE left_one SET extra_float_digits = -15", "DROP ROLE left_one",
         'ALTER ROLE "left_one" RESET extra_float_digits'),
        ("CREATE ROLE left_one LOGIN IN ROLE strata_worker", "DROP ROLE left_one",
         'ALTER ROLE "left_one" CONNECTION LIMIT'),
        ("CREATE FUNCTION left_one() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
         "DROP FUNCTION left_one", "ALTER FUNCTION left_one() SET search_path"),
    ],
)  # fmt: skip
def test_what_stays_on_an_archive_is_named(database: Any, store: Store, left: str, undone: str, mend: str) -> None:
    own()
    subject = f"archive {store}: what stays of logins"
    owner = databases.current().engine(store, read_only=False)
    with owner.begin() as connection:
        connection.execute(text(left))
    try:
        told = by_subject(run()[1])[subject]
    finally:
        with owner.begin() as connection:
            connection.execute(text(undone))
    assert not told["ok"]
    assert mend in told["detail"]
    assert by_subject(run()[1])[subject]["ok"]
