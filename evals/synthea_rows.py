"""Rows from a folder of Synthea CSV, without a database: material for made cases."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.verification import Row

Cells = dict[str, str]
# Low and high ends for results to which Synthea gives no range, so that claims can interpret them; one may lack.
RANGES: dict[str, tuple[float | None, float | None]] = {
    "4548-4": (4.0, 6.0), "2339-0": (70, 140), "2345-7": (70, 140), "38483-4": (0.5, 1.2), "2160-0": (0.5, 1.2),
    "2947-0": (135, 145), "2951-2": (135, 145), "6298-4": (3.5, 5.1), "2823-3": (3.5, 5.1), "33914-3": (60, None),
    "2093-3": (None, 200), "18262-6": (None, 130), "2571-8": (None, 150), "8480-6": (90, 130), "8462-4": (60, 85),
    "718-7": (12, 17), "777-3": (150, 400), "6690-2": (4, 10), "2708-6": (95, None), "8867-4": (60, 100),
}  # fmt: skip


class BadRecords(Exception):
    """A folder that holds no Synthea CSV; the message says what is missing."""


def read(folder: Path) -> dict[int, list[Row]]:
    """Each patient's rows, patients numbered from 1 in the file's order. Raises BadRecords."""
    numbers = {cells["Id"]: n for n, cells in enumerate(_rows(folder, "patients"), start=1)}
    patients: dict[int, list[Row]] = defaultdict(list)
    for cells in _rows(folder, "patients"):
        n = numbers[cells["Id"]]
        sex = {"M": "male", "F": "female"}.get(cells["GENDER"])
        fields = {"name": f"{cells['FIRST']} {cells['LAST']}", "sex": sex, "birth_date": cells["BIRTHDATE"]}
        patients[n].append(Row(f"patient:{n}", "patient", n, fields))
    serial = 0
    for file, kind, fields_of in _TABLES:
        for cells in _rows(folder, file):
            owner = numbers.get(cells["PATIENT"])
            if owner is not None:
                serial += 1
                patients[owner].append(Row(f"{kind}:{serial}", kind, owner, fields_of(cells)))
    return dict(patients)


def _rows(folder: Path, name: str) -> Iterator[Cells]:
    path = folder / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except OSError as fault:
        raise BadRecords(f"{path}: {fault.strerror}: --records takes a folder of Synthea CSV") from None
    except (UnicodeDecodeError, csv.Error) as fault:
        raise BadRecords(f"{path}: not readable as CSV in UTF-8: {fault}") from None


def _observation(cells: Cells) -> dict[str, Any]:
    low, high = RANGES.get(cells["CODE"], (None, None))
    value: float | str = cells["VALUE"]
    if cells["TYPE"] == "numeric":
        value = float(cells["VALUE"])
    unit = cells["UNITS"] if cells["UNITS"] not in ("", "null") else None
    return {"name": cells["DESCRIPTION"], "code": cells["CODE"],
    "value": value, "unit": unit, "observed_at": cells["DATE"],
            "ref_low": low, "ref_high": high, "interpretation": None}  # fmt: skip


def _prescription(cells: Cells) -> dict[str, Any]:
    stop = cells["STOP"][:10] or None
    return {"medication": cells["DESCRIPTION"], "dose": None, "frequency": None, "status": "completed"
    if stop else "active",
            "started_on": cells["START"][:10],
            "stopped_on": stop, "reason": cells["REASONDESCRIPTION"] or None}  # fmt: skip


def _condition(cells: Cells) -> dict[str, Any]:
    stop = cells["STOP"][:10] or None
    return {"name": cells["DESCRIPTION"], "code": cells["CODE"], "status": "resolved" if stop else "active",
            "onset_on": cells["START"][:10], "resolved_on": stop}  # fmt: skip


def _allergy(cells: Cells) -> dict[str, Any]:
    return {"substance": cells["DESCRIPTION"], "reaction": cells["DESCRIPTION1"] or None, "criticality": None,
            "severity": (cells["SEVERITY1"] or "").lower() or None, "status": "active",
            "recorded_on": cells["START"][:10]}  # fmt: skip


def _visit(cells: Cells) -> dict[str, Any]:
    return {"description": cells["DESCRIPTION"], "reason": cells["REASONDESCRIPTION"] or None,
    "class": cells["ENCOUNTERCLASS"],
            "started_at": cells["START"], "ended_at": cells["STOP"] or None}  # fmt: skip


_TABLES: tuple[tuple[str, str, Callable[[Cells], dict[str, Any]]], ...] = (
    ("observations", "observation", _observation),
    ("medications", "prescription", _prescription),
    ("conditions", "condition", _condition),
    ("allergies", "allergy", _allergy),
    ("encounters", "visit", _visit),
)
