"""Records for an empty demo: generated ones, or imported from a folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from commands.demo import programs
from commands.demo.demo_files import Keys
from core.embedded import EmbeddedError
from core.models import Patient
from core.settings.config import environ_with
from core.stores import databases


def fill(
    data_dir: Path,
    keys: Keys,
    *,
    env: dict[str, str],
    patients: int,
    import_dir: Path | None,
    on_progress: Callable[[str], None],
) -> None:
    """Fill the databases once. Raises EmbeddedError when that fails, with nothing marked as filled."""
    if keys.filled:
        if import_dir is not None:
            on_progress(f"Keeping the records of an earlier start: --fresh would import {import_dir} instead")
        return
    if import_dir is not None:
        on_progress(f"Importing {import_dir}, moved in time so that its newest record is of today")
        today = datetime.now(UTC).date().isoformat()
        _run(env, "import", "synthea", str(import_dir), "--shift-to", today)
    elif (missing := patients - _count_patients()) > 0:
        on_progress(f"Generating {missing} patients")
        _run(env, "generate", "--patients", str(missing))
    keys.filled = True
    keys.save(data_dir)


def _run(env: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(programs.strata(*arguments), cwd=programs.CODE_DIR, env=environ_with(env), check=False)
    if done.returncode:
        raise EmbeddedError("The records could not be filled in.", "see the line above, then start again.")


def _count_patients() -> int:
    """Count the patients that an interrupted start has made: each chunk of them is complete."""
    with databases.write() as session:
        return session.scalar(select(func.count()).select_from(Patient)) or 0
