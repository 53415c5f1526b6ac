"""Percentiles between rows, as PERCENTILE_CONT has them, in SQL that every engine takes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Subquery, case, func, literal_column


def ranked(
    rows: Select[Any], value: SQLColumnExpression[Any], within: SQLColumnExpression[Any] | None = None
) -> Subquery:
    """Rows as a query has them, with their `value`, its `place` among them from 0, and how `many` have one.

    `within` parts them; rows without a value are left out.
    """
    place = func.row_number().over(partition_by=within, order_by=value) - 1
    many = func.count().over(partition_by=within)
    with_value = rows.where(value.is_not(None))
    return with_value.add_columns(value.label("value"), place.label("place"), many.label("many")).subquery()


def percentile(share: float, of: Subquery) -> ColumnElement[Any]:
    """An aggregate over ranked rows: the value below which lies this share of them, between two if need be."""
    # The nearer of both neighbours counts the more; at a row itself, it alone.
    distance = func.abs(of.c.place - literal_column(str(share)) * (of.c.many - 1))
    return func.sum(of.c.value * case((distance < 1, 1 - distance), else_=0))
