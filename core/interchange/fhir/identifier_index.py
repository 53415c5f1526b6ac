"""Who has which identifier. Every patient and visit of an import is in it, so it keeps no more than it must."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from core.interchange.fhir.bundles import dig


@dataclass(slots=True)
class IdentifierIndex:
    """Qualified ids of resources by type, system and value of an identifier, of which it keeps 128 bits."""

    _holders: dict[bytes, str | tuple[str, ...]] = field(default_factory=dict)

    def add(self, kind: str, system: str, value: str, identity: str) -> None:
        """A resource has this identifier."""
        self._add(_mark(kind, system, value), identity)

    def of(self, kind: str, system: str, value: str) -> tuple[str, ...]:
        """The resources of a type that have this identifier."""
        found = self._holders.get(_mark(kind, system, value), ())
        return (found,) if isinstance(found, str) else found

    def absorb(self, other: IdentifierIndex) -> None:
        """Take in what was found in other files."""
        for mark, found in other._holders.items():
            for identity in (found,) if isinstance(found, str) else found:
                self._add(mark, identity)

    def _add(self, mark: bytes, identity: str) -> None:
        known = self._holders.setdefault(mark, identity)
        holders = (known,) if isinstance(known, str) else known
        if identity not in holders:
            self._holders[mark] = (*holders, identity)


def _mark(kind: str, system: str, value: str) -> bytes:
    # With the lengths before them, no two identifiers have the same text.
    text = f"{len(kind)}|{len(system)}|{kind}{system}{value}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def identifier_in(reference: Any) -> tuple[str, str, str] | None:
    """Type, system and value of the identifier by which a Reference names a resource; None if it does so otherwise."""
    name = dig(reference, "reference")
    if isinstance(name, str) and name.strip():
        kind, _, query = name.strip().partition("?")
        wanted = next((part[11:] for part in query.split("&") if part.startswith("identifier=")), "")
        system, _, value = wanted.rpartition("|")
        return (kind.rsplit("/", 1)[-1], system, value) if value else None
    value, of_system = dig(reference, "identifier", "value"), dig(reference, "identifier", "system")
    return (str(dig(reference, "type") or ""), str(of_system or ""), value) if isinstance(value, str) else None
