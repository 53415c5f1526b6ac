"""The audit trail out as FHIR, whole, wherever its events are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands.audit import group
from core.models import AccessEvent
from core.queries import audit_stream
from core.stores import databases
from core.stores.archived import breakers
from core.stores.outage import Breaker
from tests.audit_events import assert_r4
from tests.integration.audit.conftest import Trail, waited


def run(*arguments: str) -> Any:
    return CliRunner().invoke(group, ["export", *arguments])


def exported(*arguments: str) -> list[dict[str, Any]]:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_event_of_both_tiers_once(trail: Trail) -> None:
    events = exported()
    assert 0 < trail.cold < len(trail.events)
    for event in events:
        assert_r4(event)
    ids = [int(event["id"]) for event in events]
    assert ids == sorted(set(ids))
    assert set(trail.events) <= set(ids)


def test_only_what_was_asked_for(trail: Trail) -> None:
    """The span holds the refusal at the other patient, one archived look and the first of the hot ones."""
    span = ("--since", "2026-11-01", "--until", "2026-11-09T00:00:00Z")
    mine = exported(*span, "--patient", str(trail.patient_id))
    assert [int(event["id"]) for event in mine] == list(trail.events[2:9])
    theirs = exported(*span, "--patient", str(trail.other_id))
    assert [(int(event["id"]), event["outcome"]) for event in theirs] == [(trail.events[1], "4")]
    assert theirs[0]["entity"][1]["what"]["reference"] == f"Patient/{trail.other_id}"


def test_archived_spans_join_without_a_gap(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exported()
    monkeypatch.setattr(audit_stream, "PAGE_ROWS", 2)
    assert exported()[: len(whole)] == whole


def test_a_span_may_take_longer_than_a_page_waits(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = waited(monkeypatch)
    assert trail.cold <= len(exported())
    assert min(waits) > databases.current().settings.cold_timeout_seconds


def test_it_is_recorded(trail: Trail) -> None:
    exported("--patient", str(trail.patient_id))
    with databases.read(databases.Store.HOT) as session:
        last = session.query(AccessEvent).order_by(AccessEvent.id.desc()).first()
        assert last is not None
        assert (last.action, last.patient_id) == ("audit.exported", trail.patient_id)


def test_a_file_is_the_owners_and_never_replaced(trail: Trail, tmp_path: Path) -> None:
    out = tmp_path / "trail.ndjson"
    assert run("--out", str(out)).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    before = out.read_bytes()
    again = run("--out", str(out))
    assert (again.exit_code, "choose another name" in again.output) == (2, True)
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "trail.json"), "must end in .ndjson"),
        (("--out", "/nowhere/trail.ndjson"), "make it first"),
        (("--since", "2026-11-02", "--until", "2026-11-02"), "must be after"),
        (("--since", "yesterday"), "does not match"),
        (("--patient", "0"), "not in the range"),
    ],
)
def test_bad_arguments(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.output


def test_nothing_is_written_while_the_archive_is_silent(trail: Trail, tmp_path: Path) -> None:
    breaker: Breaker = breakers["logs"]
    breaker.failed()
    done = run("--out", str(tmp_path / "trail.ndjson"))
    assert done.exit_code == 1
    assert "archive server logs is not answering" in done.output
    assert "nothing was written" in done.output
    assert list(tmp_path.iterdir()) == []
