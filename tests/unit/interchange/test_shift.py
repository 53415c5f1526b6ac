"""Moving dates by whole days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.interchange import shift
from core.interchange.source_rows import Record
from core.interchange.summary import Place


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("2020-02-28\n\n# Chief", "2020-03-01\n\n# Chief"),
        ("since 2019-12-31, and 2020-01-01T08:00:00Z.", "since 2020-01-02, and 2020-01-03T08:00:00Z."),
        ("no day: 2020-02-30, 12020-01-01, 2020-01-011, part 7-2020-01-01", None),
        ("order 2020-01-01-33", None),
    ],
)
def test_plain_days_in_prose_move_and_nothing_else(text: str, moved: str | None) -> None:
    assert shift.shift_text(text, 2) == (moved or text)


def test_every_date_column_moves() -> None:
    values = {"a": date(2020, 2, 28), "b": datetime(2020, 12, 31, 23, tzinfo=UTC), "text": "2020-01-01", "n": None}
    moved = shift.shifted(values, 2, prose="text")
    assert moved == {"a": date(2020, 3, 1), "b": datetime(2021, 1, 2, 23, tzinfo=UTC), "text": "2020-01-03", "n": None}


def test_births_are_no_records() -> None:
    born = Record("patient", Place("p"), (), {"birth_on": date(2021, 1, 1), "deceased_on": None})
    seen = Record("visit", Place("e"), (), {"started_at": datetime(2020, 5, 1, 23, tzinfo=UTC), "ended_at": None})
    assert shift.newest_day([born, seen]) == date(2020, 5, 1)
    assert shift.newest_day([born]) is None


def test_the_ledger_s_form_comes_back() -> None:
    assert [shift.decode(shift.encode(days)) for days in (-3, 0, 1727)] == [-3, 0, 1727]
