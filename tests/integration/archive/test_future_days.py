"""A run moves what is cold by now: a later day is refused, by the service and by the command."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from commands.archive.runs import group
from core.models import ArchiveRun, utc_now
from core.services import archive
from core.stores import databases
from core.stores.databases import Store


def runs() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(ArchiveRun)) or 0


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("dry_run", [False, True])
def test_the_service_refuses_a_later_instant(dry_run: bool) -> None:
    later = utc_now() + timedelta(minutes=5)
    with pytest.raises(archive.BadDay, match="in the future"), databases.write() as session:
        archive.start_run(session, record_type="visit", by=None, as_of=later, dry_run=dry_run)
    assert runs() == 0


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("verb", ["run", "plan"])
@pytest.mark.parametrize(("day", "words"), [("0001-01-01", "the year 1 is before"), ("9999-12-31", "in the future")])
def test_the_ends_of_the_calendar_are_refused(verb: str, day: str, words: str) -> None:
    result: Any = CliRunner().invoke(group, [verb, "--type", "visit", "--as-of", day])
    assert (result.exit_code, words in result.stderr, result.stderr.count("\n")) == (1, True, 1)
    assert runs() == 0


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("verb", ["run", "plan"])
def test_the_command_says_why(verb: str) -> None:
    result: Any = CliRunner().invoke(group, [verb, "--type", "visit", "--as-of", "2999-01-20"])
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: 20 Jan 2999 is in the future: give a day that has begun, or none for now\n",
    )
    assert runs() == 0
