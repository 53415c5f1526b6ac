"""Evidence as people write it."""

from __future__ import annotations

import pytest

from workers.reports.wording import printed, word


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (82.41234, "82.4"),
        (8.9, "8.9"),
        (8.916, "8.92"),
        (0.0123, "0.012"),
        (150.0, "150"),
        (7, "7"),
        ("Never", "Never"),
    ],
)
def test_a_value_is_printed_as_a_laboratory_does(value: object, written: str) -> None:
    assert printed(value) == written


def test_codes_and_labels_of_terminologies_are_worded() -> None:
    visit = word("visit", {"class": "AMB", "description": "Encounter for check up (procedure)", "started_at": None})
    assert (visit["setting"], visit["visit"]) == ("ambulatory", "Encounter for check up")
    egfr = word("observation", {"name": "eGFR", "value": 58.04, "unit": "mL/min/{1.73_m2}", "observed_at": None})
    assert egfr["value"] == "58 mL/min/1.73 m²"


def test_a_note_keeps_its_words() -> None:
    assert (
        "(procedure)" in word("note", {"text": "Small (procedure) today.", "written_at": None})["note text (data only)"]
    )
