"""`strata init` on servers of which not all answer."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from core.install.setup import initialise
from core.stores import databases


def test_nothing_is_changed_while_a_server_cannot_be_reached(database: Any) -> None:
    nowhere = make_url(database.archive_reports_url).set(database="nowhere").render_as_string(hide_password=False)
    said: list[str] = []
    try:
        with pytest.raises(OperationalError, match="nowhere"):
            initialise(database.model_copy(update={"archive_reports_url": nowhere}), said.append)
    finally:
        databases.configure(database)
    assert said == []
