"""Every query of every page, at one size and at fifty times that: what it reads does not grow with the tables.

Each query that a page asks is explained as it was asked. A page of lines reads some hundred rows of a table, whatever
the table has: so neither scans it whole, nor sorts or counts more than it shows.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from core.models import Role
from core.queries import audit_trail
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser

pytestmark = [pytest.mark.only_on_postgresql("what EXPLAIN counts"), pytest.mark.timeout(600)]

SMALL, TIMES = 200, 50
ROWS_MAX = 1_500
# A plan may read some more pages of an index that is a level deeper.
BUFFERS_MIN, BUFFERS_TIMES = 120, 4
GROWING = frozenset({
    "access_event", "account", "allergy", "condition", "credential", "holding", "note", "observation", "patient",
    "patient_picture", "prescription", "visit",
})  # fmt: skip

SPAN = "generate_series(CAST(:first AS integer), :last)"
EVENTS = "generate_series(3 * CAST(:first AS integer), 3 * :last)"
GROW = """
INSERT INTO patient (id, name, sex, birth_on, created_at, version)
SELECT n, CASE n % 3 WHEN 0 THEN 'Priya d/o Krishnan ' ELSE 'Tan Wei ' END || n, 'female', DATE '1950-01-01' + n,
    now(), 1 FROM SPAN n;
INSERT INTO account (username, role, name, patient_id, active, version)
SELECT 'p' || n, 'patient', 'Priya d/o Krishnan ' || n, n, true, 1 FROM SPAN n;
INSERT INTO visit (id, patient_id, class_code, status, description, started_at, ended_at, version)
SELECT n, n, 'AMB', 'finished', 'Check', now() - n * INTERVAL '1 minute', now() - n * INTERVAL '1 minute', 1
FROM SPAN n;
INSERT INTO note (patient_id, visit_id, kind, text, written_at, version)
SELECT n, n, 'Progress note', 'Feels well.', now() - n * INTERVAL '1 minute', 1 FROM SPAN n;
INSERT INTO observation (patient_id, visit_id, assay_id, value_number, unit, observed_at, version)
SELECT n, n, 1, 5, 'mmol/L', now() - n * INTERVAL '1 minute', 1 FROM SPAN n;
INSERT INTO patient_picture (patient_id, content, updated_at, version)
SELECT n, '', now(), 1 FROM SPAN n;
INSERT INTO holding (patient_id, record_type, server, roots, rows, first_at, last_at)
SELECT n, kind, 'visits', 1, 5, now(), now() FROM SPAN n, unnest(ARRAY['visit', 'log']) kind;
INSERT INTO access_event (at, portal, action, outcome, account_id, actor_name, actor_role, patient_id, writer, sequence,
    previous_hash, hash)
SELECT now() - n * INTERVAL '1 second', 'staff', 'chart.viewed', 'allow', n % 40 + 1000000, 'Dr Nair ' || n % 40,
    'clinician', n % CAST(:last AS integer) + 1, 'w', n, '', '' FROM EVENTS n
