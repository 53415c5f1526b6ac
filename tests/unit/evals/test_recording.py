"""A real model's answers, kept and replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commands.eval import group
from evals.offline_model import rule_checker, rule_reader
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


def test_answers_about_cases_are_kept_and_give_the_columns_of_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case that code proves, one in words that it does not know: the model reads it, and judges both."""
    row = {"ref": "observation:1", "type": "observation", "patient_id": 7, "fields": {
        "name": "HbA1c", "code": "4548-4", "value": 8.9, "unit": "%", "observed_at": "2026-05-03T02:10:00Z",
    }}  # fmt: skip
    texts = ("HbA1c was 8.9 % on 3 May 2026.", "Sugary blood was 8.9 % on 3 May 2026.")
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(
        json.dumps({
            "id": f"c{n}", "patient_id": 7, "label": "supported", "error_type": None, "rows": [row],
            "claim": {"text": text, "citations": ["observation:1"]},
        }) + "\n" for n, text in enumerate(texts)
    ))  # fmt: skip
    real = rule_reader.read

    def named(sentences: list[dict[str, str]]) -> dict[str, Any]:
        found = real(sentences)
        for one in found["readings"]:
            for statement in one["statements"]:
                statement["known_as"] = "HbA1c"
        return found

    monkeypatch.setattr(rule_reader, "read", named)
    monkeypatch.setattr(rule_checker, "judge", rule_checker.approve)
    path = tmp_path / "answers.jsonl"
    with OfflineModel() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done = CliRunner().invoke(group, ["record", "--cases", str(cases), "--out", str(path)])
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert (done.exit_code, done.output) == (0, f"4 answers of strata-offline-rules are kept in {path}\n")
    run = CliRunner().invoke(group, ["run", "factcheck", "--cases", str(cases), "--recorded", str(path), "--json"])
    result = json.loads(run.stdout)
    flagged = {name: figures["right_flagged"] for name, figures in result["readers"].items()}
    assert flagged == {"grammar alone": 1, "with the judge": 1, "with reader and judge": 0}
    assert result["readers"]["with reader and judge"]["right_read"] == 1
    assert [one["reader"] for one in result["with_model"]] == ["proved", "proved"]


def test_a_question_without_an_answer_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps({
        "id": "c", "patient_id": 7, "label": "supported", "rows": [], "claim": {"text": "Well.", "citations": []},
    }))  # fmt: skip
    with OfflineModel(misbehave="refuse") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        done = CliRunner().invoke(group, ["record", "--cases", str(cases), "--out", str(tmp_path / "x")])
    assert "2 questions had no usable answer" in done.output
