"""What the doctor refuses: each boundary that is not in force, broken for real, as the process that has it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from commands.doctor import boundaries
from core import audit
from core.audit import head_sets, kept_heads
from core.install.database_roles import DatabaseRole
from core.models import utc_now
from core.settings.config import Settings
from core.stores import databases
from tests.integration.access.acting_roles import acting, urls  # noqa: F401 - fixtures
from workers import audit_heads

PUBLIC, STAFF, WORKER, ARCHIVER = DatabaseRole
SEALED = base64.b64encode(b"0" * 32).decode()


def refused(settings: Settings) -> dict[str, str]:
    """What is wrong, by subject; what Redis says of its one user is told elsewhere: test_redis_users.py."""
    databases.configure(settings)
    of_redis = ("redis", "queue", "positions")
    return {
        found.subject.removeprefix("boundaries: "): found.detail
        for found in boundaries.examine(settings)
        if not found.ok and found.subject.removeprefix("boundaries: ") not in of_redis
    }


@pytest.fixture
def narrow(acting: Any, tmp_path: Path) -> Callable[..., Settings]:  # noqa: F811
    """The settings of a process that lacks nothing and has nothing of another's, but for what is given."""

    def make(role: DatabaseRole, **broken: Any) -> Settings:
        settings = acting(role)
        own = tuple(pair for pair in settings.event_keys if pair[0] == role.kind)
        seals, is_portal = role in (WORKER, ARCHIVER), role in (PUBLIC, STAFF)
        right = {
            "event_keys": own,
            "signing_key": settings.signing_key if role is STAFF else "",
            "signing_public_keys": (SEALED,) if role is PUBLIC else (),
            "staging_key": SEALED if seals else "",
            "attachments_key": SEALED if is_portal else "",
            "audit_heads_url": tmp_path.as_uri(),
        }
        made = settings.model_copy(update={**right, **broken})
        databases.configure(made)
        return made

    return make


@pytest.mark.parametrize("role", DatabaseRole)
def test_a_process_as_it_should_be_has_nothing_wrong(narrow: Callable[..., Settings], role: DatabaseRole) -> None:
    assert refused(narrow(role)) == {}


@pytest.mark.parametrize(
    ("role", "broken", "subject"),
    [
        *((role, {"event_keys": ()}, "event keys") for role in DatabaseRole),
        *((role, {"event_keys": ((role.kind, b"k" * 32), ("command", b"k" * 32))}, "event keys")
          for role in DatabaseRole),
        (PUBLIC, {"event_keys": (("public", b"k" * 32), ("staff", b"k" * 32))}, "event keys"),
        (PUBLIC, {"secret_key": ""}, "secret key"),
        (STAFF, {"secret_key": ""}, "secret key"),
        (PUBLIC, {"field_keys": ()}, "field keys"),
        (STAFF, {"field_keys": ()}, "field keys"),
        (PUBLIC, {"attachments_key": ""}, "files of notes"),
        (STAFF, {"attachments_key": ""}, "files of notes"),
        (WORKER, {"staging_key": ""}, "staged files"),
        (ARCHIVER, {"staging_key": ""}, "staged files"),
        (STAFF, {"signing_key": ""}, "signatures"),
        (PUBLIC, {"signing_public_keys": ()}, "signatures"),
        *((role, {"signing_key": SEALED}, "signatures") for role in (PUBLIC, WORKER, ARCHIVER)),
        (WORKER, {"audit_key": "", "audit_public_keys": ()}, "kept heads"),
    ],
)  # fmt: skip
def test_a_key_that_is_missing_or_anothers_is_wrong(
    narrow: Callable[..., Settings], role: DatabaseRole, broken: dict[str, Any], subject: str
) -> None:
    assert list(refused(narrow(role, **broken))) == [subject]


@pytest.mark.only_on_postgresql("rights as it has them")
@pytest.mark.parametrize("role", DatabaseRole)
def test_a_login_of_two_roles_is_wrong(database: Settings, narrow: Callable[..., Settings], role: DatabaseRole) -> None:
    other, settings = PUBLIC if role is not PUBLIC else ARCHIVER, narrow(role)
    with create_engine(database.primary_url, isolation_level="AUTOCOMMIT").connect() as owner:
        owner.execute(text(f"GRANT {other} TO test_{role}"))
        try:
            assert "login" in refused(settings)
        finally:
            owner.execute(text(f"REVOKE {other} FROM test_{role}"))


def an_event(*, minutes_ago: int = 0) -> None:
    with databases.write() as session:
        audit.record(session, "chart.viewed", by=None, at=utc_now() - timedelta(minutes=minutes_ago))


def of_heads(settings: Settings) -> dict[str, str]:
    return {subject: said for subject, said in refused(settings).items() if subject.startswith("kept heads")}


def test_heads_that_are_kept_are_in_order(narrow: Callable[..., Settings]) -> None:
    settings = narrow(WORKER)
    an_event(minutes_ago=settings.audit_heads_minutes + 1)
    audit_heads.keep()
    assert of_heads(settings) == {}


@pytest.mark.parametrize(("minutes_more", "told"), [(-5, []), (5, ["kept heads, age"])])
def test_heads_that_were_never_kept_are_missed(
    narrow: Callable[..., Settings], minutes_more: int, told: list[str]
) -> None:
    settings = narrow(WORKER)
    an_event(minutes_ago=settings.audit_heads_minutes + minutes_more)
    assert list(of_heads(settings)) == told


def test_heads_that_are_too_old_are_told_of(narrow: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = narrow(WORKER)
    an_event()
    then = utc_now() - timedelta(minutes=settings.audit_heads_minutes + 1)
    with monkeypatch.context() as at:
        at.setattr(kept_heads, "utc_now", lambda: then)
        audit_heads.keep()
    assert list(of_heads(settings)) == ["kept heads, age"]


def test_all_heads_taken_away_are_missed(narrow: Callable[..., Settings], tmp_path: Path) -> None:
    settings = narrow(WORKER)
    an_event()
    audit_heads.keep()
    for one in tmp_path.rglob("*.json"):
        one.unlink()
    assert "1 set(s) of heads missing at the end" in of_heads(settings)["kept heads"]


def test_unsigned_heads_are_wrong(narrow: Callable[..., Settings], tmp_path: Path) -> None:
    settings = narrow(WORKER)
    an_event()
    folder = tmp_path / head_sets.PREFIX
    folder.mkdir()
    (folder / f"{utc_now():{head_sets.UNSIGNED_TIME}}.json").write_text(json.dumps({"staff-x": [1, "0" * 64]}))
    assert "not signed" in of_heads(settings)["kept heads"]


def test_heads_signed_by_another_key_are_wrong(narrow: Callable[..., Settings]) -> None:
    settings = narrow(WORKER)
    an_event()
    audit_heads.keep()
    other = settings.model_copy(update={"audit_key": base64.b64encode(b"2" * 32).decode(), "audit_public_keys": ()})
    assert "is not signed with the key" in of_heads(other)["kept heads"]
