"""Singapore's NRIC and FIN: check letter, clear messages, masking.

Written here: the library python-stdnum (2.2) knows Singapore's company numbers (UEN), but neither NRIC nor FIN.
"""

from __future__ import annotations

import re

WEIGHTS = (2, 7, 6, 5, 4, 3, 2)
OFFSETS = {"S": 0, "T": 4, "F": 0, "G": 4, "M": 3}
LETTERS = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
SHAPE = re.compile(r"[STFGM][0-9]{7}[A-Z]")


class BadNationalId(ValueError):
    """Text that is not an NRIC or FIN; the message says what is wrong and never repeats the number."""


def check_letter(prefix: str, digits: str) -> str:
    """The letter that ends an NRIC or FIN with this prefix (S, T, F, G or M) and these seven digits."""
    total = OFFSETS[prefix] + sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return LETTERS[prefix][total % 11]


def parse(text: str) -> str:
    """An NRIC or FIN in capitals without blanks. Raises BadNationalId."""
    number = compact(text)
    if not SHAPE.fullmatch(number):
        raise BadNationalId("Enter an NRIC or FIN: a letter (S, T, F, G or M), seven digits and a letter.")
    if check_letter(number[0], number[1:8]) != number[8]:
        raise BadNationalId("The last letter does not fit the digits: look for a mistyped or swapped digit.")
    return number


def compact(text: str) -> str:
    """A national id as it is kept: capitals, no blanks."""
    return "".join(text.split()).upper()


def mask(number: str | None) -> str:
    """The number as pages show it: the first character and the last four, `S••••567D`; nothing for None."""
    if not number:
        return ""
    return f"{number[0]}••••{number[-4:]}" if len(number) > 6 else "•" * len(number)
