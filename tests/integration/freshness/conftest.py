"""A standby whose delay a test sets, and this process's memory of it, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.stores import replica_watch
from core.stores.outage import primary
from core.stores.replica_watch import ReplicaWatch
from tests.tiers import Tiers


@pytest.fixture
def watched(database: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """This process knows nothing yet of the servers; gives the settings."""
    from core.stores import freshness, page_reads

    primary.answered()
    replica_watch.forget()
    fresh = ReplicaWatch(replica_watch.replica_probe.latest, replica_watch.primary_probe.latest)
    for module in (replica_watch, freshness, page_reads):
        monkeypatch.setattr(module, "watch", fresh)
    return database


@pytest.fixture
def delay(tiers: Tiers, watched: Any) -> Iterator[Callable[[float], None]]:
    """Call it to let the standby apply each commit so many seconds late."""

    def apply(seconds: float) -> None:
        with tiers.replica.connect("postgres") as connection:
            connection.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = '{int(seconds * 1000)}ms'")
            connection.execute("SELECT pg_reload_conf()")

    yield apply
    tiers.replica.start()
    apply(0)
