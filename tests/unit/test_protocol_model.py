"""The protocol holds in every interleaving; each broken variant of it does not."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "protocol"
VARIANTS = (
    "cold before hot",
    "no window",
    "purge at once",
    "delete before verify",
    "no version check",
    "archive again before the purge",
    "superseded copies left",
    "rows and batch in two transactions",
    "a load that replaces what another batch owns",
)


@pytest.fixture(scope="module")
def model() -> Iterator[ModuleType]:
    """The model, as the command would load it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        spec = importlib.util.spec_from_file_location("protocol_model", FOLDER / "model.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "protocol_model", module)
        spec.loader.exec_module(module)
        yield module
        for part in ("states", "steps"):
            sys.modules.pop(part)


def test_every_guarantee_holds_in_every_interleaving(model: ModuleType) -> None:
    for name, bounds in model.SHORT.items():
        outcome = model.explore(bounds)
        assert outcome.why is None, f"{name}: {outcome.why}: {outcome.trace}"
        assert outcome.states > 4_000, f"{name}: only {outcome.states} states"


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_with_more_rows_edits_and_batches(model: ModuleType) -> None:
    for name, bounds in model.LONG.items():
        outcome = model.explore(bounds)
        assert outcome.why is None, f"{name}: {outcome.why}: {outcome.trace}"


def test_the_variants_are_those(model: ModuleType) -> None:
    assert set(model.BROKEN) == set(VARIANTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_broken_variant_has_a_counterexample(model: ModuleType, name: str) -> None:
    outcome = model.shortest(model.BROKEN[name])
    assert outcome.why is not None
    assert outcome.trace
