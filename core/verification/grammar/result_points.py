"""Atoms of a frame about results to points: each part of the sentence is a point of its own or adds to one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from core.verification.dates import Days, When
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.result_lists import ORIGINS, zipped
from core.verification.grammar.result_pieces import NOTHING, Piece
from core.verification.grammar.result_scan import Atom

_STRENGTH = ("", ")", "-", ",", "(", "trend", "past", "and", "include", "or", "but", "to", "from")
AFTER, EARLIER = frozenset({",", ")", "but", "and"}), frozenset({"from", "past"})
APART = frozenset({"but", "to", "from", "past", "and"})
LISTED = frozenset({"and", ",", "include"})
JOINING = frozenset({"", ",", "(", ")", "-", "trend"})


@dataclass
class Points:
    """The points of a frame; `always` is what all results read, `after` since when, `every_value` their one
    value; `waiting` are days that no value has taken yet."""

    found: list[Piece] = field(default_factory=list)
    always: tuple[str, str | None] | None = None
    after: When = ()
    every_value: Quantity | None = None
    first: When = ()
    last: When = ()
    unread: bool = False
    turns: list[tuple[str, int]] = field(default_factory=list)
    every: bool = False
    waiting: list[When] = field(default_factory=list)

    @property
    def last_piece(self) -> Piece:
        """The last point; one that says nothing, where there is none."""
        return self.found[-1] if self.found else Piece()


def pieces(atoms: list[Atom], points: Points) -> list[Piece]:
    """Cut the atoms at their breaks. Two values stand in two pieces, even with no break between them."""
    found = [Piece()]
    for atom in atoms:
        piece = found[-1]
        if atom.role == "break":
            _cut(found, atom.said)
        elif atom.role == "span":
            points.first, points.last = atom.said
        else:
            if _is_full(piece, atom.role):
                found.append(piece := Piece())
            _put(piece, atom)
    return [piece for piece in found if not piece.empty or piece.turn]


def _cut(found: list[Piece], opener: str) -> None:
    piece = found[-1]
    if not piece.empty or piece.turn:
        found.append(Piece(opener))
    elif _STRENGTH.index(opener) > _STRENGTH.index(piece.opener):
        piece.opener = opener
    found[-1].closes = found[-1].closes or opener == ")"


def _is_full(piece: Piece, role: str) -> bool:
    if role in ("value", "pair"):
        return piece.valued
    if role == "when":
        return bool(piece.whens)
    return (role == "read" and piece.reading is not None) or (role == "which" and piece.which is not None)


def _put(piece: Piece, atom: Atom) -> None:
    if atom.role == "when":
        piece.whens.append(atom.said)
    elif atom.role == "read":
        piece.reading, piece.degree = atom.said, atom.degree
    elif atom.role in ("all", "since"):
        setattr(piece, "every" if atom.role == "all" else "since", True)
    else:
        setattr(piece, atom.role, atom.said)


def assembled(atoms: list[Atom]) -> Points:
    """The points that the atoms of a frame make."""
    points = Points()
    parts = zipped(_read_in_brackets(_all_from(pieces(atoms, points))))
    for place, piece in enumerate(parts):
        _add(points, piece, parts[place + 1] if place + 1 < len(parts) else NOTHING)
    if points.waiting:
        points.found.append(Piece(whens=points.waiting))
    return points


def _all_from(parts: list[Piece]) -> list[Piece]:
    """ "Up from 109 in 2024 and 122 in 2025": what is joined to an earlier value is one, too; "again" it reads so."""
    for before, piece in itertools.pairwise(parts):
        if piece.again and not (piece.reading or piece.turn):
            piece.reading = next((b.reading for b in reversed(parts[: parts.index(piece)]) if b.reading), None)
        if before.opener in EARLIER and before.valued and piece.valued and piece.opener == "and":
            piece.opener = before.opener
    return parts


def _read_in_brackets(parts: list[Piece]) -> list[Piece]:
    """ "187 (critical)": a reading in a bracket is of the value before it."""
    found: list[Piece] = []
    for piece in parts:
        if found and piece.opener == "(" and piece.only_reads and found[-1].valued and found[-1].reading is None:
            found[-1].take(piece)
        else:
            found.append(piece)
    return found


def _add(points: Points, piece: Piece, following: Piece) -> None:
    if piece.turn:
        points.turns.append((piece.turn, len(points.found)))
    if piece.every:
        _add_every(points, piece, following)
    if piece.since and not piece.whens:
        _add_since(points, piece, following)
    if not piece.empty:
        _adder(piece)(points, piece, following)


def _adder(piece: Piece) -> Callable[[Points, Piece, Piece], None]:
    if piece.only_days and not piece.which:
        return _add_days
    if piece.valued or piece.whens:
        return _add_point
    return _add_reading if piece.reading else _add_which


def _add_every(points: Points, piece: Piece, following: Piece) -> None:
    """ "Both high", "4.29 each time", "below 60 throughout"."""
    piece.every, points.every = False, True
    if piece.reading and not piece.valued and _read_the_others(points, piece):
        return
    told = piece if piece.reading else _last_read(points)
    if told.reading and (told is piece or not piece.valued):
        points.always = (told.reading, told.degree)
        told.reading = told.degree = None
        points.found = [p for p in points.found if not p.empty]
    elif piece.value and not (piece.whens or following.valued):
        points.every_value, piece.value = piece.value, None


def _last_read(points: Points) -> Piece:
    return next((p for p in reversed(points.found) if p.reading), NOTHING)


def _read_the_others(points: Points, piece: Piece) -> bool:
    """ "From 127, above its range, to 116 and 111, both within it": of those that have no reading of their own."""
    valued = [p for p in points.found if p.valued]
    others = [p for p in valued if p.reading is None]
    if len(others) < 2 or len(others) == len(valued):
        return False
    for other in others:
        other.reading, other.degree = piece.reading, piece.degree
    piece.reading = piece.degree = None
    return True


def _add_since(points: Points, piece: Piece, following: Piece) -> None:
    """ "Raised in August 2025, normal since"."""
    piece.since = False
    last = points.last_piece
    if piece.reading and last.whens and not piece.valued:
        points.always = (piece.reading, piece.degree)
        points.after = tuple(Days(d.last + timedelta(1), date.max) for d in last.whens[0] if not d.yearless)
        piece.reading = None
    points.unread = points.unread or not (points.after or following.turn)


def _add_which(points: Points, piece: Piece, following: Piece) -> None:
    last = points.last_piece
    if points.found and last.which is None and piece.opener in JOINING:
        last.which = piece.which
    else:
        points.found.append(piece)


def _add_days(points: Points, piece: Piece, following: Piece) -> None:
    """Days without a value: of the point before them, of its list of days, or of the value that follows."""
    last = points.last_piece
    led = following.opener == "(" or (piece.opener == "and" and following.opener == ",")  # "and, on 10 May, 187"
    leads = led and following.valued and not following.whens
    if leads or piece.opener in ORIGINS:
        points.found.append(piece)
    elif points.found and not last.whens:
        last.whens = piece.whens
    elif points.found and piece.opener in LISTED:
        last.whens += piece.whens
    else:
        points.waiting += piece.whens


def _add_point(points: Points, piece: Piece, following: Piece) -> None:
    """A value or a dated reading: a point of its own, unless the last one lacks just that."""
    last = points.last_piece
    if last.only_days and last.opener == following.opener == "from":
        following.whens = following.whens or last.whens  # "lower than in 2022 (0.98 vs 1.56)"
        points.found.pop()
        last = points.last_piece
    if points.found and _fits(last, piece) and _lacks(last, piece, following):
        last.take(piece)
        return
    if points.waiting and not piece.whens:
        piece.whens, points.waiting = points.waiting[:1], []
    elif piece.only_dated and piece.opener in LISTED:
        piece.whens, points.waiting = [*points.waiting, *piece.whens], []  # "in March and July were high"
    points.found.append(piece)


def _lacks(last: Piece, piece: Piece, following: Piece) -> bool:
    """Whether the last point has no value and a part gives one; or has one, and a bracket says more of it."""
    if piece.valued:
        return not last.valued and following.opener != "to"
    return last.valued and piece.opener == "("


def _fits(last: Piece, piece: Piece) -> bool:
    """Whether two pieces may be of one point: nothing is said twice."""
    if piece.opener not in JOINING and last.opener not in ("from", "to"):
        return False
    both = ((last.whens, piece.whens), (last.reading, piece.reading), (last.which, piece.which))
    return not any(one and other for one, other in both)


def _add_reading(points: Points, piece: Piece, following: Piece) -> None:
    """A reading without value or day: of the last point that lacks one, else of the latest result."""
    last = _owner(points, piece)
    if points.found and last.reading is None and _is_beside(last, piece):
        return last.take(piece)
    if piece.opener == "from":
        piece.which = piece.which or "earlier"
    if points.waiting and following.reading and not following.valued:
        piece.whens = [points.waiting.pop(0)]  # "in March and July low and high"
    elif points.waiting:
        piece.whens, points.waiting = points.waiting, []
    return points.found.append(piece)


def _is_beside(last: Piece, piece: Piece) -> bool:
    """Whether a reading goes with the point before it: "118/75, normal", "118/75 and normal"."""
    joined = piece.opener == "and" and last.valued and not last.whens
    return joined or piece.opener not in APART


def _owner(points: Points, piece: Piece) -> Piece:
    """The point that a reading may be of."""
    last = points.last_piece
    if points.found and piece.opener in AFTER and _is_main(points.found[0], last):
        return points.found[0]
    if piece.closes and len(points.found) > 1 and last.opener == "(":
        return points.found[-2]  # "4.2 (was 4.9 in 2019), low"
    return last


def _is_main(first: Piece, last: Piece) -> bool:
    """ "427, up from 309 in 2017, now high": behind an earlier value, what follows is of the sentence's own value."""
    return last.opener in EARLIER and first.opener not in EARLIER and first.reading is None
