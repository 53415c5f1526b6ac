"""Emptying the tables in the middle of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from core import db
from core.models import Base


@pytest.fixture
def empty(database: Any) -> Callable[[], None]:
    """Call it to empty every table of the primary."""

    def emptied() -> None:
        names = ", ".join(f'"{name}"' for name in Base.metadata.tables)
        with db.write(60) as session:
            session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))

    return emptied
