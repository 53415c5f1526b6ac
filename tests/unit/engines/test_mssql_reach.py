"""The checks of times, days and numbers as SQL Server is sent them, and how it is asked of older rows."""

from __future__ import annotations

import importlib
import io
import re
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from alembic import context as alembic_context
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Date, DateTime, Numeric, Table, select, text
from sqlglot import expressions

from core.engines import mssql
from core.engines.mssql_dialect import Dialect
from core.engines.schema import LaxCheck
from core.install import old_rows
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA
from core.stores.databases import Store
from tests.unit.engines.sent_statements import Sent, parsed, sent

REACH, GUARDS, SHOWN = "0040_in_reach", "0028_guards_that_hold", "0046_shown_spans_of_holdings"
ADDED = re.compile(r"ALTER TABLE (\w+) (?:WITH NOCHECK )?ADD CONSTRAINT (\w+) CHECK \((.+)\);")


def statements(module: str, way: str, monkeypatch: pytest.MonkeyPatch, store: str = "primary") -> list[str]:
    """The batches of a migration, as SQL Server is sent them."""
    monkeypatch.setattr(alembic_context, "config", SimpleNamespace(attributes={"store": store}), raising=False)
    out = io.StringIO()
    context = MigrationContext.configure(dialect=Dialect(), opts={"as_sql": True, "output_buffer": out})
    with Operations.context(context):
        getattr(importlib.import_module(f"core.migrations.versions.{module}"), way)()
    return [" ".join(one.split()) for one in re.split(r"^GO$", out.getvalue(), flags=re.MULTILINE) if one.strip()]


def of_store(store: str, monkeypatch: pytest.MonkeyPatch, way: str = "upgrade") -> list[str]:
    if store == "primary":
        return statements(f"primary.{REACH}", way, monkeypatch)
    return statements("archive.0007_in_reach", way, monkeypatch, store)


# What the largest and the oddest tables are sent, word for word.
GOLDEN = {
    "primary": {
        "ALTER TABLE observation WITH NOCHECK ADD CONSTRAINT ck_observation_in_reach CHECK"
        " (observed_at > '1800-01-01' AND observed_at < '9000-01-01'"
        " AND value_number > -1e300 AND value_number < 1e300 AND ref_low > -1e300 AND ref_low < 1e300"
        " AND ref_high > -1e300 AND ref_high < 1e300);",
        "ALTER TABLE patient WITH NOCHECK ADD CONSTRAINT ck_patient_in_reach CHECK"
        " (birth_on > '1800-01-01' AND birth_on < '9000-01-01' AND deceased_on > '1800-01-01'"
        " AND deceased_on < '9000-01-01' AND created_at > '1800-01-01' AND created_at < '9000-01-01');",
        "ALTER TABLE reference_range WITH NOCHECK ADD CONSTRAINT ck_reference_range_in_reach CHECK"
        " (low > -1e300 AND low < 1e300 AND high > -1e300 AND high < 1e300 AND critical_low > -1e300"
        " AND critical_low < 1e300 AND critical_high > -1e300 AND critical_high < 1e300);",
    },
    "logs": {
        "ALTER TABLE access_event WITH NOCHECK ADD CONSTRAINT ck_access_event_in_reach CHECK"
        " (at > '1800-01-01' AND at < '9000-01-01');",
    },
    "visits": {
        "ALTER TABLE visit WITH NOCHECK ADD CONSTRAINT ck_visit_in_reach CHECK"
        " (started_at > '1800-01-01' AND started_at < '9000-01-01' AND ended_at > '1800-01-01'"
        " AND ended_at < '9000-01-01');",
    },
    "reports": {
        "ALTER TABLE signature WITH NOCHECK ADD CONSTRAINT ck_signature_in_reach CHECK"
        " (signed_at > '1800-01-01' AND signed_at < '9000-01-01');",
    },
}


def kept(sent_: list[str]) -> dict[str, set[str]]:
    """By table, the columns that its checks bound on both sides."""
    found: dict[str, set[str]] = {}
    for one in sent_:
        match = ADDED.fullmatch(one)
        if match is None:
            continue
        table, name, condition = match.groups()
        assert name.startswith(f"ck_{table}_")
        whole = sqlglot.parse_one(f"SELECT 1 FROM {table} WHERE {condition}", read="tsql")
        above = {one.left.name for one in whole.find_all(expressions.GT)}
        below = {one.left.name for one in whole.find_all(expressions.LT)}
        found.setdefault(table, set()).update(above & below)
    return found


@pytest.mark.parametrize("store", ["primary", *ARCHIVE_METADATA])
def test_what_a_server_is_sent(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = of_store(store, monkeypatch)
    assert GOLDEN[store] <= set(found)
    assert all(ADDED.fullmatch(one) and " WITH NOCHECK ADD " in one for one in found)
    dropped = of_store(store, monkeypatch, "downgrade")
    assert {one.split()[2] for one in dropped if "DROP CONSTRAINT" in one} == set(kept(found))


@pytest.mark.parametrize("store", ["primary", *ARCHIVE_METADATA])
def test_every_time_day_and_number_is_bounded(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = of_store(store, monkeypatch)
    if store == "primary":
        for more in (GUARDS, SHOWN):
            found += statements(f"primary.{more}", "upgrade", monkeypatch)
    metadata = Base.metadata if store == "primary" else ARCHIVE_METADATA[store]
    bounded = kept(found)
    missing = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if needs_bounds(column.type) and column.name not in bounded.get(table.name, ())
    }
    assert missing == set()


def needs_bounds(kind: Any) -> bool:
    """No number of SQL Server's is NaN or infinity; they are bounded all the same, as on the other engine."""
    return isinstance(kind, DateTime | Date | Numeric)


class Asked(Sent):
    """A server with one check that it never looked at."""

    def execute(self, statement: Any, *_: Any) -> Any:
        super().execute(statement)
        return [("visit", "ck_visit_in_reach", "([started_at]>'1800-01-01')")]


def test_servers_are_asked_which_checks_they_never_looked_at() -> None:
    connection = Asked()
    (check,) = mssql.adapter().schema.lax_checks(sent(connection))
    assert check == LaxCheck("visit", "ck_visit_in_reach", "([started_at]>'1800-01-01')")
    mssql.adapter().schema.look_at_all(sent(connection), check)
    assert parsed(connection.statements)[-1] == ("ALTER TABLE [visit] WITH CHECK CHECK CONSTRAINT [ck_visit_in_reach]")


def test_rows_that_break_a_check_are_asked_for_by_their_keys() -> None:
    check = LaxCheck("visit", "ck_visit_in_reach", "([started_at]>'1800-01-01')")
    table: Table = ARCHIVE_METADATA[Store.VISITS].tables["visit"]
    query = select(*table.primary_key).where(text(f"NOT ({check.condition})")).order_by(*table.primary_key).limit(6)
    said = " ".join(str(query.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True})).split())
    assert said == ("SELECT TOP 6 visit.id FROM visit WHERE NOT (([started_at]>'1800-01-01')) ORDER BY visit.id")
    assert old_rows.seen_by(check) == "SELECT * FROM visit WHERE NOT (([started_at]>'1800-01-01'))"
