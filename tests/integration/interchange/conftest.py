"""Cases after files of the real world, imported into real servers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.interchange import fhir
from core.interchange.summary import Summary

Case = Callable[..., list[Summary]]


@pytest.fixture
def case(database: Any, shared_data: Path) -> Case:
    """Imports a case's files one after the other, or its folder at once."""

    def imported(name: str, *, at_once: bool = False) -> list[Summary]:
        folder = shared_data / "field" / name
        paths = [folder] if at_once else sorted(folder.glob("*.json"))
        return [fhir.import_path(path) for path in paths]

    return imported
