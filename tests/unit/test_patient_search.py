"""What a search text is taken to mean."""

from datetime import date

import pytest

from core.queries.patients import Wanted, parse_search


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wanted()),
        ("  \x00 ", Wanted()),
        ("Tan  MEI", Wanted(words=("tan", "mei"))),
        ("s1234567d", Wanted(national_id="S1234567D")),
        ("S1234567 D", Wanted(national_id="S1234567D")),
        ("999-12-3456", Wanted(national_id="999-12-3456")),
        ("1961-03-14", Wanted(birth_on=date(1961, 3, 14))),
        ("14/3/1961", Wanted(birth_on=date(1961, 3, 14))),
        ("14 Mar 1961", Wanted(birth_on=date(1961, 3, 14))),
        ("14 march 1961 tan", Wanted(birth_on=date(1961, 3, 14), words=("tan",))),
        ("tan 14/3/1961", Wanted(birth_on=date(1961, 3, 14), words=("tan",))),
    ],
)
def test_a_search_text_is_read(text: str, wanted: Wanted) -> None:
    assert parse_search(text) == wanted


def test_a_day_that_is_none_is_no_birth_date() -> None:
    assert parse_search("31/2/1961").birth_on is None


def test_the_audit_trail_hears_the_kind_and_not_the_text() -> None:
    assert parse_search("S1234567D").by == "national id"
    assert parse_search("tan 14/3/1961").by == "birth date and name"
