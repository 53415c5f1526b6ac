"""The clinics and practitioners that resources name, each made once, by display name where no resource was read."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.entry import Entry, identifier
from core.interchange.fhir.patient import address_of
from core.interchange.fhir.people_names import full_name
from core.interchange.source_rows import Population, Record
from core.interchange.source_values import display_name, required, text
from core.interchange.summary import Place
from core.interchange.synthea.csv_tables import practitioner_key

TITLES = ("Dr. ", "Dr ")
PROFESSIONALS = ("Practitioner", "PractitionerRole", "")


class CareGivers:
    """Adds a clinic or practitioner to a population when it is first named there."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._seen: set[tuple[str, str]] = set()

    def clinic(self, entry: Entry, reference: Any) -> str | None:
        """The source id of the clinic that a Reference names, or None."""
        found = entry.resolver.find(reference)
        resource = entry.resolver.content(reference)
        name = dig(resource, "name") or dig(reference, "display")
        if not isinstance(name, str) or not name.strip():
            return None
        source_id = identifier(found[1] if found is not None else f"{name.strip()[:60]}@name", "serviceProvider")
        values = {"name": required(name, 200, "serviceProvider"), "address": address_of(_address(resource))}
        self._add(Record("clinic", entry.place, (source_id,), values, source_id=source_id))
        return source_id

    def practitioner(self, entry: Entry, participants: Any, clinic: str | None) -> str | None:
        """The source id of the first practitioner among the participants, or None; relatives are no practitioners."""
        for participant in each(participants):
            reference = dig(participant, "individual")
            found = entry.resolver.find(reference)
            if found is not None and found[0] not in PROFESSIONALS:
                continue
            resource = entry.resolver.content(reference)
            if dig(resource, "resourceType") == "PractitionerRole":
                reference = dig(resource, "practitioner")
                resource = entry.resolver.content(reference)
            name = full_name(dig(resource, "name")) if resource is not None else ""
            name = name or _untitled(dig(reference, "display"))
            if name.strip():
                return self._practitioner(entry.place, name, resource, clinic)
        return None

    def _practitioner(self, place: Place, name: str, resource: Any, clinic: str | None) -> str | None:
        natural = practitioner_key(clinic or "", name)
        speciality = text(wording(dig(resource, "qualification", 0, "code")), 120, "qualification")
        values = {"name": required(display_name(name), 200, "participant"), "speciality": speciality}
        record = Record("practitioner", place, natural, values, source_id="~".join(natural))
        self._add(record)
        return record.source_id

    def _add(self, record: Record) -> None:
        name = (record.kind, record.source_id or "")
        if name not in self._seen:
            self._seen.add(name)
            self._population.add(record)


def _address(resource: Any) -> Any:
    address = dig(resource, "address")
    return address[0] if isinstance(address, list) and address else address


def _untitled(name: Any) -> str:
    """A display name without the title that Synthea puts before it, which its CSV lacks."""
    if not isinstance(name, str):
        return ""
    for title in TITLES:
        name = name.removeprefix(title)
    return name


def written_by(reference: Any) -> str | None:
    """The name of a note's author as the Reference shows it."""
    name = dig(reference, "display")
    return text(display_name(name), 200, "author") if isinstance(name, str) else None
