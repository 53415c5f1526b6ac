"""What is typed holds no mark that nobody sees: two names that look the same are the same."""

from __future__ import annotations

import pytest

from core.services.input import Faults, InvalidInput

UNSEEN = "\u00ad\u061c\u200b\u200e\u200f\u2060\u2064\ufeff"


@pytest.mark.parametrize("mark", UNSEEN)
def test_marks_that_nobody_sees_go(mark: str) -> None:
    faults = Faults()
    assert faults.line("name", f"{mark}Tan{mark} Mei{mark}", limit=200) == "Tan Mei"
    assert faults.text("note", f"5{mark}0 mg", limit=200) == "50 mg"
    assert faults.line("name", mark * 3, limit=200) is None
    faults.check()


def test_joiners_of_letters_stay() -> None:
    assert Faults().line("name", "\u0b95\u0bcd\u200d\u0bb7", limit=200) == "\u0b95\u0bcd\u200d\u0bb7"


@pytest.mark.parametrize("mark", "\u202e\u2066")
def test_marks_that_turn_what_follows_are_refused(mark: str) -> None:
    faults = Faults()
    faults.line("name", f"Tan{mark}", limit=200)
    with pytest.raises(InvalidInput):
        faults.check()
