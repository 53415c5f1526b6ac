"""The append to the audit trail on SQL Server: one batch with a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, String, TextClause, bindparam, text

TYPES: dict[str, Any] = {
    "at": DateTime(timezone=True),
    **dict.fromkeys(("account_id", "patient_id", "sequence", "before"), BigInteger),
}


def append_event(connection: Connection, event: Mapping[str, Any]) -> bool:
    """Append an event and move its writer's head, if the chain ends where the event says."""
    values = {**event, "before": event["sequence"] - 1}
    return connection.scalar(_appending(tuple(event)), values) == 1


@cache
def _appending(names: tuple[str, ...]) -> TextClause:
    """The batch for an event with these columns: it appends the event and moves its writer's head, or does neither."""
    values = ", ".join(f":{name}" for name in names)
    batch = text(
        "SET NOCOUNT ON; SET XACT_ABORT ON; DECLARE @moved int; BEGIN TRANSACTION;"
        " UPDATE chain_head SET sequence = :sequence, hash = :hash"
        " WHERE writer = :writer AND sequence = :before AND hash = :previous_hash; SET @moved = @@ROWCOUNT;"
        f" IF @moved = 1 INSERT INTO access_event ({', '.join(names)}) VALUES ({values});"
        " COMMIT TRANSACTION; SELECT @moved; SET XACT_ABORT OFF; SET NOCOUNT OFF"
    )
    types = {name: TYPES.get(name, String) for name in (*names, "before")}
    return batch.bindparams(*(bindparam(name, type_=kind) for name, kind in types.items()))
