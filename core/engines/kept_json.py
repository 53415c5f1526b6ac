"""JSON in a column of text, read without a fault: a process that is taken may have written anything there."""

from __future__ import annotations

import json
from typing import Any


def read(text: str | None) -> Any:
    """The value; None of nothing, of what is no JSON, is too deep or holds a number of too many digits."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def read_object(text: str | None) -> dict[str, Any]:
    """The object; empty of anything else."""
    found = read(text)
    return found if isinstance(found, dict) else {}
