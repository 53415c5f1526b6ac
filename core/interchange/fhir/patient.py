"""FHIR Patient, and the clinics and practitioners that encounters name."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, each, wording
from core.interchange.source_rows import Population, Record
from core.interchange.source_values import BadValue, day, display_name, identifier, optional_day, required, text
from core.interchange.summary import Place, Summary
from core.interchange.synthea.csv_tables import practitioner_key
from core.models import Sex

NATIONAL_ID_TYPES = ("SS", "NI", "NNSGP", "PRC")
TITLES = ("Dr. ", "Dr ")


def patient(resource: Resource, place: Place) -> Record:
    """A Patient."""
    source_id = identifier(resource.get("id"), "id")
    sex = resource.get("gender", Sex.UNKNOWN.value)
    if sex not in {option.value for option in Sex}:
        raise BadValue(f"gender '{str(sex)[:20]}' is not one of female, male, other, unknown")
    birth_on = day(resource.get("birthDate"), "birthDate")
    deceased_on = optional_day(resource.get("deceasedDateTime"), "deceasedDateTime")
    if deceased_on is not None and deceased_on < birth_on:
        raise BadValue("deceasedDateTime is before birthDate")
    language = dig(resource, "communication", 0, "language")
    values = {
        "national_id": _national_id(resource),
        "name": required(display_name(_name(resource.get("name"))), 200, "name"),
        "sex": sex,
        "birth_on": birth_on,
        "deceased_on": deceased_on,
        "phone": text(_phone(resource), 40, "telecom"),
        "address": _address(dig(resource, "address", 0)),
        "language": text(dig(language, "text") or dig(language, "coding", 0, "display"), 40, "communication"),
    }
    return Record("patient", place, (), values, patient=source_id, source_id=source_id)


def _name(names: Any) -> str:
    usable = [name for name in each(names) if isinstance(name, dict)]
    best = next((name for name in usable if name.get("use") == "official"), usable[0] if usable else {})
    parts = [*each(best.get("given")), best.get("family")]
    joined = " ".join(part for part in parts if isinstance(part, str))
    return joined or (best["text"] if isinstance(best.get("text"), str) else "")


def _national_id(resource: Resource) -> str | None:
    for candidate in each(resource.get("identifier")):
        codes = [dig(coding, "code") for coding in each(dig(candidate, "type", "coding"))]
        if any(code in NATIONAL_ID_TYPES for code in codes):
            return text(dig(candidate, "value"), 32, "identifier")
    return None


def _phone(resource: Resource) -> Any:
    return next((dig(t, "value") for t in each(resource.get("telecom")) if dig(t, "system") == "phone"), None)


def _address(address: Any) -> str | None:
    lines = [*each(dig(address, "line")), *(dig(address, name) for name in ("city", "state", "postalCode"))]
    joined = ", ".join(" ".join(line.split()) for line in lines if isinstance(line, str) and line.strip())
    return text(joined or dig(address, "text"), 300, "address")


class CareTeam:
    """Clinics and practitioners as encounters name them, each made once, by display name where no resource was read."""

    def __init__(self, population: Population, summary: Summary, references: References) -> None:
        self._population, self._summary, self._references = population, summary, references
        self._seen: set[tuple[str, str]] = set()

    def clinic(self, reference: Any, place: Place) -> str | None:
        """The source id of the clinic that a Reference names, or None."""
        source_id = self._references.id_of(reference)
        resource = self._references.resource(reference)
        name = dig(resource, "name") or dig(reference, "display")
        if source_id is None or not isinstance(name, str):
            return None
        self._add(
            Record(
                "clinic",
                place,
                (identifier(source_id, "serviceProvider"),),
                {"name": required(name, 200, "serviceProvider"), "address": _address(dig(resource, "address", 0))},
                source_id=source_id,
            )
        )
        return source_id

    def practitioner(self, reference: Any, clinic: str | None, place: Place) -> str | None:
        """The source id of the practitioner that a Reference names, or None."""
        resource = self._references.resource(reference)
        name = _name(dig(resource, "name")) if resource is not None else _untitled(dig(reference, "display"))
        if not isinstance(name, str) or not name.strip():
            return None
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
            self._summary.of(record.kind).read += 1


def _untitled(name: Any) -> Any:
    """A display name without the title that Synthea puts before it, which its CSV lacks."""
    if isinstance(name, str):
        for title in TITLES:
            name = name.removeprefix(title)
    return name


def written_by(reference: Any) -> str | None:
    """The name of a note's author as the Reference shows it."""
    name = dig(reference, "display")
    return text(display_name(name), 200, "author") if isinstance(name, str) else None
