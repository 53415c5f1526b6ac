"""Whatever the trail says of a patient's record, the patient reads in plain words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from core.models.reports import Decision
from public_app.privacy import WORDS

ROOT = Path(__file__).parents[3]
ROOMS = ("core", "staff_app", "public_app", "workers", "commands")
ABOUT_A_PATIENT = re.compile(
    r"(attachment|care_team|chart|history|observation|patient|prescription|record|report|results|row|visit)\.[a-z_]+"
)


def recorded() -> Iterator[str]:
    """The actions that calls of `record` and `look` name outright, and those that a decision makes."""
    for path in (path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and called(call) in {"record", "_record", "look"}:
                yield from filter(ABOUT_A_PATIENT.fullmatch, texts(call))
    yield from (f"report.claim_{decision}" for decision in Decision)


def called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def texts(call: ast.Call) -> Iterator[str]:
    """The arguments of a call that are written as texts."""
    return (part.value for part in call.args if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_each_look_and_change_has_words_for_the_patient() -> None:
    actions = set(recorded())
    assert {"report.reviewed", "visit.viewed", "care_team.joined", "report.claim_edited"} <= actions
    assert sorted(actions - WORDS.keys()) == []
