"""Who the patients are: birth by the age pyramid, sex, and an NRIC or FIN that nobody has yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from core.sealing.national_id import check_letter

PYRAMID = (
    (0, 5, 4.5),
    (5, 10, 5.0),
    (10, 15, 5.0),
    (15, 20, 5.0),
    (20, 25, 5.8),
    (25, 30, 6.8),
    (30, 35, 7.6),
    (35, 40, 7.5),
    (40, 45, 7.5),
    (45, 50, 7.3),
    (50, 55, 7.3),
    (55, 60, 7.1),
    (60, 65, 7.3),
    (65, 70, 6.3),
    (70, 75, 4.7),
    (75, 80, 2.6),
    (80, 85, 1.7),
    (85, 97, 1.5),
)
BANDS = [(low, high) for low, high, _ in PYRAMID]
WEIGHTS = [weight for _, _, weight in PYRAMID]
FEMALE_SHARE = 0.512
FOREIGN_SHARE = 0.12
SERIES = "STFGM"
NUMBERS = 10_000_000
YEAR_DIGITS_SINCE = 1968
NEW_SERIES_SINCE = 2000


class NumbersExhausted(RuntimeError):
    """No NRIC or FIN is left to give."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The part of a patient that must be drawn in one place, since numbers are unique."""

    national_id: str
    sex: str
    birth_on: date


class Numbers:
    """The NRIC and FIN numbers drawn so far, one bit each: 6 MB, however many they are."""

    def __init__(self) -> None:
        self.used = {letter: bytearray(NUMBERS // 8) for letter in SERIES}

    def _mark(self, letter: str, number: int) -> None:
        self.used[letter][number >> 3] |= 1 << (number & 7)

    def take(self, letter: str, first: int, count: int, start: int) -> str | None:
        """A free number of [first, first + count), looking onwards from `start`; None if all are in use."""
        used = self.used[letter]
        for step in range(count):
            number = first + (start + step) % count
            if not used[number >> 3] >> (number & 7) & 1:
                self._mark(letter, number)
                digits = f"{number:07}"
                return f"{letter}{digits}{check_letter(letter, digits)}"
        return None


def draw(rng: Random, numbers: Numbers, as_of: date) -> Identity:
    """One more person. Raises NumbersExhausted."""
    low, high = rng.choices(BANDS, WEIGHTS)[0]
    birth_on = as_of - timedelta(days=int(rng.uniform(low, high) * 365.25) + 1)
    foreign = rng.random() < FOREIGN_SHARE and birth_on.year < as_of.year - 20
    number = _foreign(rng, numbers) if foreign else _resident(rng, numbers, birth_on.year)
    number = number or _foreign(rng, numbers)
    if number is None:
        raise NumbersExhausted("every NRIC and FIN of these series is in use")
    return Identity(number, "female" if rng.random() < FEMALE_SHARE else "male", birth_on)


def _resident(rng: Random, numbers: Numbers, year: int) -> str | None:
    """Since 1968 the first two digits are the year of birth; before, 0 or 1."""
    if year < YEAR_DIGITS_SINCE:
        return numbers.take("S", 0, 2_000_000, rng.randrange(2_000_000))
    letter = "T" if year >= NEW_SERIES_SINCE else "S"
    return numbers.take(letter, year % 100 * 100_000, 100_000, rng.randrange(100_000))


def _foreign(rng: Random, numbers: Numbers) -> str | None:
    letter = rng.choice("FGGM")
    return numbers.take(letter, 0, NUMBERS, rng.randrange(NUMBERS))
