"""What is read of a file depends on the zone of pages, a setting: these tests have it when they run alone too."""

from __future__ import annotations

import pytest

from core.settings import config
from core.stores import databases

STORES = ("PRIMARY", "REPLICA", "ARCHIVE_LOGS", "ARCHIVE_VISITS", "ARCHIVE_REPORTS")


@pytest.fixture(scope="session", autouse=True)
def _configured() -> None:
    """Nothing connects: no server listens there."""
    if databases.configured is None:
        nowhere = {f"STRATA_{name}_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none" for name in STORES}
        more = {"STRATA_REDIS_URL": "redis://127.0.0.1:9/0", "STRATA_STAGING_URL": "file:///nowhere"}
        databases.configure(config.load({**nowhere, **more}))
