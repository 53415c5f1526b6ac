"""Access events in whole chains, made without their transactions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from core.audit.chain import CHAINED, GENESIS, values_hash
from core.stores import databases
from core.stores.databases import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
WRITERS = 200
ACTIONS = ("chart.viewed", "visit.viewed", "results.viewed", "report.read")


def make(count: int) -> None:
    """Write so many events of WRITERS chains, in turn, and the chains' heads."""
    tips: dict[str, tuple[int, str]] = {}
    engine = databases.current().engine(Store.HOT, read_only=False)
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            with cursor.copy(f"COPY access_event ({', '.join((*CHAINED, 'hash'))}) FROM STDIN") as copy:
                for row in _rows(count, tips):
                    copy.write_row(row)
            cursor.executemany(
                "INSERT INTO chain_head (writer, sequence, hash) VALUES (%s, %s, %s)",
                [(writer, *tip) for writer, tip in tips.items()],
            )
            cursor.execute("ANALYZE access_event")


def _rows(count: int, tips: dict[str, tuple[int, str]]) -> Iterator[tuple[Any, ...]]:
    for number in range(count):
        writer = f"web-1-{number % WRITERS}-0a1b2c3d4e5f"
        sequence, previous = tips.get(writer, (0, GENESIS))
        action, patient = ACTIONS[number % len(ACTIONS)], number % 5_000 + 1
        at, who = START + timedelta(seconds=number), (number % 50 + 1, "Dr Nair Priya", "clinician")
        where = (None, "192.0.2.7", f"{number:032x}")
        row = (at, "staff", action, "allow", *who, patient, f"visit:{number}", *where, writer, sequence + 1, previous)
        tips[writer] = (sequence + 1, values_hash(row))
        yield (*row, tips[writer][1])
