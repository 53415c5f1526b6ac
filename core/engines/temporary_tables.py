"""Definitions of temporary tables, each made once: by its tables SQLAlchemy knows a statement that it has compiled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, MetaData, Table

_DEFINED: dict[tuple[Any, ...], Table] = {}


def defined(name: str, columns: Sequence[Column[Any]], **options: Any) -> Table:
    """The table of this name with such columns, as it was defined first. Nothing is made on a server."""
    key = (name, *((column.name, repr(column.type), column.nullable) for column in columns))
    if key not in _DEFINED:
        _DEFINED.setdefault(key, Table(name, MetaData(), *columns, **options))
    return _DEFINED[key]
