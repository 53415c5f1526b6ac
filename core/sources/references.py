"""References to rows (`observation:123`) and the content hash that tells whether one has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core.models import Base

# They change with the keys of STRATA_FIELD_KEYS, not with what the row says.
UNDER_KEYS = frozenset({"national_id_sealed", "national_id_hash"})


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


def content_hash(table: str, values: Mapping[str, Any]) -> str:
    """SHA-256 over a row's columns in the hot table, alike from every store and under every key: lower-case hex."""
    columns = [column.name for column in Base.metadata.tables[table].columns if column.name not in UNDER_KEYS]
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
