"""Cold visits with their children, made anew on the primary before each repetition."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.models.record_types import VISIT
from core.stores import databases, freshness
from core.stores.databases import Store

PATIENTS_FOR = 20
# However many visits there are, they end within fifteen years.
MINUTES_BETWEEN, YEARS_MINUTES = 20.0, 15 * 365 * 24 * 60
REPLAY_SECONDS = 300.0
COUNT_SECONDS = 600.0
PRISTINE = "bench_{}"
# Of MAKE, the statements before the first of visits.
PEOPLE = 2
VISITS_A_PART = 100_000

MAKE = """
INSERT INTO patient (name, sex, birth_on, legal_hold, created_at, version)
SELECT 'Patient ' || n, 'female', DATE '1960-01-01' + (n % 20000), false, now(), 1 FROM generate_series(1, :patients) n;
INSERT INTO assay (code, name, short_name, unit, category)
SELECT 'B-' || n, 'Assay ' || n, 'A' || n, 'mmol/L', 'laboratory' FROM generate_series(1, 20) n;
INSERT INTO visit (id, patient_id, class_code, status, description, reason, started_at, ended_at, version)
SELECT n, patient_id, 'AMB', 'finished', 'Review of long-term conditions', 'Diabetes mellitus, type ' || n % 3,
    TIMESTAMPTZ '2010-01-01' + turn * :minutes * INTERVAL '1 minute',
    TIMESTAMPTZ '2010-01-01 00:18' + turn * :minutes * INTERVAL '1 minute', 1
FROM ({layout}) laid;
INSERT INTO note (patient_id, visit_id, kind, author, text, written_at, version)
SELECT patient_id, id, 'Progress note', 'Dr Nair', 'Feels well. ' || repeat(md5(id::text) || ' ', 8), started_at, 1
FROM visit WHERE id BETWEEN :first AND :last ORDER BY id;
INSERT INTO observation (patient_id, visit_id, assay_id, value_number, unit, ref_low, ref_high, interpretation,
    observed_at, version)
SELECT v.patient_id, v.id, 1 + (v.id + k) % 20, (v.id + k) % 900 / 100.0, 'mmol/L', 3.5, 6.1, 'N', v.started_at, 1
FROM visit v, generate_series(1, 4) k WHERE v.id BETWEEN :first AND :last ORDER BY v.id, k;
INSERT INTO prescription (patient_id, visit_id, medication, dose, frequency, status, started_on, stopped_on, version)
SELECT patient_id, id, 'Amoxicillin 500 mg capsule', '1 capsule', 'three times a day', 'completed',
    started_at::date, started_at::date + 7, 1
FROM visit WHERE id % 2 = 0 AND id BETWEEN :first AND :last ORDER BY id;
INSERT INTO condition (patient_id, visit_id, code, name, status, onset_on, resolved_on, version)
SELECT patient_id, id, 'J06.9', 'Acute upper respiratory infection', 'resolved', started_at::date,
    started_at::date + 10, 1
FROM visit WHERE id % 2 = 1 AND id BETWEEN :first AND :last ORDER BY id
"""

# Which visit of which patient lies at each place: as life lays them, or patient by patient, as an import may.
LAYOUTS = {
    "by time": (
        "SELECT n, 1 + n % :patients AS patient_id, n AS turn FROM generate_series(CAST(:first AS bigint), :last) n"
    ),
    "by patient": (
        "SELECT n, 1 + n / :each AS patient_id, (n % :each) * :patients + n / :each AS turn"
        " FROM generate_series(CAST(:first AS bigint), :last) n"
    ),
}


def make(visits: int, layout: str = "by time") -> int:
    """Make so many cold visits with their children, and a pristine copy of each table; returns the rows."""
    lay(visits, layout)
    rows = 0
    for table in VISIT.tables:
        pristine = PRISTINE.format(table.name)
        _run([f"CREATE TABLE {pristine} AS SELECT * FROM {table.name} ORDER BY id"])
        rows += _count(pristine)
    return rows


def lay(visits: int, layout: str = "by time") -> int:
    """Make so many cold visits with their children, a part at a time, each when the replica has the one before it.

    Returns the rows. All at once would outrun the log that is kept for the replica.
    """
    patients = max(1, visits // PATIENTS_FOR)
    last = patients * PATIENTS_FOR - 1 if layout == "by patient" else visits
    sizes = {"patients": patients, "each": PATIENTS_FOR, "minutes": min(MINUTES_BETWEEN, YEARS_MINUTES / visits)}
    of_people, of_visits = MAKE.split(";\n")[:PEOPLE], MAKE.split(";\n")[PEOPLE:]
    _run(of_people, sizes)
    for first in range(0 if layout == "by patient" else 1, last + 1, VISITS_A_PART):
        span = {"first": first, "last": min(last, first + VISITS_A_PART - 1)}
        _run([statement.replace("{layout}", LAYOUTS[layout]) for statement in of_visits], {**sizes, **span})
        freshness.wait_for_replica(freshness.primary_position(), REPLAY_SECONDS)
    return sum(_count(table.name) for table in VISIT.tables)


def _run(statements: list[str], values: dict[str, float] | None = None) -> None:
    with databases.current().engine(Store.HOT, read_only=False).begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in statements:
            connection.execute(text(statement), values or {})


def _count(table: str) -> int:
    with databases.read(Store.HOT, COUNT_SECONDS) as session:
        return session.scalar(text(f"SELECT count(*) FROM {table}")) or 0


def settle() -> None:
    """Fresh statistics and a checkpoint behind the primary, and all of it on the replica."""
    with databases.current().engine(Store.HOT, read_only=False).connect() as made:
        _settle(made.execution_options(isolation_level="AUTOCOMMIT"))
    freshness.wait_for_replica(freshness.primary_position(), REPLAY_SECONDS)


def put_back() -> None:
    """Every row hot again, nothing in the archive or in holdings, statistics fresh."""
    engine = databases.current().engine(Store.HOT, read_only=False)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        names = [table.name for table in VISIT.tables]
        connection.execute(
            text(f"TRUNCATE {', '.join(names)}, holding, step, batch, archive_run, outbox_message CASCADE")
        )
        for name in names:
            connection.execute(text(f"INSERT INTO {name} SELECT * FROM {PRISTINE.format(name)}"))
    archives = databases.current().engine(Store(VISIT.server), read_only=False)
    with archives.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(names)}"))
    for store in (engine, archives):
        with store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _settle(connection)
    freshness.wait_for_replica(freshness.primary_position(), REPLAY_SECONDS)


def _settle(connection: Connection) -> None:
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text(f"VACUUM ANALYZE {', '.join(table.name for table in VISIT.tables)}"))
    connection.execute(text("CHECKPOINT"))
    connection.execute(text("RESET statement_timeout"))
