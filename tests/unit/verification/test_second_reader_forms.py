"""Forms in which a reader says the same thing: dates that follow from others, limits, ends of a span, counts."""

from __future__ import annotations

import pytest

from core.verification import Reader, Row, SaidStatement
from tests.unit.verification.made_rows import condition, hba1c, medicine, note, result, row
from tests.unit.verification.test_second_reader import reading, said

PLATELETS = [
    result("Platelets", value, "10*3/uL", f"2021-03-{day}", code="777-3")
    for value, day in ((142.0, "11"), (121.0, "12"), (113.0, "13"))
]
SAME = [result("Platelets", 142.0, "10*3/uL", f"2021-03-{day}", code="777-3") for day in ("11", "12")]
GROWN = [
    result("Platelets", value, "10*3/uL", f"2021-03-{day}", code="777-3")
    for value, day in ((50.0, "11"), (129.0, "12"))
]
MIGRAINE = condition("Migraine", "1992-07-16")
OTITIS = condition("Otitis media", "1978-04-02", "1978-05-01")
IBUPROFEN = medicine("Ibuprofen 200 MG Oral Tablet", "1978-04-02", "1978-04-09", "stopped")
BREATHS = result("Respiratory rate", 27.0, "/min", "2020-12-06", code="9279-1")
CHECKS = (("Platelets were 142", "142"), ("121", "121"), ("113", "113"))
A1C = hba1c(8.9, "2026-05-03")
PEANUT = row("allergy", substance="Peanut", reaction="Angioedema", status="active", recorded_on="1960-11-28")


def values(*spans: tuple[str, str, str]) -> list[SaidStatement]:
    return [said("result", "Platelets", span, value=value, when=(when, iso)) for span, value, when, iso in (
        (span, value, *when.split("|")) for span, value, when in spans)]  # fmt: skip


