"""From when to when rows of a kind are, in one tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func

FIRST, LAST = "first", "last"
ENDS = (FIRST, LAST)


@dataclass(frozen=True)
class Ends:
    """The times of the first and the last row, if any has one; and whether any has none."""

    times: tuple[date, ...]
    has_undated: bool

    @classmethod
    def of(cls, row: Mapping[Any, Any]) -> Ends:
        """From a row that `whole` found."""
        return cls(tuple(row[name] for name in ENDS if row[name] is not None), row["rows"] > row["dated"])


NOTHING = Ends((), has_undated=False)


def columns(time_column: Any) -> list[ColumnElement[Any]]:
    return [func.min(time_column).label(FIRST), func.max(time_column).label(LAST)]


def whole(found: Select[Any], time_column: Any, mine: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The ends of what a query finds, and what `Ends` tells of days that nobody knows."""
    counts = (func.count().label("rows"), func.count(time_column).label("dated"))
    return found.with_only_columns(*columns(time_column), *counts, maintain_column_froms=True).where(*mine)
