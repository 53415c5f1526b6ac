"""NRIC and FIN numbers: check letters known to be right, the faults people make, masking."""

import pytest

from core.sealing import national_id


@pytest.mark.parametrize("number", ["S1234567D", "T0123456G", "F1234567N", "G1234567X", "M1234567K", "S0000001I"])
def test_numbers_with_the_right_letter_are_taken(number: str) -> None:
    assert national_id.parse(number) == number


def test_blanks_and_small_letters_are_forgiven() -> None:
    assert national_id.parse(" s1234567 d ") == "S1234567D"


@pytest.mark.parametrize("number", ["S1234576D", "S1234567E", "F1234567X"])
def test_a_mistyped_digit_or_letter_is_named_without_repeating_the_number(number: str) -> None:
    with pytest.raises(national_id.BadNationalId, match="does not fit the digits") as refused:
        national_id.parse(number)
    assert number not in str(refused.value)


@pytest.mark.parametrize("number", ["", "1234567", "A1234567D", "S123456D", "S12345678D", "Ｓ1234567D"])
def test_another_shape_is_told_what_shape_is_meant(number: str) -> None:
    with pytest.raises(national_id.BadNationalId, match="seven digits"):
        national_id.parse(number)


def test_masking_shows_only_the_first_and_the_last_four() -> None:
    assert national_id.mask("S1234567D") == "S••••567D"
    assert national_id.mask("12345") == "•••••"
    assert national_id.mask(None) == ""
