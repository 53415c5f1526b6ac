"""Hostile text takes no more than its length: twice the text costs at most three times the CPU time, not four or eight.

CPU time of this thread, the least of three runs, thrice, and only what is long enough to be measured.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import core.queries
import core.verification
import core.web
import evals
import staff_app
from core import verification
from core.queries import patient_search
from core.sealing import national_id
from core.verification.claims import CLAIM_CHARACTERS_MAX
from core.web import filters
from core.web.access import safe_next
from staff_app import cited_rows
from tests.unit.verification.made_rows import PATIENT, hba1c, row
from workers.reports import client

ROOT = Path(__file__).parents[2]
PACKAGES = (core.verification, core.queries, core.web, evals, staff_app)
PIECES = (
    "a", "1", " ", "-", ".", "1.", "1,", "a ", "1 ", "a-", "A", "/", "1/", "(", "[", "{", "<", "no ", "mg ", "1 mg ",
    "\n", "a\n", "\t", "'", "é", "of the ", "12 May ", "was ", "2026-", "12/", "from 1 to ", "(disorder", "year ",
    "plan: ", "increased from ", "HbA1c ",
)  # fmt: skip
DAY = date(2026, 6, 1)
FLOOR_SECONDS = 0.01
GROWTH_MAX, DOUBLED = 3.0, 2.2
LENGTHS, LONGEST = (125, 250, 500, 1_000, 2_000), (4_000, 8_000)
OF_LENGTHS = pytest.mark.parametrize(
    "lengths", [pytest.param(LENGTHS, id="short"), pytest.param(LONGEST, id="longest", marks=pytest.mark.long)]
)
_serial = count(1)


def hostile(piece: str, length: int) -> str:
    """One piece again and again, and an end that fits nothing; no two alike, for what is remembered by its text."""
    return (piece * length)[:length] + f"\x7f{next(_serial):09}"


def cost(act: Callable[[str], object], piece: str, length: int, *, enough: float = 0.0, runs: int = 3) -> float:
    """The least CPU seconds of some runs, without the collector; one of no more than `enough` is the last."""
    best = float("inf")
    gc.disable()
    try:
        for _run in range(runs):
            text = hostile(piece, length)
            began = time.thread_time()
            act(text)
            best = min(best, time.thread_time() - began)
            if best <= enough:
                break
    finally:
        gc.enable()
    return best


def outgrows(act: Callable[[str], object], piece: str, length: int) -> bool:
    """Whether twice the text costs more than three times as much.

    One run of each is enough where it costs little, or far less than that: what runs away costs four times as much.
    """
    whole = cost(act, piece, length, enough=FLOOR_SECONDS, runs=1)
    if whole <= FLOOR_SECONDS or whole <= DOUBLED * cost(act, piece, length // 2, runs=1):
        return False
    whole = cost(act, piece, length, enough=FLOOR_SECONDS)
    return whole > FLOOR_SECONDS and whole > GROWTH_MAX * cost(act, piece, length // 2)


def runaway(act: Callable[[str], object], lengths: tuple[int, ...]) -> str | None:
    """The first piece and length whose cost outgrows it, each time of three that it is measured."""
    for piece in PIECES:
        for length in lengths:
            if all(outgrows(act, piece, length) for _time in range(3)):
                return f"{length} characters of {piece!r} cost more than {GROWTH_MAX} times the half"
    return None


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def patterns() -> dict[str, tuple[re.Pattern[str], str]]:
    """Each compiled pattern of these packages, by where it stands, with one of the methods it is used by."""
    found = {}
    for package in PACKAGES:
        for module in modules(package):
            for name, value in vars(module).items():
                for number, pattern in enumerate(_within(value)):
                    for method in sorted(_methods(name)):
                        found[f"{module.__name__}.{name}.{number}.{method}"] = (pattern, method)
    return found


def _within(value: Any) -> list[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [found for item in value for found in _within(item)] if isinstance(value, tuple | list | frozenset) else []


def _methods(name: str) -> set[str]:
    """How a pattern of this name is used; one in a list may be searched for."""
    return _USES.get(name) or {"search"}


def _uses() -> dict[str, set[str]]:
    """The methods that the sources call of each name."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in ("core", "evals", "staff_app") for path in (ROOT / folder).rglob("*.py")):
        for name, method in re.findall(r"\b(\w+)\.(?=(\w+)\()", path.read_text()):
            found.setdefault(name, set()).add(method)
    return found


_USES = _uses()
PATTERNS = patterns()


def test_there_are_patterns_to_try() -> None:
    assert len(PATTERNS) > 20


@OF_LENGTHS
@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_runs_away(name: str, lengths: tuple[int, ...]) -> None:
    pattern, method = PATTERNS[name]
    use = getattr(pattern, method)
    if method in ("sub", "subn"):
        outcome = runaway(lambda text: use("", text), lengths)
    else:
        outcome = runaway(lambda text: list(use(text)) if method == "finditer" else use(text), lengths)
    assert outcome is None, f"{pattern.pattern}, {outcome}"


def checked(kind: str, **fields: str) -> Callable[[str], object]:
    """A check of an ordinary claim against a row whose fields, those named `text`, are hostile."""

    def check(text: str) -> object:
        cited = row(kind, **{name: text if value == "text" else value for name, value in fields.items()})
        claim = verification.Claim("HbA1c was 8.9 % on 3 May 2026.", (cited.ref,), PATIENT)
        return verification.check_claim(claim, (cited, hba1c(8.9, "2026-05-03")))

    return check


def claimed(text: str) -> object:
    cited = hba1c(8.9, "2026-05-03")
    return verification.check_claim(verification.Claim(text, (cited.ref,), PATIENT), (cited,))


def omitted(text: str) -> object:
    rows = (row("allergy", substance=text, status="active"), row("note", text=text, written_at="2026-05-03T02:10:00Z"))
    return verification.find_unstated([verification.Claim("She is well.", (rows[1].ref,), PATIENT)], rows, on=DAY)


PARSERS: dict[str, Callable[[str], object]] = {
    "a patient search": patient_search.parse_search,
    "a national id": lambda text: national_id.mask(national_id.compact(text)),
    "an address to go to next": safe_next,
    "a unit": filters.unit,
    "a source row shown": lambda text: cited_rows.marked(text, cited_rows.telling_words(text), text[:1_000]),
    "an answer of a model": client.unfenced,
    "a note": checked("note", text="text", written_at="2026-05-03T02:10:00Z"),
    "a value": checked("observation", name="Hemoglobin A1c", value="text", observed_at="2026-05-03T02:10:00Z"),
    "instructions": checked("prescription", medication="Metformin", instructions="text", started_on="2026-05-03"),
    "omissions": omitted,
}


@OF_LENGTHS
@pytest.mark.parametrize("what", PARSERS)
def test_no_reader_of_text_runs_away(what: str, lengths: tuple[int, ...]) -> None:
    assert runaway(PARSERS[what], lengths) is None


def test_a_claim_past_its_bound_is_not_read() -> None:
    """Within the bound each word is held against each; so the bound is what protects."""
    lengths = tuple(length for length in (*LENGTHS, *LONGEST) if length > CLAIM_CHARACTERS_MAX)
    assert runaway(claimed, lengths) is None
    assert all(cost(claimed, piece, lengths[-1]) < FLOOR_SECONDS for piece in PIECES)
