"""The same history on both systems: visits over eight years, in the order of their times, and a year of access events.

Each row follows from its number alone. So the tiers' archives are filled with what a sweep would have moved there,
without the hours that it takes (`bench sweep_at_size` measures these), and both systems hold the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg import Connection
from psycopg.rows import scalar_row

VISITS_OF_A_PATIENT = 10
CLINICS, PRACTITIONERS, ASSAYS, OBSERVATIONS = 12, 24, 20, 4
YEARS, EVENTS_LENGTH = timedelta(days=8 * 365), timedelta(days=365)
VISITS_HOT, EVENTS_HOT = timedelta(days=183), timedelta(days=7)
# What became cold since the last sweep: the sweep that is measured moves it.
SWEPT = timedelta(days=21)

FIRST = """
INSERT INTO clinic (id, name) SELECT n, 'Clinic ' || n FROM generate_series(1, {clinics}) n;
INSERT INTO practitioner (id, name) SELECT n, 'Dr ' || n FROM generate_series(1, {practitioners}) n;
INSERT INTO assay (id, code, name, short_name, unit, category)
SELECT n, 'B-' || n, 'Assay ' || n, 'A' || n, 'mmol/L', 'laboratory' FROM generate_series(1, {assays}) n;
INSERT INTO patient (id, name, sex, birth_on, legal_hold, created_at, version)
SELECT n, 'Person ' || n, 'female', DATE '1960-01-01' + (n % 20000), false, TIMESTAMPTZ '{began}', 1
FROM generate_series(1, {patients}) n;
INSERT INTO allergy (id, patient_id, substance, status, version)
SELECT n, n, 'Penicillin', 'active', 1 FROM generate_series(1, {patients}) n;
INSERT INTO prescription (id, patient_id, medication, dose, frequency, status, started_on, version)
SELECT 1000000000 + n, n, 'Metformin 500 mg tablet', '1 tablet', 'twice a day', 'active', DATE '2020-01-01', 1
FROM generate_series(1, {patients}) n;
INSERT INTO condition (id, patient_id, code, name, status, onset_on, version)
SELECT 1000000000 + n, n, 'E11', 'Type 2 diabetes mellitus', 'active', DATE '2019-01-01', 1
FROM generate_series(1, {patients}) n
"""
VISIT_AT = "TIMESTAMPTZ '{began}' + n * INTERVAL '1 second' * {visit_seconds}"
EVENT_AT = "TIMESTAMPTZ '{events_began}' + n * INTERVAL '1 second' * {event_seconds}"
OF_PATIENT = "1 + (n - 1) % {patients}"

VISIT_ROWS = {
    "visit": (
        "id, patient_id, clinic_id, practitioner_id, class_code, status, description, reason, started_at, ended_at,"
        " version",
        f"n, {OF_PATIENT}, 1 + n % {{clinics}}, 1 + n % {{practitioners}}, 'AMB', 'finished',"
        f" 'Review of condition ' || n % 7, 'Reason ' || n % 11, {VISIT_AT}, {VISIT_AT} + INTERVAL '20 minutes', 1",
    ),
    "note": (
        "id, patient_id, visit_id, kind, author, text, written_at, version",
        f"n, {OF_PATIENT}, n, 'Progress note', 'Dr Nair', 'Feels well. ' || repeat(md5(n::text) || ' ', 8),"
        f" {VISIT_AT}, 1",
    ),
    "observation": (
        "id, patient_id, visit_id, assay_id, value_number, unit, ref_low, ref_high, interpretation, observed_at,"
        " version",
        # None is so far from the value that `arrivals` writes that the form would ask about it.
        f"n * {OBSERVATIONS} + k, {OF_PATIENT}, n, 1 + (n + k) % {ASSAYS}, 3 + (n + k) % 450 / 100.0, 'mmol/L', 3.5,"
        " 6.1,"
        f" CASE WHEN (n + k) % 9 = 0 THEN 'H' ELSE 'N' END, {VISIT_AT}, 1",
    ),
    "prescription": (
        "id, patient_id, visit_id, medication, dose, frequency, status, started_on, stopped_on, version",
        f"n, {OF_PATIENT}, n, 'Medicine ' || n % 30, '1 capsule', 'three times a day', 'completed',"
        f" ({VISIT_AT})::date, ({VISIT_AT})::date + 7, 1",
    ),
    "condition": (
        "id, patient_id, visit_id, code, name, status, onset_on, resolved_on, version",
        f"n, {OF_PATIENT}, n, 'J06.9', 'Acute upper respiratory infection', 'resolved', ({VISIT_AT})::date,"
        f" ({VISIT_AT})::date + 10, 1",
    ),
}  # fmt: skip
EVENT_ROWS = {
    "access_event": (
        "id, at, portal, action, outcome, account_id, actor_name, actor_role, patient_id, target, writer, sequence,"
        " previous_hash, hash",
        f"n, {EVENT_AT}, 'staff', 'chart.viewed', 'allow', 1 + n % 6, 'Dr ' || n % 6, 'clinician', {OF_PATIENT},"
        " 'visit:' || n, 'bench-' || n % 200, 1 + n / 200, repeat(md5(n::text), 2), repeat(md5((n + 1)::text), 2)",
    )
}
# Every second visit has a medicine, every other a condition.
ONLY = {"prescription": "n % 2 = 0", "condition": "n % 2 = 1"}
EACH = {"observation": f", generate_series(1, {OBSERVATIONS}) k"}

HELD = """
INSERT INTO archive_run (id, kind, record_type, state, as_of, cutoff_at, dry_run, started_by, selected, batch_rows,
    started_at, finished_at)
