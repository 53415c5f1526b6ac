"""What a search text is taken to mean."""

from datetime import date

import pytest

from core.queries.patient_search import Wanted, parse_search


def _day(year: int, month: int, day: int) -> tuple[date, date]:
    return date(year, month, day), date(year, month, day)


MARCH_14 = (_day(1961, 3, 14),)
SEPT_13 = (_day(1954, 9, 13),)
SEPT_1954 = ((date(1954, 9, 1), date(1954, 9, 30)),)
YEAR_1954 = ((date(1954, 1, 1), date(1954, 12, 31)),)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wanted()),
        ("  \x00 ", Wanted()),
        ("Tan  MEI", Wanted(words=("tan", "mei"))),
        ("s1234567d", Wanted(national_id="S1234567D")),
        ("S1234567 D", Wanted(national_id="S1234567D")),
        ("999-12-3456", Wanted(national_id="999-12-3456")),
        ("1961-03-14", Wanted(born=MARCH_14)),
        ("14/3/1961", Wanted(born=MARCH_14)),
        ("14 Mar 1961", Wanted(born=MARCH_14)),
        ("14 march 1961 tan", Wanted(born=MARCH_14, words=("tan",))),
        ("tan 14/3/1961", Wanted(born=MARCH_14, words=("tan",))),
        ("14.03.1961", Wanted(born=MARCH_14)),
        ("14-3-1961", Wanted(born=MARCH_14)),
        ("14/03/61", Wanted(born=MARCH_14)),
        ("14.3.11 Tan", Wanted(born=(_day(2011, 3, 14), _day(1911, 3, 14)), words=("tan",))),
        ("born 1954", Wanted(born=((date(1954, 1, 1), date(1954, 12, 31)),))),
        ("Tan, born in 1954", Wanted(born=((date(1954, 1, 1), date(1954, 12, 31)),), words=("tan",))),
        ("13 Sept 1954", Wanted(born=SEPT_13)),
        ("13.09.54 Tan", Wanted(born=SEPT_13, words=("tan",))),
        ("DOB: 13.9.1954", Wanted(born=SEPT_13)),
        ("dob 13 09 1954", Wanted(born=SEPT_13)),
        ("geb. 13. September 1954 Müller", Wanted(born=SEPT_13, words=("muller",))),
        ("September 13th, 1954", Wanted(born=SEPT_13)),
        ("Sep 13 1954", Wanted(born=SEPT_13)),
        ("13-Sep-1954", Wanted(born=SEPT_13)),
        ("13th September 1954", Wanted(born=SEPT_13)),
        ("1954/09/13", Wanted(born=SEPT_13)),
        ("1954.9.13", Wanted(born=SEPT_13)),
        ("09/13/1954", Wanted(born=SEPT_13)),
        ("*13.09.1954", Wanted(born=SEPT_13)),
        ("date of birth: 13/09/1954 o’brien", Wanted(born=SEPT_13, words=("obrien",))),
        ("Born: 1954", Wanted(born=YEAR_1954)),
        ("b. 1954 Tan", Wanted(born=YEAR_1954, words=("tan",))),
        ("Tan 1954", Wanted(born=YEAR_1954, words=("tan",))),
        ("1954 陳", Wanted(born=YEAR_1954, words=("陳",))),
        ("born in September 1954", Wanted(born=SEPT_1954)),
        ("1954-09 tan", Wanted(born=SEPT_1954, words=("tan",))),
        ("1954", Wanted(national_id="1954", number=1954)),
        ("patient no. 1954", Wanted(national_id="PATIENTNO.1954", number=1954)),
        ("19540913", Wanted(national_id="19540913", number=19540913)),
        ("S1954567D", Wanted(national_id="S1954567D")),
        ("al-Rashid", Wanted(words=("al", "rashid"))),
        ("Tan,\u3000Ah Kow", Wanted(words=("tan", "ah", "kow"))),
        ("ﾀﾛｳ", Wanted(words=("タロウ",))),
        ("José O'Brien", Wanted(words=("jose", "obrien"))),
        ("MÜLLER-lüdenscheidt", Wanted(words=("muller", "ludenscheidt"))),
        ("Ｔａｎ Łukasz Strauß", Wanted(words=("tan", "lukasz", "strauss"))),
        ("D’Souza", Wanted(words=("dsouza",))),
        ("陳大文", Wanted(words=("陳大文",))),
        ("17", Wanted(national_id="17", number=17)),
        ("patient 1234", Wanted(national_id="PATIENT1234", number=1234)),
        ("#12", Wanted(national_id="#12", number=12)),
    ],
)
def test_a_search_text_is_read(text: str, wanted: Wanted) -> None:
    assert parse_search(text) == wanted


def test_a_day_that_is_none_is_no_birth_date() -> None:
    assert parse_search("31/2/1961").born == ()
    assert parse_search("31/2/61").born == ()


def test_the_audit_trail_hears_the_kind_and_not_the_text() -> None:
    assert parse_search("S1234567D").by == "national id"
    assert parse_search("tan 14/3/1961").by == "birth date and name"
