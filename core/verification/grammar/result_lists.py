"""Lists of values beside lists of days or readings: as many of one as of the other, each its own."""

from __future__ import annotations

import itertools

from core.verification.grammar.result_pieces import NOTHING, Piece

ORIGINS = frozenset({"from", "to", "past"})


def zipped(parts: list[Piece]) -> list[Piece]:
    """As many dates as values before them, each given its own: "6.1, 6.0 and 5.4 in 2024, 2025 and 2026"."""
    bare = list(itertools.takewhile(lambda piece: piece.valued and not piece.whens, parts))
    count = len(bare) + (len(parts) > len(bare) and parts[len(bare)].valued)
    days = list(itertools.takewhile(lambda piece: piece.only_days, parts[count:]))
    whens = [when for piece in (*parts[len(bare) : count], *days) for when in piece.whens]
    if count < 2 or len(whens) != count:
        return _read_in_turn(_read_by_place(parts, count), count) if count else _days_first(parts)
    for piece, when in zip(parts, whens, strict=False):
        piece.whens = [when]
    return [*parts[:count], *parts[count + len(days) :]]


def _days_first(parts: list[Piece]) -> list[Piece]:
    """As many values as dates before them: "in 2024, 2025 and 2026 was 6.1, 6.0 and 5.4"."""
    lead = list(itertools.takewhile(lambda piece: not piece.valued and _is_dated(piece), parts))
    values = list(itertools.takewhile(lambda piece: piece.valued, parts[len(lead) :]))
    days = [*lead, *(values[:1] if values and values[0].whens else [])]
    undated = not any(piece.whens for piece in values[1:])
    if len(values) < 2 or len(days) != len(values) or not (undated and all(map(_are_alike, days, values))):
        return parts
    _give(days, values, lead[0] if lead else NOTHING)
    return parts[len(lead) :]


def _give(days: list[Piece], values: list[Piece], told: Piece) -> None:
    """Give each value its day, and what was told before all of them."""
    whens = [piece.whens for piece in days]
    for piece, day, when in zip(values, days, whens, strict=True):
        piece.whens, piece.turn = when, day.turn or piece.turn
        if not piece.reading:
            piece.reading, piece.degree = told.reading, told.degree


def _is_dated(piece: Piece) -> bool:
    return len(piece.whens) == 1 and not (piece.which or piece.since or (piece.every and not piece.reading))


def _are_alike(day: Piece, value: Piece) -> bool:
    """Whether a date and a value are both of an earlier result, or both not."""
    return (day.opener in ORIGINS) == (value.opener in ORIGINS)


PLACES = {"first": 0, "later": 1}


def _read_by_place(parts: list[Piece], count: int) -> list[Piece]:
    """ "3.8 and 5.6; the first low, the second normal": each the reading of a value, by its place in the list."""
    values, told = parts[:count], parts[count:]
    places = [PLACES[piece.which] for piece in told if piece.which in PLACES and piece.reading and not piece.valued]
    if count != 2 or len(places) != len(told) or len({*places}) != len(places):
        return parts
    for piece, place in zip(told, places, strict=True):
        values[place].reading, values[place].degree = piece.reading, piece.degree
    return values


def _read_in_turn(parts: list[Piece], count: int) -> list[Piece]:
    """ "65, 83, 69: low, normal, low": as many readings as values before them."""
    values, told = parts[:count], parts[count:]
    if count < 2 or len(told) != count or not all(piece.only_reads for piece in told):
        return parts
    for piece, reading in zip(values, told, strict=True):
        piece.take(reading)
    return values
