"""HumanName: the one in use, in the order in which its people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.interchange.fhir.bundles import dig, each
from core.interchange.joined_names import joined

USES = ("official", "usual", None, "temp", "nickname", "anonymous", "maiden", "old")


def in_use(names: Any) -> dict[str, Any]:
    """The official name, or the one nearest to it; never an old one while there is another."""
    usable = [name for name in each(names) if isinstance(name, dict) and (_written(name) or _joined(name))]
    return min(usable, key=_rank, default={})


def _rank(name: dict[str, Any]) -> tuple[bool, int]:
    use = name.get("use")
    return is_over(name), USES.index(use) if use in USES else 2


def is_over(part: Any) -> bool:
    """Whether a name, address or telephone number is used no longer: by its use, or by a period that has ended."""
    end = dig(part, "period", "end")
    ended = isinstance(end, str) and end[:10] < datetime.now(UTC).date().isoformat()[: len(end[:10])]
    return ended or dig(part, "use") == "old"


def full_name(names: Any) -> str:
    """The name as its bearer writes it: the text if there is one, else its parts."""
    name = in_use(names)
    return _written(name) or _joined(name)


def family_and_given(names: Any) -> dict[str, Any]:
    """The parts of the name in use, for an export that says what came in."""
    name = in_use(names)
    kept: dict[str, Any] = {part: name[part] for part in ("use", "family", "given", "prefix", "suffix") if part in name}
    return kept if "family" in kept or "given" in kept else {}


def _written(name: dict[str, Any]) -> str:
    written = name.get("text")
    return " ".join(written.split()) if isinstance(written, str) else ""


def _joined(name: dict[str, Any]) -> str:
    given = [part for part in each(name.get("given")) if isinstance(part, str)]
    family = name["family"] if isinstance(name.get("family"), str) else ""
    suffix = [part for part in each(name.get("suffix")) if isinstance(part, str)]
    return joined(given, family, suffix)
