"""What an evaluator may answer of a statement."""

from __future__ import annotations

from typing import NamedTuple


class Proved(NamedTuple):
    """The row that bears a statement out: its reference, the field, and the value as a clinician reads it."""

    row: str
    field: str
    value: str


class Refuted(NamedTuple):
    """The row that speaks against a statement, and why, in one plain sentence."""

    row: str
    field: str
    value: str
    reason: str


class NotInRows(NamedTuple):
    """No cited row decides the statement."""

    reason: str


Judged = Proved | Refuted | NotInRows
