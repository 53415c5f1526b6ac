"""Cases after files of the real world: names, values, dates and courses, as each case's README says is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from core.models import Base, said
from core.queries import evidence
from core.queries.current_health import current_health
from core.queries.patients import header
from core.stores import databases
from tests.integration.interchange.conftest import Case


def _rows(table: str, *columns: str) -> list[tuple[Any, ...]]:
    of = Base.metadata.tables[table]
    with databases.write() as session:
        return [tuple(row) for row in session.execute(select(*(of.c[name] for name in columns)).order_by(of.c.id))]


def _results() -> list[tuple[str, Any]]:
    observation, assay = Base.metadata.tables["observation"], Base.metadata.tables["assay"]
    query = select(assay.c.name, observation.c.value_number).join(assay, assay.c.id == observation.c.assay_id)
    with databases.write() as session:
        return [(name, float(value)) for name, value in session.execute(query.order_by(observation.c.id))]


def _medicines() -> Any:
    with databases.write() as session:
        return current_health(session, 1).medicines


def test_one_local_code_of_two_laboratories_is_two_tests(case: Case) -> None:
    case("03-local-codes-of-two-labs-collide")
    assert _results() == [("Sodium", 140), ("Chloride", 103)]


def test_every_step_of_a_dosage_in_its_sequence(case: Case) -> None:
    case("07-second-dosage-step-lost")
    (medicine,) = _medicines()
    first, second = (medicine.instructions.index(words) for words in ("40 mg once a day", "then 10 mg"))
    assert first < second


def test_a_medicine_begins_on_the_day_of_its_visit(case: Case) -> None:
    case("11-medicine-starts-the-day-before")
    (medicine,) = _medicines()
    assert medicine.started_on.isoformat() == "2026-10-05"


def test_a_laboratorys_range_and_flag_go_before_ours(case: Case) -> None:
    case("17-labs-own-range-and-flag-lost")
    kept = [
        (flag, low and float(low), float(high))
        for flag, low, high in _rows("observation", "interpretation", "ref_low", "ref_high")
    ]
    assert kept == [("HH", None, 14), ("N", 3.5, 5.5)]


def test_a_transaction_without_ids_is_taken_by_its_full_urls(case: Case) -> None:
    (summary,) = case("21-transaction-without-ids-refused")
    assert (summary.refused, summary.new) == (0, 3)
    assert _rows("patient", "name") == [("Aldo Rossi",)]
    assert _rows("observation", "patient_id") == _rows("visit", "patient_id") == [(1,)]


def test_names_phones_and_addresses_in_use(case: Case) -> None:
    case("27-names")
    assert [name for (name,) in _rows("patient", "name")] == [
        "陳大文", "Tan Ah Kow", "Anna Maria Abel", "Martin King Jr.", "Zoë D'Arcy O'Brien-Ñandú",
    ]  # fmt: skip
    phone, address = _rows("patient", "phone", "address")[4]
    assert phone == "+65 9000 0002"
    assert "Old Road" not in address


def test_titres_ranges_and_periods_are_text(case: Case) -> None:
    (summary,) = case("33-ratio-range-period-refused")
    assert [text for (text,) in _rows("observation", "value_text")] == ["1:320", "3 to 5", "from 2026-10-01"]
    (refusal,) = summary.refusals
    assert "it has no value" in refusal.reason
    assert "None" not in refusal.reason


def test_a_day_is_a_day_in_every_zone(case: Case) -> None:
    case("38-day-only-dates-get-a-clock-time")
    for table, column in (("visit", "started_at"), ("observation", "observed_at")):
        ((at, kept),) = _rows(table, column, "said")
        assert said.iso(said.dated(at, kept, column)) == "2026-10-05"


def test_a_record_that_was_merged_away_says_so(case: Case) -> None:
    case("43-merged-away-patient-shown-as-current")
    with databases.write() as session:
        standings = [found.standing for one in (1, 2) if (found := header(session, one)) is not None]
    assert standings[0] == ""
    assert standings[1].startswith("Merged into another record")


def test_a_medicine_that_was_stopped_is_not_current(case: Case) -> None:
    first, second = case("47-stop-of-a-medicine")
    assert (first.new, second.updated) == (2, 1)
    assert _medicines() == ()


def test_a_report_names_days_as_pages_do(case: Case, sync_replica: Callable[[], None]) -> None:
    case("48-report-dates-in-utc")
    sync_replica()
    told = {row.type: row.fields for row in evidence.collect(1)}
    assert told["observation"]["observed_at"] == "2026-10-05T07:15:00+08:00"
    assert told["visit"]["started_at"] == "2026-10-05T07:00:00+08:00"


def test_a_time_without_an_offset_is_said_and_takes_the_zone(case: Case) -> None:
    (summary,) = case("53-time-without-offset-taken-as-utc")
    assert any("times without an offset" in remark for remark in summary.remarks)
    assert [str(at) for (at,) in _rows("visit", "started_at")] == ["2026-10-05 00:30:00+00:00"]
