"""The same rows by pt-archiver, between two MariaDB servers; skipped, and said so, where they aren't installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

PROGRAMS = ("pt-archiver", "mariadbd", "mariadb-install-db")


def compare(scale: float, rows_per_second: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Ratios of our rate to pt-archiver's, or why there are none."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        why = f"skipped: {', '.join(missing)} not installed (Debian: percona-toolkit, mariadb-server)"
        say(f"pt-archiver: {why}")
        return {"ratio_to_pt_archiver_bulk": None, "ratio_to_pt_archiver_rows": None, "pt_archiver": why}
    raise NotImplementedError
