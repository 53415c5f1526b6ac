"""Each module of core stands in a room, and two modules share a name only for a reason that is listed here."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IMPORT_CONTRACTS = PYPROJECT["tool"]["importlinter"]
# core.verification is being rebuilt: its names are left out until it is.
LEFT_OUT = ROOT / "core" / "verification"

# A feature's modules in several layers, each by its folder.
FEATURES = {
    "access": "core core/web",
    "addresses": "public_app staff_app",
    "accounts": "core/services staff_app",
    "alerts": "commands core/queries workers",
    "archive": "commands core/models core/queries core/services staff_app workers",
    "archive_runs": "core/web/drawings staff_app",
    "attachments": "core/queries core/staging core/web",
    "audit": "commands core core/models staff_app",
    "clinic_quarters": "core/queries staff_app",
    "care": "core/access core/models core/services staff_app",
    "corrections": "core/models core/queries core/services staff_app",
    "downloads": "core/web public_app staff_app",
    "erase": "commands/archive workers/archive",
    "evaluations": "core/queries core/services",
    "generate": "commands core/interchange",
    "history": "public_app staff_app",
    "jobs": "core workers/reports",
    "load_figures": "core/queries core/services",
    "notices": "core/queries/reports core/services/reports",
    "operations": "core/models core/queries staff_app",
    "passkeys": "core/services core/web",
    "patients": "core/queries core/services staff_app",
    "picture": "commands core core/models",
    "privacy": "core/queries public_app",
    "redis_users": "commands core/install",
    "reports": "core/models core/queries core/services public_app staff_app workers",
    "restore": "commands/archive workers/archive",
    "results": "core/queries public_app",
    "retention": "core/queries staff_app",
    "review": "core/queries/reports staff_app",
    "routing": "bench core/stores",
    "second_factor": "core/services core/web",
    "single_sign_on": "core/access staff_app",
    "verification": "bench core",
    "visits": "core/queries core/services public_app staff_app",
}
# The same step of two workflows.
STEPS = {"lease": "workers/archive workers/reports"}


def layers() -> set[str]:
    (contract,) = (contract for contract in IMPORT_CONTRACTS["contracts"] if contract.get("containers") == ["core"])
    assert contract["exhaustive"]
    listed = " ".join(contract["layers"])
    return set(listed.replace("|", " ").replace(":", " ").split())


def modules() -> list[Path]:
    """Every module and package of the project, a package as its folder."""
    found = []
    for package in IMPORT_CONTRACTS["root_packages"]:
        for path in (ROOT / package).rglob("*.py"):
            if "versions" not in path.parts and path.stem != "__main__":
                found.append(path.parent if path.stem == "__init__" else path)
    return found


def test_every_module_of_core_stands_in_a_layer() -> None:
    rooms = {path.relative_to(ROOT / "core").parts[0] for path in (ROOT / "core").rglob("*.py")} - {"__init__.py"}
    assert rooms == layers()


@pytest.mark.parametrize("room", sorted(layers()))
def test_every_room_says_what_lives_there_and_what_it_may_import(room: str) -> None:
    text = ast.get_docstring(ast.parse((ROOT / "core" / room / "__init__.py").read_text())) or ""
    what, _, imports = text.partition("\n\n")
    assert what
    assert imports.startswith("May import ")


def test_a_name_is_shared_only_by_a_feature_or_a_step() -> None:
    folders = defaultdict(list)
    for path in modules():
        if LEFT_OUT not in path.parents:
            folders[path.stem].append(str(path.parent.relative_to(ROOT)))
    shared = {name: " ".join(sorted(found)) for name, found in folders.items() if len(found) > 1}
    assert shared == FEATURES | STEPS


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count too: they would only hide a circle. Those for types alone do not."""
    graph = grimp.build_graph(*IMPORT_CONTRACTS["root_packages"], exclude_type_checking_imports=True, cache_dir=None)
    imported = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imported) > 500
    TopologicalSorter(imported).prepare()
