"""The append to the audit trail, which every look at a record waits for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Connection


class Trail(Protocol):
    """Appends to the trail in one round trip."""

    def append_event(self, connection: Connection, event: Mapping[str, Any]) -> bool:
        """Append an access event and move its writer's head, if the chain ends where the event says.

        Otherwise write nothing and return False.
        """
