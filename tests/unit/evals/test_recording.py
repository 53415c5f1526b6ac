"""A real model's answers, kept and replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.eval import group
from evals.offline_model.server import OfflineModel
from evals.recording import BadRecording, load
from workers.reports import prompts


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The answers of an endpoint about two made patients; the endpoint is gone since."""
    path = tmp_path / "answers.jsonl"
    with OfflineModel() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done = CliRunner().invoke(group, ["record", "--out", str(path), "--patients", "2"])
    assert done.exit_code == 0, done.output
    monkeypatch.delenv("OPENAI_BASE_URL")
    return path


def test_a_recording_says_who_made_it_and_when(recorded: Path) -> None:
    made = json.loads(recorded.read_text().splitlines()[0])
    assert made["model"] == "strata-offline-rules"
    assert made["prompts"] == prompts.version()
    assert made["made_by"]
    assert made["made_at"].endswith("Z")


def test_the_recorded_answers_are_replayed_and_others_refused(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.drafting.PATIENTS", 2)
    monkeypatch.setattr("evals.drafting.cases.__defaults__", (2,))
    run = CliRunner().invoke(group, ["run", "drafting", "--recorded", str(recorded), "--json"])
    result = json.loads(run.stdout.splitlines()[0])
    assert (result["cases"], result["faults"]) == (2, 0)
    other = CliRunner().invoke(group, ["run", "drafting", "--recorded", str(recorded), "--seed", "9", "--json"])
    assert json.loads(other.stdout.splitlines()[0])["faults"] == 2


def test_a_recording_of_other_prompts_is_refused(recorded: Path) -> None:
    with pytest.raises(BadRecording, match="recorded with other prompts"):
        load(recorded, "drafter-00000000")
    with pytest.raises(BadRecording, match="is no recording"):
        load(recorded.with_name("none"), "")


def test_without_an_endpoint_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(group, ["record", "--out", str(tmp_path / "x")])
    assert done.exit_code == 1
    assert "no model endpoint is configured" in done.output
