"""What a claim rests on is marked in its source row, and nothing in the row is taken for markup."""

from staff_app.cited_rows import marked, telling_words


def test_words_and_numbers_that_both_say_are_marked() -> None:
    assert marked("Value 8.9 % high", frozenset({"8.9", "high"}), None) == "Value <mark>8.9</mark> % <mark>high</mark>"


def test_a_number_is_not_found_inside_another() -> None:
    assert marked("18.95", frozenset({"8.9"}), None) == "18.95"


def test_a_quote_is_marked_as_a_whole_with_the_words_beside_it() -> None:
    text = "Tolerates metformin well. No foot ulcers."
    assert marked(text, frozenset({"metformin"}), "tolerates Metformin well") == (
        "<mark>Tolerates metformin well</mark>. No foot ulcers."
    )


def test_markup_in_a_row_stays_text() -> None:
    assert marked("<i> <b>8.9</b> & more", frozenset({"8.9"}), "<b>") == (
        "&lt;i&gt; <mark>&lt;b&gt;8.9</mark>&lt;/b&gt; &amp; more"
    )


def test_a_claims_month_is_found_as_rows_write_it() -> None:
    words = telling_words("HbA1c was 8.9 % on 12 November 2026.")
    assert (
        marked("A1c 8.9 %, 12 Nov 2026, 09:14", words, None)
        == "A1c <mark>8.9</mark> %, <mark>12 Nov 2026</mark>, 09:14"
    )
