"""What Synthea-like CSV of others means: days, names, severities, what is absent and what nobody reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.interchange import synthea
from core.interchange.source_values import display_name
from core.interchange.synthea import cells
from core.models import said
from tests import interchange_files as files


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' zone, without a database."""
    monkeypatch.setattr(cells, "page_zone", lambda: ZoneInfo("Asia/Singapore"))


def values(folder: Path, kind: str, **tables: list[dict[str, str]]) -> dict[str, Any]:
    """The columns of the one row of a kind."""
    population, summary = synthea.read_directory(files.write(folder, files.tables(**tables)))
    assert not summary.refusals
    (record,) = population.of(kind)
    return record.values


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"FIRST": "Maude482", "MIDDLE": "Ann17", "LAST": "Wunsch504", "SUFFIX": "Jr."}, "Maude Ann Wunsch Jr."),
        ({"FIRST": "大文", "LAST": "陳"}, "陳大文"),
        ({"FIRST": "Twin2", "LAST": "Tan"}, "Twin2 Tan"),
        ({"FIRST": "Siti", "LAST": ""}, "Siti"),
    ],
)
def test_a_name_is_whole(tmp_path: Path, parts: dict[str, str], name: str) -> None:
    assert values(tmp_path, "patient", patients=[files.patient(**parts)])["name"] == name


@pytest.mark.parametrize(
    ("written", "shown"), [("Baby1 Lim", "Baby1 Lim"), ("Víctor493 Noriega353", "Víctor Noriega"), ("Ana12", "Ana")]
)
def test_only_digits_of_synthea_go(written: str, shown: str) -> None:
    assert display_name(written) == shown


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [("MILD", "SEVERE", "severe"), ("MODERATE", "MILD", "moderate"), ("", "MILD", "mild"), ("grave", "", "grave")],
)
def test_the_worst_severity_counts(tmp_path: Path, first: str, second: str, worst: str) -> None:
    row = {"START": "2001-05-05", "PATIENT": files.PATIENT, "CODE": "111088007", "DESCRIPTION": "Latex"}
    row |= {"SEVERITY1": first, "SEVERITY2": second}
    assert values(tmp_path, "allergy", allergies=[row])["severity"] == worst


@pytest.mark.parametrize("words", ["No known allergy (situation)", "NKDA", "No known drug allergies"])
def test_no_known_allergy_is_a_statement(tmp_path: Path, words: str) -> None:
    row = {"START": "2001-05-05", "PATIENT": files.PATIENT, "CODE": "716186003", "DESCRIPTION": words}
    told = values(tmp_path, "statement", allergies=[row])
    assert (told["kind"], told["text"], told["stated_on"]) == ("negation", words, date(2001, 5, 5))


def test_a_problem_that_is_not_there_is_a_statement(tmp_path: Path) -> None:
    row = files.condition(DESCRIPTION="No known problems")
    assert values(tmp_path, "statement", conditions=[row])["text"] == "No known problems"


def test_a_problem_that_is_only_suspected_is_a_statement(tmp_path: Path) -> None:
    row = files.condition(DESCRIPTION="Suspected COVID-19 (situation)")
    stated = values(tmp_path, "statement", conditions=[row])
    assert (stated["kind"], stated["text"]) == ("suspected", "Suspected COVID-19 (situation)")


def test_a_day_without_a_time_stays_a_day(tmp_path: Path) -> None:
    told = values(tmp_path, "observation", observations=[files.observation(DATE="2012-05-05")])
    assert told["observed_at"] == datetime(2012, 5, 5, 12, tzinfo=UTC)
    assert said.read(told["said"]) == {"dates": {"observed_at": "day"}}
    visit = values(tmp_path, "visit", encounters=[files.visit(START="2012-05-05", STOP="2012-05-05")])
    assert said.read(visit["said"])["dates"] == {"started_at": "day", "ended_at": "day"}


@pytest.mark.parametrize(
    ("start", "day"),
    [("2026-10-04T23:30:00Z", date(2026, 10, 5)), ("2026-10-04", date(2026, 10, 4)),
     ("2026-10-04T10:00:00Z", date(2026, 10, 4))],
)  # fmt: skip
def test_a_medicine_begins_on_the_day_that_pages_show(tmp_path: Path, start: str, day: date) -> None:
    assert values(tmp_path, "prescription", medications=[files.medication(START=start)])["started_on"] == day


def test_files_that_nobody_reads_are_counted(tmp_path: Path) -> None:
    files.write(tmp_path)
    (tmp_path / "immunizations.csv").write_text("DATE,PATIENT\n2020-01-01,a\n2020-02-01,b\n", encoding="utf-8")
    (tmp_path / "devices.csv").write_text("START,PATIENT\n", encoding="utf-8")
    _, summary = synthea.read_directory(tmp_path)
    assert summary.left_out == {"line of immunizations.csv": 2}