"""
# A standby tells every ten seconds what its oldest snapshot is.
SNAPSHOT_SECONDS = 30
HELD_BACK = """
SELECT 'standby' AS who, slot_name AS which FROM pg_replication_slots WHERE CAST(CAST(xmin AS text) AS bigint) < :now
UNION ALL SELECT 'session', CAST(pid AS text) FROM pg_stat_activity
WHERE CAST(CAST(backend_xmin AS text) AS bigint) < :now AND pid <> pg_backend_pid() AND datname = current_database()
"""
PAGES = {
    Role.ADMIN: (
        "/archive", "/archive/runs", "/accounts", "/accounts?q=priya", "/accounts?q=nobody",
        "/accounts?role=clinician", "/accounts?role=patient&q=p1",
    ),
    Role.AUDITOR: (
        "/audit", "/audit?person=nair", "/audit?person=nobody", "/audit?action=chart", "/audit?action=nothing",
        "/audit?outcome=deny", "/audit?role=patient", "/audit?patient=7", "/audit/outliers",
    ),
    Role.CLINICIAN: (
        "/patients", "/patients?q=d/o", "/patients?q=s/o", "/patients?q=krishnan", "/patients?q=tan+wei",
        "/patients?q=born+1951", "/patients?q=7",
    ),
}  # fmt: skip


@dataclass
class Read:
    """What one query read: rows by table, and pages of memory."""

    statement: str
    rows: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    buffers: int = 0


@contextmanager
def asked() -> Iterator[list[tuple[Engine, str, Any]]]:
    """The queries that are asked in this block."""
    found: list[tuple[Engine, str, Any]] = []

    def note(connection: Connection, _: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "FOR UPDATE" not in statement:
            found.append((connection.engine, statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def explained(engine: Engine, statement: str, parameters: Any) -> Read:
    with engine.connect() as connection:
        explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {statement}"
        plan = connection.exec_driver_sql(explain, parameters).scalar_one()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    read = Read(statement)
    _add(plan[0]["Plan"], read)
    read.buffers = plan[0]["Plan"].get("Shared Hit Blocks", 0) + plan[0]["Plan"].get("Shared Read Blocks", 0)
    return read


def _add(node: dict[str, Any], read: Read) -> None:
    """Rows that a node took from its table, those that it then left out among them."""
    if "Relation Name" in node:
        left_out = (name for name in node if name.startswith("Rows Removed by"))
        each = node["Actual Rows"] + sum(node[name] for name in left_out)
        read.rows[node["Relation Name"]] += each * node["Actual Loops"]
    for part in node.get("Plans", ()):
        _add(part, read)


def grow(first: int, last: int) -> None:
    with databases.current().engine(Store.HOT, read_only=False).begin() as connection:
        connection.execute(text("INSERT INTO assay (id, code, name, short_name, category) OVERRIDING SYSTEM VALUE"
                                " VALUES (1, 'A', 'A', 'A', 'laboratory') ON CONFLICT DO NOTHING"))  # fmt: skip
        for statement in GROW.replace("SPAN", SPAN).replace("EVENTS", EVENTS).split(";\n"):
            connection.execute(text(statement), {"first": first, "last": last})
    vacuum()


@pytest.fixture
def without_dead_rows(database: Settings) -> None:
    """No row of an earlier test lies in a table or an index: a vacuum takes it once no snapshot needs it."""
    with databases.current().engine(Store.HOT, read_only=False).begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(sorted(GROWING))} CASCADE"))


def vacuum() -> None:
    """Clear dead rows away, and mark pages as seen by all: not before no open snapshot is older than the rows."""
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        now = plain.scalar(text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"))
        until = time.monotonic() + SNAPSHOT_SECONDS
        while (held := plain.execute(text(HELD_BACK), {"now": now}).all()) and time.monotonic() < until:
            time.sleep(0.1)
        assert not held, f"an old snapshot stays open: {held}"
        plain.execute(text(f"VACUUM ANALYZE {', '.join(sorted(GROWING))}"))


def reads(browsers: dict[Role, StaffBrowser]) -> dict[str, list[Read]]:
    """What each page's queries read."""
    found = {}
    for role, pages in PAGES.items():
        for page in pages:
            with asked() as queries:
                assert browsers[role].get(page).status_code == 200, page
            found[page] = [explained(*query) for query in queries]
    return found


def grown(browsers: dict[Role, StaffBrowser], small: dict[str, int]) -> list[str]:
    """What reads more than a page may."""
    faults = []
    for page, found in reads(browsers).items():
        for read in found:
            most = {table: rows for table, rows in read.rows.items() if table in GROWING and rows > ROWS_MAX}
            if most:
                faults.append(f"{page}: {most} rows: {' '.join(read.statement.split())[:300]}")
        buffers = sum(read.buffers for read in found)
        if buffers > BUFFERS_TIMES * max(small[page], BUFFERS_MIN):
            faults.append(f"{page}: {buffers} buffers, {small[page]} at a fiftieth of the size")
    return faults


def test_what_a_page_reads_does_not_grow_with_the_tables(
    without_dead_rows: None, signed_in: Callable[[Role], StaffBrowser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_trail, "EVENTS_LOOKED_AT", ROWS_MAX // 3)
    browsers = {role: signed_in(role) for role in PAGES}
    grow(1, SMALL)
    small = {page: sum(read.buffers for read in found) for page, found in reads(browsers).items()}
    grow(SMALL + 1, SMALL * TIMES)
    faults = grown(browsers, small)
    assert not faults, "\n".join(faults)
