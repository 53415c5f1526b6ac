"""Atoms of a frame about results to points: each part of the sentence is a point of its own or adds to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from core.verification.dates import Days
from core.verification.grammar.chunks import Quantity
from core.verification.grammar.result_atoms import Atom
from core.verification.statements import Point, When

_STRENGTH = ("", ")", "-", ",", "(", "trend", "past", "and", "include", "or", "but", "to", "from")
AFTER, EARLIER = frozenset({",", ")", "but", "and"}), frozenset({"from", "past"})
APART = frozenset({"but", "to", "from", "past", "and"})
JOINING = frozenset({"", ",", "(", ")", "-", "trend"})


@dataclass
class Piece:
    """What stands between two breaks of a sentence; `opener` is the break before it."""

    opener: str = ""
    value: Quantity | None = None
    pair: tuple[Quantity, Quantity] | None = None
    whens: list[When] = field(default_factory=list)
    reading: str | None = None
    degree: str | None = None
    which: str | None = None
    every: bool = False
    since: bool = False
    turn: str | None = None

    @property
    def valued(self) -> bool:
        return self.value is not None or self.pair is not None

    @property
    def empty(self) -> bool:
        return not (self.valued or self.whens or self.reading or self.which or self.every or self.since)

    @property
    def later(self) -> bool:
        return self.opener not in ("from", "past")

    @property
    def only_days(self) -> bool:
        return bool(self.whens) and not (self.valued or self.reading or self.every or self.since)

    def points(self) -> list[Point]:
        origin = self.opener if self.opener in ("from", "to") else "from" if self.opener == "past" else None
        return [
            Point(self.value, self.pair, when, self.reading, self.degree, self.which, origin)
            for when in self.whens or [()]
        ]


@dataclass
class Points:
    """The points of a frame; `always` is what all results read, `after` since when, `every_value` their one value."""

    found: list[Piece] = field(default_factory=list)
    always: tuple[str, str | None] | None = None
    after: When = ()
    every_value: Quantity | None = None
    first: When = ()
    last: When = ()
    unread: bool = False
    turns: list[tuple[str, int]] = field(default_factory=list)
    every: bool = False


def pieces(atoms: list[Atom], points: Points) -> list[Piece]:
    """Cut the atoms at their breaks. Two values stand in two pieces, even with no break between them."""
    found = [Piece()]
    for atom in atoms:
        piece = found[-1]
        if atom.role == "break":
            if not piece.empty:
                found.append(Piece(atom.said))
            elif _STRENGTH.index(atom.said) > _STRENGTH.index(piece.opener):
                piece.opener = atom.said
        elif atom.role == "span":
            points.first, points.last = atom.said
        else:
            if _is_full(piece, atom.role):
                found.append(piece := Piece())
            _put(piece, atom)
    return [piece for piece in found if not piece.empty or piece.turn]


def _is_full(piece: Piece, role: str) -> bool:
    return {
        "value": piece.valued,
        "pair": piece.valued,
        "when": bool(piece.whens),
        "read": piece.reading is not None,
        "which": piece.which is not None,
    }.get(role, False)


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
    waiting: list[When] = []
    parts = _zipped(pieces(atoms, points))
    for place, piece in enumerate(parts):
        _add(points, piece, parts[place + 1 :], waiting)
    if waiting:
        points.found.append(Piece(whens=waiting))
    return points


def _zipped(parts: list[Piece]) -> list[Piece]:
    """As many dates as values before them, each given its own: "6.1, 6.0 and 5.4 in 2024, 2025 and 2026"."""
    bare = next((n for n, piece in enumerate(parts) if not piece.valued or piece.whens), len(parts))
    dated = bare + (1 if bare < len(parts) and parts[bare].valued else 0)
    whens = [*parts[bare].whens, *(w for p in parts[dated:] for w in p.whens)] if bare < len(parts) else []
    if dated < 2 or len(whens) != dated or not all(piece.only_days for piece in parts[dated:]):
        return parts
    for piece, when in zip(parts, whens, strict=False):
        piece.whens = [when]
    return parts[:dated]


def _add(points: Points, piece: Piece, following: list[Piece], waiting: list[When]) -> None:
    last = points.found[-1] if points.found else None
    if piece.turn:
        points.turns.append((piece.turn, len(points.found)))
    if piece.every:
        _add_every(points, piece, following)
    if piece.since and not piece.whens:
        _add_since(points, piece, last, following)
    if piece.empty:
        return
    if piece.only_days and not piece.which:
        led = bool(following) and following[0].opener == "(" and following[0].valued and not following[0].whens
        points.found.append(piece) if led else _add_days(points, piece, last, waiting)
    elif piece.valued or piece.whens:
        _add_point(points, piece, last, following, waiting)
    elif piece.reading:
        _add_reading(points, piece, last, waiting)
    elif last is not None and last.which is None and piece.opener in JOINING and piece.which:
        last.which = piece.which
    else:
        points.found.append(piece)


def _add_every(points: Points, piece: Piece, following: list[Piece]) -> None:
    """ "Both high", "4.29 each time", "below 60 throughout"."""
    piece.every = False
    points.every = True
    told = piece if piece.reading else next((p for p in reversed(points.found) if p.reading), None)
    if told is not None and (told is piece or not piece.valued):
        points.always = (told.reading or "", told.degree)
        told.reading = told.degree = None
        points.found = [p for p in points.found if not p.empty]
    elif piece.value and not piece.whens and not (following and following[0].valued):
        points.every_value, piece.value = piece.value, None


def _add_since(points: Points, piece: Piece, last: Piece | None, following: list[Piece]) -> None:
    """ "Raised in August 2025, normal since"."""
    piece.since = False
    if piece.reading and last is not None and last.whens and not piece.valued:
        points.always = (piece.reading, piece.degree)
        points.after = tuple(Days(d.last + timedelta(1), date.max) for d in last.whens[0] if not d.yearless)
        piece.reading = None
    points.unread = points.unread or not (points.after or (following and following[0].turn))


def _add_days(points: Points, piece: Piece, last: Piece | None, waiting: list[When]) -> None:
    if piece.opener in ("from", "to", "past"):
        points.found.append(piece)
    elif last is None:
        waiting += piece.whens
    elif not last.whens:
        last.whens = piece.whens
    elif piece.opener in ("and", ",", "include"):
        last.whens += piece.whens
    else:
        waiting += piece.whens


def _add_point(points: Points, piece: Piece, last: Piece | None, following: list[Piece], waiting: list[When]) -> None:
    """A value or a dated reading: a point of its own, unless the last one lacks just that."""
    chained = bool(following) and following[0].opener == "to"
    if last is not None and last.only_days and last.opener == "from" and following and following[0].opener == "from":
        following[0].whens = following[0].whens or last.whens
        points.found.pop()
        last = points.found[-1] if points.found else None
    if last is not None and piece.valued and not last.valued and not chained and _fits(last, piece):
        last.value, last.pair = piece.value, piece.pair
        last.whens = last.whens or piece.whens
        last.reading, last.degree = last.reading or piece.reading, last.degree or piece.degree
        last.which = last.which or piece.which
        return
    if last is not None and not piece.valued and piece.opener == "(" and last.valued and _fits(last, piece):
        last.whens, last.reading, last.degree = piece.whens, piece.reading, piece.degree
        return
    if not piece.whens and waiting:
        piece.whens = [waiting.pop(0)]
        waiting.clear()
    points.found.append(piece)


def _fits(last: Piece, piece: Piece) -> bool:
    return (
        (piece.opener in JOINING or last.opener in ("from", "to"))
        and not (last.whens and piece.whens)
        and not (last.reading and piece.reading)
        and not (last.which and piece.which)
    )


def _add_reading(points: Points, piece: Piece, last: Piece | None, waiting: list[When]) -> None:
    """A reading without value or day: of the last point that lacks one, else of the latest result."""
    if last is not None and piece.opener in AFTER and _is_main(points.found[0], last):
        last = points.found[0]
    if last is not None and last.reading is None and piece.opener not in APART:
        last.reading, last.degree, last.which = piece.reading, piece.degree, last.which or piece.which
        return
    if piece.opener == "from":
        piece.which = piece.which or "earlier"
    if waiting:
        piece.whens = [waiting.pop(0)]
    points.found.append(piece)


def _is_main(first: Piece, last: Piece) -> bool:
    """ "427, up from 309 in 2017, now high": behind an earlier value, what follows is of the sentence's own value."""
    return last.opener in EARLIER and first.opener not in EARLIER and first.reading is None
