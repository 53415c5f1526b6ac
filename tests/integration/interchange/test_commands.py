"""`strata import` and `strata generate` as people call them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commands.generate import generate
from commands.import_ import group
from tests import interchange_files as files
from tests.conftest import ROOT

Run = Callable[..., Result]


@pytest.fixture
def run(database: Any) -> Run:
    """Calls a command in this process."""

    def called(command: Any, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments)

    return called


def test_synthea_as_json_and_as_a_table(run: Run, tmp_path: Path) -> None:
    folder = files.write(tmp_path, files.tables(conditions=[files.condition(), files.condition(PATIENT="nobody")]))
    first = run(group, "synthea", str(folder), "--shift-to", "2026-11-20", "--json")
    assert first.exit_code == 0
    said = json.loads(first.stdout)
    assert (said["read"], said["new"], said["refused"]) == (9, 8, 1)
    assert said["by_kind"]["condition"] == {"read": 2, "new": 1, "unchanged": 0, "updated": 0, "refused": 1}
    assert said["refusals"] == [
        {"file": "conditions.csv", "line": 3, "kind": "condition", "reason": "there is no patient nobody"}
    ]
    second = run(group, "synthea", str(folder))
    assert second.exit_code == 0
    assert "refused conditions.csv:3: there is no patient nobody" in second.stdout
    assert [line.split() for line in second.stdout.splitlines() if line.startswith("all ")] == [
        ["all", "9", "0", "8", "0", "1"]
    ]


def test_all_refusals_go_to_a_file(run: Run, tmp_path: Path) -> None:
    bad = [files.observation(VALUE="x") for _ in range(30)]
    folder, refusals = files.write(tmp_path / "in", files.tables(observations=bad)), tmp_path / "refusals.jsonl"
    shown = run(group, "synthea", str(folder))
    assert shown.stdout.count("refused observations.csv") == 20
    assert "10 more" in shown.stdout
    run(group, "synthea", str(folder), "--refusals", str(refusals))
    lines = [json.loads(line) for line in refusals.read_text().splitlines()]
    assert [line["line"] for line in lines] == list(range(2, 32))


def test_fhir(run: Run, tmp_path: Path) -> None:
    files.bundle(tmp_path, files.fhir_patient(), files.fhir_encounter())
    result = run(group, "fhir", str(tmp_path), "--json")
    assert (result.exit_code, json.loads(result.stdout)["by_kind"]["visit"]["new"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("synthea", "/nowhere"), 2),
        (("synthea",), 2),
        (("synthea", ".", "--shift-to", "tomorrow"), 2),
        (("synthea", ".", "--shift-to", "0001-01-01"), 2),
        (("fhir", "/nowhere.json"), 2),
        (("synthea", "{empty}"), 1),
        (("fhir", "{empty}"), 1),
        (("fhir", "{spoiled}"), 1),
    ],
)
def test_exit_status(run: Run, tmp_path: Path, arguments: tuple[str, ...], status: int) -> None:
    spoiled, empty = tmp_path / "spoiled.json", tmp_path / "empty"
    empty.mkdir()
    spoiled.write_text("{")
    result = run(group, *(a.format(empty=empty, spoiled=spoiled) for a in arguments))
    assert result.exit_code == status
    assert "Traceback" not in result.output


def test_generate(run: Run) -> None:
    result = run(generate, "--patients", "30", "--visits-per-patient", "2.5", "--as-of", "2026-11-23", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["by_kind"]["visit"]["new"] == 75
    assert run(generate, "--patients", "0").exit_code == 2
    assert run(generate).exit_code == 2


def test_the_command_itself(database: Any, environment: dict[str, str], tmp_path: Path) -> None:
    folder = files.write(tmp_path, files.tables())
    command = [sys.executable, "cli.py", "import", "synthea", str(folder), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["new"] == 8
