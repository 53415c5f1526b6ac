"""Each seeded fault is seen by the test that is there to see it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.boundary_mutants import BOUNDARIES
from tests.mutants.mutant import Mutant
from tests.mutants.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
PARTS = ("core", "workers", "public_app", "staff_app", "commands", "templates", "static", "docs", "tests")
FILES = ("pyproject.toml", "cli.py", "wsgi.py")
TESTS_FAILED = 1

named = pytest.mark.parametrize("mutant", [*MUTANTS, *BOUNDARIES], ids=lambda mutant: mutant.name)


@named
def test_the_text_that_it_changes_is_there_once(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1


@named
def test_the_test_that_kills_it_is_there(mutant: Mutant) -> None:
    file, _, test = mutant.killed_by.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text()


@pytest.fixture
def copy(reachable_folder: Path) -> Path:
    """The project without its history and environment."""
    for part in PARTS:
        shutil.copytree(ROOT / part, reachable_folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, reachable_folder / file)
    return reachable_folder


@pytest.mark.long
@pytest.mark.timeout(600)
@named
def test_it_is_killed(mutant: Mutant, copy: Path) -> None:
    changed = copy / mutant.file
    changed.write_text(changed.read_text().replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider", mutant.killed_by]
    run = subprocess.run(command, cwd=copy, env=os.environ, capture_output=True, text=True, check=False)
    assert run.returncode == TESTS_FAILED, f"{mutant.killed_by} does not see it: {run.stdout[-2_000:]}"