VALUES (nextval(pg_get_serial_sequence('archive_run', 'id')), 'archive', '{kind}', 'done', now(), '{cutoff}', false,
    'bench', {roots}, {roots}, now(), now());
INSERT INTO batch (id, run_id, kind, record_type, ordinal, state, roots, rows, released_roots, released_rows,
    superseded_rows, updated_at)
SELECT {batch}, max(id), 'roots', '{kind}', 1, 'released', {roots}, {roots}, {roots}, {roots}, 0, now()
FROM archive_run;
INSERT INTO holding (patient_id, record_type, server, roots, rows, first_at, last_at)
SELECT {of_patient}, '{kind}', '{server}', count(*), count(*) * {rows_each}, min({at}), max({at})
FROM generate_series(1, {roots}) n GROUP BY 1
"""
VISIT_BATCH, LOG_BATCH = 1, 2


@dataclass(frozen=True)
class Size:
    """How many of each there are, and when everything is."""

    patients: int
    now: datetime

    @property
    def visits(self) -> int:
        return self.patients * VISITS_OF_A_PATIENT

    @property
    def events(self) -> int:
        return 2 * self.visits

    @property
    def cold_visits(self) -> int:
        """Visits are in the order of their times: these first ones have been archived."""
        return int(self.visits * (1 - (VISITS_HOT + SWEPT) / YEARS))

    @property
    def cold_events(self) -> int:
        return int(self.events * (1 - EVENTS_HOT / EVENTS_LENGTH))

    @property
    def words(self) -> Mapping[str, object]:
        """What stands in braces in the statements."""
        return {
            "patients": self.patients, "clinics": CLINICS, "practitioners": PRACTITIONERS, "assays": ASSAYS,
            "began": (self.now - YEARS).isoformat(), "events_began": (self.now - EVENTS_LENGTH).isoformat(),
            "visit_seconds": YEARS.total_seconds() / self.visits,
            "event_seconds": EVENTS_LENGTH.total_seconds() / self.events,
        }  # fmt: skip


def size(patients: int) -> Size:
    """As of now."""
    return Size(patients, datetime.now(UTC).replace(microsecond=0))


def fill(connection: Connection, size: Size, *, first_visit: int = 1, first_event: int = 1) -> None:
    """Rows that belong to no visit, and visits and events from these numbers on, on a primary."""
    connection.execute("SET statement_timeout = 0")
    for statement in FIRST.split(";\n"):
        connection.execute(statement.format(**size.words))
    _add(connection, VISIT_ROWS, size, (first_visit, size.visits))
    _add(connection, EVENT_ROWS, size, (first_event, size.events))
    for table in ("clinic", "practitioner", "assay", "patient", "allergy", *VISIT_ROWS, *EVENT_ROWS):
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) + 2000000000 FROM {table}))"
        )


def fill_archives(visits: Connection, logs: Connection, size: Size) -> None:
    """What the archives hold."""
    for connection in (visits, logs):
        connection.execute("SET statement_timeout = 0")
    _add(visits, VISIT_ROWS, size, (1, size.cold_visits), batch=VISIT_BATCH)
    _add(logs, EVENT_ROWS, size, (1, size.cold_events), batch=LOG_BATCH)


def note_held(primary: Connection, size: Size) -> None:
    """What the primary knows of its archives: a finished run each, its batch, and each patient's holding."""
    of_visits = {
        "kind": "visit", "server": "visits", "roots": size.cold_visits, "batch": VISIT_BATCH, "rows_each": 7,
        "at": VISIT_AT.format(**size.words), "cutoff": size.now - VISITS_HOT - SWEPT,
    }  # fmt: skip
    of_events = {
        "kind": "log", "server": "logs", "roots": size.cold_events, "batch": LOG_BATCH, "rows_each": 1,
        "at": EVENT_AT.format(**size.words), "cutoff": size.now - EVENTS_HOT,
    }  # fmt: skip
    for words in (of_visits, of_events):
        for statement in HELD.split(";\n"):
            primary.execute(statement.format(of_patient=OF_PATIENT.format(**size.words), **words))
    primary.execute("SELECT setval(pg_get_serial_sequence('batch', 'id'), 2)")


def settle(connection: Connection) -> None:
    """Statistics and visibility as of a server that has run for a while; all of it on disk."""
    connection.execute("SET statement_timeout = 0")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def database_mb(connection: Connection) -> float:
    """The size of a server's database."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found = cursor.execute("SELECT pg_database_size(current_database())").fetchone()
    return (found or 0) / 2**20


def _add(
    connection: Connection,
    tables: Mapping[str, tuple[str, str]],
    size: Size,
    numbers: tuple[int, int],
    *,
    batch: int | None = None,
) -> None:
    names, of_batch = (", batch_id", f", {batch}") if batch is not None else ("", "")
    for table, (columns, values) in tables.items():
        source = f"generate_series({numbers[0]}, {numbers[1]}) n{EACH.get(table, '')}"
        query = f"SELECT {values}{of_batch} FROM {source} WHERE {ONLY.get(table, 'true')}".format(**size.words)
        connection.execute(f"INSERT INTO {table} ({columns}{names}) {query}")
