"""Cases of the fact-check suite: one JSON object a line, in a format that anyone can write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.verification import Claim, Row

LABELS = ("supported", "contradicted", "not_addressed")
HARD = tuple(sorted(Path(__file__).parent.glob("factcheck_hard*.jsonl")))


class BadCases(Exception):
    """A file of cases that can't be read; the message names file, line and mend."""


@dataclass(frozen=True)
class Case:
    """One claim with the rows supplied to it. `error_type` names what is wrong with it, None if nothing is."""

    id: str
    rows: tuple[Row, ...]
    claim: Claim
    label: str
    error_type: str | None

    def as_json(self) -> dict[str, Any]:
        rows = [{"ref": r.ref, "type": r.type, "patient_id": r.patient_id, "fields": dict(r.fields)} for r in self.rows]
        claim = {"text": self.claim.text, "citations": list(self.claim.citations)}
        return {"id": self.id, "rows": rows, "claim": claim, "patient_id": self.claim.patient_id, "label": self.label,
                "error_type": self.error_type}  # fmt: skip


def load(path: Path) -> list[Case]:
    """The cases of a file. Raises BadCases at the first line that is no case."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise BadCases(f"{path}: {fault.strerror or fault}") from None
    except UnicodeDecodeError as fault:
        raise BadCases(f"{path}: not UTF-8 (byte {fault.start}): save it as UTF-8") from None
    cases = list(_cases(path, text))
    if not cases:
        raise BadCases(f"{path}: no cases in it: one JSON object a line, see `strata eval run --help`")
    return cases


def _cases(path: Path, text: str) -> Iterator[Case]:
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            case = _case(json.loads(line))
        except json.JSONDecodeError as fault:
            raise BadCases(f"{path}, line {number}: not JSON: {fault.msg} at column {fault.colno}") from None
        except (ValueError, RecursionError) as fault:
            raise BadCases(f"{path}, line {number}: {fault}") from None
        if case.id in seen:
            raise BadCases(f"{path}, line {number}: id {case.id!r} was used on line {seen[case.id]}: give each its own")
        seen[case.id] = number
        yield case


def _case(given: Any) -> Case:
    if not isinstance(given, dict):
        raise ValueError("a case is a JSON object with id, rows, claim, patient_id, label")
    patient_id = _get(given, "patient_id", int)
    claim = _get(given, "claim", dict)
    citations = _get(claim, "citations", list, "claim.")
    if not all(isinstance(ref, str) for ref in citations):
        raise ValueError('claim.citations are references such as "observation:12"')
    label = _get(given, "label", str)
    if label not in LABELS:
        raise ValueError(f"label is {label!r}: it is one of {', '.join(LABELS)}")
    error_type = given.get("error_type")
    if error_type is not None and not isinstance(error_type, str):
        raise ValueError("error_type is a string or null")
    rows = tuple(_row(row, f"rows[{n}].") for n, row in enumerate(_get(given, "rows", list)))
    text = _get(claim, "text", str, "claim.")
    return Case(str(_get(given, "id", (str, int))), rows, Claim(text, tuple(citations), patient_id), label, error_type)


def _row(given: Any, where: str) -> Row:
    if not isinstance(given, dict):
        raise ValueError(f"{where[:-1]} is not an object with ref, type, patient_id, fields")
    return Row(
        _get(given, "ref", str, where),
        _get(given, "type", str, where),
        _get(given, "patient_id", int, where),
        _get(given, "fields", dict, where),
    )


def _get(given: Mapping[str, Any], key: str, kind: type | tuple[type, ...], where: str = "") -> Any:
    if key not in given:
        raise ValueError(f"{where}{key} is missing")
    value = given[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = {"str": "text", "int": "a whole number", "dict": "an object", "list": "a list"}
        raise ValueError(f"{where}{key} must be {' or '.join(names[k.__name__] for k in kinds)}")
    return value
