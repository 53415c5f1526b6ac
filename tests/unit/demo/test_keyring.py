"""Which keys the demo gives to whom: what boundaries between its processes rest on."""

from __future__ import annotations

import pytest

from commands.demo import keyring
from commands.demo.demo_files import Keys
from core.install.database_roles import DatabaseRole

PORTALS = {DatabaseRole.PUBLIC, DatabaseRole.STAFF}


def given(role: DatabaseRole) -> dict[str, str]:
    keys = Keys()
    return {**keyring.for_commands(keys), **keyring.for_role(keys, role)}


@pytest.mark.parametrize("role", DatabaseRole)
def test_what_is_staged_is_sealed_and_no_portal_opens_it(role: DatabaseRole) -> None:
    assert bool(given(role).get("STRATA_STAGING_KEY")) is (role not in PORTALS)
    assert bool(given(role).get("STRATA_ATTACHMENTS_KEY")) is (role in PORTALS)


@pytest.mark.parametrize("role", DatabaseRole)
def test_a_process_writes_events_under_its_own_key_alone(role: DatabaseRole) -> None:
    assert [one.partition("=")[0] for one in given(role)["STRATA_EVENT_KEYS"].split(",")] == [role.kind]


def test_staff_alone_signs_reports_and_the_worker_alone_signs_heads() -> None:
    assert [role for role in DatabaseRole if "STRATA_SIGNING_KEY" in given(role)] == [DatabaseRole.STAFF]
    assert [role for role in DatabaseRole if "STRATA_AUDIT_KEY" in given(role)] == [DatabaseRole.WORKER]
