"""FHIR Patient."""

from __future__ import annotations

import re
from typing import Any

from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.concepts import wording
from core.interchange.fhir.dates import in_order
from core.interchange.fhir.entry import Entry, identifier
from core.interchange.fhir.people_names import family_and_given, full_name, is_over
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue, display_name, required, text
from core.models import Sex, said

NATIONAL_ID_TYPES = ("SS", "NI", "NNSGP", "PRC")
# Links that say the record is kept elsewhere now.
REPLACED = ("replaced-by",)
ADDRESS_PARTS = ("city", "district", "state", "postalCode")
# What some servers write where they know no date: the first day of their calendar.
NO_DATE = "0001-01-01"
ANIMAL = "/StructureDefinition/patient-animal"
ACCURACY = "date-accuracy-indicator"
PHONES, NO_RANK = ("phone", "sms"), 1_000
NUMBER = re.compile(r"(?:tel:)?[+(]{0,2}\d(?:[\s()./-]{0,2}\d){4,19}")


def patient(entry: Entry) -> Record:
    """A Patient."""
    resource = entry.resource
    if entry.identity is None:
        url = entry.item.full_url
        told = (
            f"its fullUrl '{url[:60]}' is no address, and it has no id" if url else "it has neither an id nor a fullUrl"
        )
        raise BadValue(told)
    source_id = identifier(entry.identity, "id")
    if any(str(dig(one, "url")).endswith(ANIMAL) for one in each(resource.get("extension"))):
        raise BadValue("it is an animal")
    sex = resource.get("gender", Sex.UNKNOWN.value)
    if sex not in {option.value for option in Sex}:
        raise BadValue(f"gender '{str(sex)[:20]}' is not one of female, male, other, unknown")
    birth_on = entry.dates.day(_written_day(_accurate(resource, "birthDate")), "birthDate", "birth_on")
    deceased_on = entry.dates.day(_accurate(resource, "deceasedDateTime"), "deceasedDateTime", "deceased_on")
    if not in_order(birth_on, deceased_on, entry.dates, ("birth_on", "deceased_on")):
        raise BadValue("deceasedDateTime is before birthDate")
    dates = {"dates": entry.dates.partial}
    values = {
        "national_id": _national_id(resource),
        "name": required(display_name(full_name(resource.get("name"))), 200, "name"),
        "sex": sex,
        "birth_on": birth_on,
        "deceased_on": deceased_on,
        "phone": text(_phone(resource), 40, "telecom"),
        "address": address_of(_current(resource.get("address"))),
        "language": text(wording(_language(resource)), 40, "communication"),
        "said": said.write(_said(resource, entry.resolver.index.replaced.get(entry.identity)) | dates),
    }
    identifiers = tuple(sorted(_identifiers(resource)))
    return Record("patient", entry.place, (), values, patient=source_id, source_id=source_id, identifiers=identifiers)


def _accurate(resource: Resource, name: str) -> Any:
    """A date as far as it is known: Australia writes a whole day, and beside it which of its parts are true."""
    written = resource.get(name)
    told = (one for one in each(dig(resource, f"_{name}", "extension")) if str(dig(one, "url")).endswith(ACCURACY))
    code = str(dig(next(told, None), "valueCoding", "code") or "AAA")
    if not isinstance(written, str):
        return written
    if written.startswith(NO_DATE):
        return None
    return written if len(code) != 3 or code == "AAA" else _sure_parts(written, *code)


def _sure_parts(written: str, day: str, month: str, year: str) -> str | None:
    """The parts of a date that its source is sure of."""
    # An estimated year says something; a day or month that is not sure would be read as known.
    return None if year == "U" else written[:4] if month != "A" else written[:7] if day != "A" else written


def _has_death(written: Any) -> bool:
    """Whether a date of death tells that somebody died; an empty one, or the first day of all, does not."""
    return written not in (None, "") and not str(written).startswith(NO_DATE)


def _written_day(born: Any) -> Any:
    """A day of birth that a server writes as an instant is the day that stands there, in whatever zone."""
    return born[:10] if isinstance(born, str) and "T" in born else born


def is_one_person(versions: list[Resource]) -> bool:
    """Whether no two versions of a Patient disagree on name, birth date or sex."""
    told = (
        {full_name(one.get("name")).casefold() for one in versions},
        {str(one.get("birthDate") or "") for one in versions},
        {str(one.get("gender") or "") for one in versions},
    )
    return all(len(values - {""}) < 2 for values in told)


def _said(resource: Resource, replaced_by: str | None) -> dict[str, Any]:
    links = [link for link in each(resource.get("link")) if dig(link, "type") in REPLACED]
    return {
        "deceased": resource.get("deceasedBoolean") is True or _has_death(resource.get("deceasedDateTime")),
        "inactive": resource.get("active") is False,
        "replaced_by": next((str(dig(link, "other", "reference") or "another record") for link in links), replaced_by),
        "name": family_and_given(resource.get("name")),
        "identifiers": [list(pair) for pair in sorted(_identifiers(resource))],
    }


def _identifiers(resource: Resource) -> set[tuple[str, str]]:
    """System and value of each identifier that can tell people apart; national ids are kept sealed, so not here."""
    found = set()
    for part in each(resource.get("identifier")):
        system, value = dig(part, "system"), dig(part, "value")
        national = any(dig(c, "code") in NATIONAL_ID_TYPES for c in each(dig(part, "type", "coding")))
        if isinstance(system, str) and isinstance(value, str) and value and not national and dig(part, "use") != "old":
            found.add((system[:200], value[:100]))
    return found


def _national_id(resource: Resource) -> str | None:
    for candidate in each(resource.get("identifier")):
        codes = [dig(coding, "code") for coding in each(dig(candidate, "type", "coding"))]
        if any(code in NATIONAL_ID_TYPES for code in codes) and dig(candidate, "use") != "old":
            return text(dig(candidate, "value"), 32, "identifier")
    return None


def _phone(resource: Resource) -> Any:
    used = [t for t in each(resource.get("telecom")) if dig(t, "value") and not is_over(t)]
    phones = [t for t in used if dig(t, "system") in PHONES or _is_number(t)]
    number = dig(min(phones, key=_preference, default=None), "value")
    return number.removeprefix("tel:") if isinstance(number, str) else number


def _is_number(contact: Any) -> bool:
    """Whether a contact of which nobody said what it is can only be a telephone number."""
    return dig(contact, "system") is None and NUMBER.fullmatch(str(dig(contact, "value")).strip()) is not None


def _preference(phone: Any) -> tuple[bool, int]:
    rank = dig(phone, "rank")
    return dig(phone, "system") is None, rank if isinstance(rank, int) else NO_RANK


def _language(resource: Resource) -> Any:
    spoken = each(resource.get("communication"))
    first = next((one for one in spoken if dig(one, "preferred") is True), spoken[0] if spoken else None)
    return dig(first, "language")


def _current(addresses: Any) -> Any:
    found = [address for address in each(addresses) if isinstance(address, dict) and not is_over(address)]
    # Where bills go, nobody may live.
    return min(found, key=lambda address: address.get("use") in ("billing", "temp"), default=None)


def address_of(address: Any) -> str | None:
    """An Address on one line."""
    lines = [*each(dig(address, "line")), *(dig(address, name) for name in ADDRESS_PARTS)]
    joined = ", ".join(" ".join(line.split()) for line in lines if isinstance(line, str) and line.strip())
    return text(joined or dig(address, "text"), 300, "address")