PROVED = [
    (
        "a day that follows from another",
        "Platelets were 142 on 11 March 2021, 121 the next day and 113 the day after that.",
        PLATELETS,
        values(("142 on 11 March 2021", "142", "11 March 2021|2021-03-11"),
               ("121 the next day", "121", "the next day|2021-03-12"),
               ("113 the day after that", "113", "the day after that|2021-03-13")),
    ),
    (
        "a year in two digits", "Migraine since 92.", [MIGRAINE],
        [said("condition", "Migraine", "Migraine since 92", start=("92", "1992"))],
    ),
    (
        "each end of a span", "Ibuprofen was taken from 2 to 9 April 1978.", [IBUPROFEN],
        [said("medicine", "Ibuprofen", "Ibuprofen was taken from 2 to 9 April 1978", start=("2", "1978-04-02"),
              end=("9 April 1978", "1978-04-09"), said="was taken")],
    ),
    (
        "how often in a time", "Breathing 27 times a minute on 6 December 2020.", [BREATHS],
        [said("result", "Breathing", "Breathing 27 times a minute on 6 December 2020", "respiratory rate",
              value="27 times a minute", when=("6 December 2020", "2020-12-06"))],
    ),
    (
        "a limit of a value", "HbA1c was no higher than 8.9 % on 3 May 2026.", [A1C],
        [said("result", "HbA1c", "HbA1c was no higher than 8.9 % on 3 May 2026", value="no higher than 8.9 %",
              when=("3 May 2026", "2026-05-03"))],
    ),
    (
        "a limit of a time", "Otitis media in April 1978 healed within two months.", [OTITIS],
        [said("condition", "Otitis media", "Otitis media in April 1978 healed within two months",
              when=("April 1978", "1978-04"), status=("healed", "resolved"), length="within two months")],
    ),
    (
        "a range that is not left", "HbA1c was 5.1 %, without leaving the range.", [hba1c(5.1, "2026-05-03")],
        [said("result", "HbA1c", "HbA1c was 5.1 %, without leaving the range", value="5.1 %",
              reading=("without leaving the range", "normal"))],
    ),
    (
        "a factor that is gone beyond", "Platelets more than doubled from 50 to 129.", GROWN,
        [said("trend", "Platelets", "Platelets more than doubled from 50 to 129",
              direction=("more than doubled", "doubled"), from_value="50", to_value="129")],
    ),
    (
        "the first that reads so", "HbA1c 8.9 % on 3 May 2026, first time above range.",
        [hba1c(5.1, "2024-05-03"), hba1c(5.4, "2025-05-03"), A1C],
        [said("result", "HbA1c", "HbA1c 8.9 % on 3 May 2026, first time above range", value="8.9 %",
              when=("3 May 2026", "2026-05-03"), which=("first time", "first"), reading=("above range", "high"))],
    ),
]  # fmt: skip
# What is left only tells apart, counts or dates what the rows hold: the judge's verdict counts.
TO_THE_JUDGE = [
    (
        "how many rows there are", "Platelets were 142, then 121 and 113 at the next two checks.", PLATELETS,
        [said("result", "Platelets", span, value=value) for span, value in CHECKS],
    ),
    (
        "an equals sign", "Peanut = angioedema.", [PEANUT],
        [said("allergy", "Peanut", "Peanut = angioedema", reaction="angioedema")],
    ),
    (
        "a way to find out that has no name", "Migraine by questionnaire since July 1992.", [MIGRAINE],
        [said("condition", "Migraine", "Migraine by questionnaire since July 1992", start=("July 1992", "1992-07"),
              detail="by questionnaire")],
    ),
    (
        "a day of the rows", "On 13 March 2021 platelets were 113.", PLATELETS,
        [said("result", "platelets", "platelets were 113", value="113")],
    ),
]  # fmt: skip
LIES = [
    (
        "a number that is no part of the date", "Migraine since 35 July 1992.", [MIGRAINE],
        [said("condition", "Migraine", "Migraine since 35 July 1992", start=("35 July 1992", ""))],
    ),
    (
        "another end of a span", "Ibuprofen was taken from 2 to 20 April 1978.", [IBUPROFEN],
        [said("medicine", "Ibuprofen", "Ibuprofen was taken from 2 to 20 April 1978", start=("2", "1978-04-02"),
              end=("20 April 1978", "1978-04-20"), said="was taken")],
    ),
    (
        "a value beyond its limit", "HbA1c was no higher than 8.1 % on 3 May 2026.", [A1C],
        [said("result", "HbA1c", "HbA1c was no higher than 8.1 % on 3 May 2026", value="no higher than 8.1 %",
              when=("3 May 2026", "2026-05-03"))],
    ),
    (
        "a time beyond its limit", "Otitis media in April 1978 healed within two weeks.", [OTITIS],
        [said("condition", "Otitis media", "Otitis media in April 1978 healed within two weeks",
              when=("April 1978", "1978-04"), status=("healed", "resolved"), length="within two weeks")],
    ),
    (
        "more than there are rows", "Platelets were 142, then 121 and 113 at the next five checks.", PLATELETS,
        [said("result", "Platelets", span, value=value) for span, value in CHECKS],
    ),
    (
        "a beginning that is told as an end", "Migraine has been active until 16 July 1992.", [MIGRAINE],
        [said("condition", "Migraine", "Migraine has been active until 16 July 1992", status=("active", "active"))],
    ),
    (
        "a day of no row", "On 14 March 2021 platelets were 113.", PLATELETS,
        [said("result", "platelets", "platelets were 113", value="113")],
    ),
    (
        "a negation before a direction", "Platelets not unchanged.", SAME,
        [said("trend", "Platelets", "Platelets not unchanged", direction=("not unchanged", ""))],
    ),
    (
        "a standing among the words of a reading", "HbA1c was 8.9 %, stopped high.", [A1C],
        [said("result", "HbA1c", "HbA1c was 8.9 %, stopped high", value="8.9 %", reading=("stopped high", "high"))],
    ),
    (
        "a factor that is not reached", "Platelets more than tripled from 50 to 129.", GROWN,
        [said("trend", "Platelets", "Platelets more than tripled from 50 to 129",
              direction=("more than tripled", "tripled"), from_value="50", to_value="129")],
    ),
    (
        "the second that reads so", "HbA1c 8.9 % on 3 May 2026, first time above range.",
        [hba1c(5.1, "2024-05-03"), hba1c(8.4, "2025-05-03"), A1C],
        [said("result", "HbA1c", "HbA1c 8.9 % on 3 May 2026, first time above range", value="8.9 %",
              when=("3 May 2026", "2026-05-03"), which=("first time", "first"), reading=("above range", "high"))],
    ),
    (
        "a steady change that was not steady", "Platelets fell from 142 to 113, not each time.", PLATELETS,
        [said("trend", "Platelets", "Platelets fell from 142 to 113, not each time", direction=("fell", "down"),
              from_value="142", to_value="113", each="not each time")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows", "statements"), [one[1:] for one in PROVED], ids=[one[0] for one in PROVED])
def test_each_form_is_proved(text: str, rows: list[Row], statements: list[SaidStatement]) -> None:
    assert reading(text, rows, *statements).reader is Reader.PROVED


@pytest.mark.parametrize(
    ("text", "rows", "statements"), [one[1:] for one in TO_THE_JUDGE], ids=[one[0] for one in TO_THE_JUDGE]
)
def test_what_only_tells_rows_apart_is_the_judges(text: str, rows: list[Row], statements: list[SaidStatement]) -> None:
    assert reading(text, rows, *statements).reader is Reader.PART


@pytest.mark.parametrize(("text", "rows", "statements"), [one[1:] for one in LIES], ids=[one[0] for one in LIES])
def test_what_the_rows_do_not_hold_is_not(text: str, rows: list[Row], statements: list[SaidStatement]) -> None:
    assert reading(text, rows, *statements).reader not in (Reader.PROVED, Reader.PART)


def test_a_relative_ends_where_the_patient_is_told_of_again() -> None:
    told = [note("Sleeps badly since her sister died in May.")]
    statements = [said("note", "", "Her sister died in May"), said("note", "", "she sleeps badly")]
    assert reading("Her sister died in May and she sleeps badly.", told, *statements).reader is Reader.PROVED
    other = [note("Sister sleeps badly and died in May.")]
    assert reading("Her sister died in May and she sleeps badly.", other, *statements).reader is not Reader.PROVED
