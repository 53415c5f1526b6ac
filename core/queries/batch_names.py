"""How the trail names a batch, and how a fault names it to a person."""

from __future__ import annotations

import re

TARGET = re.compile(r"batch:(\d{1,19})")


def name_of(batch_id: int, record_type: str) -> str:
    """A batch in words."""
    return f"batch {batch_id} of {record_type}"
