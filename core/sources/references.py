"""References to rows (`observation:123`) and the content hash that tells whether one has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core.models import Base
from core.models.hashed_columns import hashed_columns, newest_version


class BadReference(ValueError):
    """Text that is not a row reference such as `observation:123`."""


def row_ref(table: str, row_id: int) -> str:
    """The reference of a row."""
    return f"{table}:{row_id}"


def parse_ref(ref: str) -> tuple[str, int]:
    """A reference's table and id. Raises BadReference."""
    table, _, number = ref.partition(":")
    if table not in Base.metadata.tables or not number.isascii() or not number.isdigit():
        raise BadReference(f"not a row reference: {ref!r}")
    return table, int(number)


def content_hash(table: str, values: Mapping[str, Any], version: int | None = None) -> str:
    """SHA-256 over a row's hashed columns of a version, by default the newest: lower-case hex.

    It is alike from every store and under every key. Raises UnknownVersion.
    """
    columns = hashed_columns(table, newest_version(table) if version is None else version)
    content = {name: _canonical(values[name]) for name in columns}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value
