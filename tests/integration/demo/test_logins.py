"""Which logins the demo gives to which process: none reaches further than where an administrator sets it up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from commands.demo import logins
from commands.demo.demo_files import Keys
from core.install.database_roles import DatabaseRole
from core.models.record_types import SERVERS


@pytest.mark.parametrize("server", SERVERS)
def test_the_patients_portal_signs_in_to_no_archive(database: Any, servers: Any, server: str) -> None:
    """There it would read drafts, and what staff did; the staff portal may, as its pages show both."""
    made = logins.environments(database, servers.valkey, Keys())
    addresses = {role: made[role][f"STRATA_ARCHIVE_{server.upper()}_URL"] for role in DatabaseRole}
    with pytest.raises(OperationalError):
        create_engine(addresses[DatabaseRole.PUBLIC]).connect()
    with create_engine(addresses[DatabaseRole.STAFF]).connect() as archive:
        assert str(archive.scalar(text("SELECT current_user"))).startswith("strata_reader_")
