"""FHIR Condition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from core.interchange import suspicion
from core.interchange.fhir.annotations import further, graded, remarks, sites
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.code_names import SNOMED
from core.interchange.fhir.concepts import all_named, chosen, is_absence, kept, status_of, wording
from core.interchange.fhir.dates import in_order
from core.interchange.fhir.dosage import plain
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, required, text
from core.models import ConditionStatus, StatementKind, said

OVER = ("inactive", "remission", "resolved")
ACTIVE = ("active", "recurrence", "relapse", "unknown", None)
DOUBTFUL = ("provisional", "differential", "unconfirmed")
SURE = ("confirmed", None)
# "Diagnosesicherheit": excluded, suspected, certain; and "Zustand nach", which is over.
CERTAINTIES = {"A": "refuted", "V": "provisional", "G": "confirmed"}
STATUS_POST = "Z"
AGE_UNITS = {"a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "min": "minutes"}


def condition(entry: Entry) -> Record:
    """A Condition as a problem, or as a statement if it is ruled out, in doubt or says that there is none."""
    resource = entry.resource
    code = resource.get("code")
    words = required((all_named(code) or "")[:400], 400, "code")
    certainty = _certainty(code)
    verification = status_of(resource, "verificationStatus") or CERTAINTIES.get(certainty or "")
    check_statuses(resource, verification, (*SURE, *DOUBTFUL, "refuted"))
    entry.about |= {"codings": kept(code), "verification": verification, "recorded": resource.get("recordedDate")}
    entry.about |= {
        "note": remarks(resource, (*further(code), *_causes(entry), *graded(resource), *_ended(resource))),
        "site": sites(resource),
    }
    recorded = resource.get("recordedDate") or resource.get("onsetDateTime")
    if verification == "refuted":
        return entry.statement(StatementKind.REFUTED, words, recorded)
    if is_absence(code):
        return entry.statement(StatementKind.NEGATION, words, recorded)
    if verification in DOUBTFUL:
        return entry.statement(StatementKind.SUSPECTED, words, recorded, verification)
    if suspicion.in_words(words):
        return entry.statement(StatementKind.SUSPECTED, words, recorded)
    return _problem(entry, words)


def _problem(entry: Entry, words: str) -> Record:
    resource = entry.resource
    onset_on, resolved_on = _days(entry)
    over = has_ended(resource) or status_of(resource, "clinicalStatus") in OVER
    over = over or _certainty(resource.get("code")) == STATUS_POST
    clinical = kept_clinical(resource)
    entry.about["onset"] = None if onset_on else onset_words(resource)
    entry.about["clinical"] = None if over and clinical == said.NOT_STATED else clinical
    values: dict[str, Any] = {
        "code": text(dig(chosen(resource.get("code"), (SNOMED,)), "code"), 64, "code"),
        "name": words,
        "status": (ConditionStatus.RESOLVED if over else ConditionStatus.ACTIVE).value,
        "onset_on": onset_on,
        "resolved_on": resolved_on,
    }
    natural = (values["code"] or words, stamp(_written_day(resource) or onset_on))
    return entry.record("condition", natural, values, rank=(resolved_on,))


def _causes(entry: Entry) -> Iterator[str]:
    """What a problem is due to (HL7's extension)."""
    for one in each(entry.resource.get("extension")):
        if str(dig(one, "url")).endswith("condition-dueTo"):
            reference = dig(one, "valueReference")
            inside = dig(entry.resolver.content(reference), "code") if reference is not None else None
            words = wording(dig(one, "valueCodeableConcept")) or wording(inside) or dig(reference, "display")
            yield from (f"due to: {words}",) if isinstance(words, str) else ()


def _certainty(code: Any) -> str | None:
    """How sure a German ICD-10 code is said to be. Raises BadValue for what we don't know."""
    told = (one for coding in each(dig(code, "coding")) for one in each(dig(coding, "extension")))
    found = next((one for one in told if str(dig(one, "url")).endswith("icd-10-gm-diagnosesicherheit")), None)
    if found is None:
        return None
    certainty = dig(found, "valueCoding", "code") or dig(found, "valueCode")
    if certainty not in (*CERTAINTIES, STATUS_POST):
        raise BadValue(f"Diagnosesicherheit '{str(certainty)[:30]}' is none that we know")
    return str(certainty)


def check_statuses(resource: Resource, verification: str | None, allowed: tuple[str | None, ...]) -> None:
    """Refuse a status that we don't know, and one that takes the resource back. Raises BadValue, Retracted."""
    if verification == "entered-in-error":
        raise Retracted("its verificationStatus is entered-in-error")
    if verification not in allowed:
        raise BadValue(f"verificationStatus '{str(verification)[:30]}' is none that we know")
    clinical = status_of(resource, "clinicalStatus")
    if clinical not in (*ACTIVE, *OVER):
        raise BadValue(f"clinicalStatus '{str(clinical)[:30]}' is none that we know")


def kept_clinical(resource: Resource) -> str | None:
    """A clinical status of which our columns hold the half: remission, relapse, inactive; or that none is stated."""
    clinical = status_of(resource, "clinicalStatus") or said.NOT_STATED
    return clinical if clinical in ("recurrence", "relapse", "inactive", "remission", said.NOT_STATED) else None


def has_ended(resource: Resource) -> bool:
    """Whether any abatement is told, in whatever form."""
    return any(name.startswith("abatement") and value not in (None, False) for name, value in resource.items())


def _ended(resource: Resource) -> tuple[str, ...]:
    """An end that is no date."""
    told = onset_words({f"onset{form}": resource.get(f"abatement{form}") for form in ("Age", "Range", "String")})
    return (f"ended: {told}",) if told else ()


def onset_words(resource: Resource) -> str | None:
    """An onset that is no date: an age, a range or words."""
    age, bounds, words = (resource.get(f"onset{form}") for form in ("Age", "Range", "String"))
    if dig(age, "value") is not None:
        return f"at the age of {_aged(age)}"
    if isinstance(bounds, dict):
        ends = [(word, _aged(bounds[side])) for side, word in (("low", "from"), ("high", "to")) if dig(bounds, side)]
        return " ".join(f"{word} {aged}" for word, aged in ends) + " of age" if ends else None
    return words[:200] if isinstance(words, str) else None


def _aged(quantity: Any) -> str:
    """An age in words; years go without saying."""
    told = str(dig(quantity, "unit") or "a")
    unit = AGE_UNITS.get(str(dig(quantity, "code")), AGE_UNITS.get(told, told))
    number = " ".join(filter(None, (dig(quantity, "comparator"), plain(dig(quantity, "value")))))
    return number if unit in ("years", "year", "yr", "yrs", "y") else f"{number} {unit}"


def _days(entry: Entry) -> tuple[date | None, date | None]:
    """When it began and when it ended."""
    resource = entry.resource
    onset = resource.get("onsetDateTime") or dig(resource, "onsetPeriod", "start")
    abated = resource.get("abatementDateTime") or dig(resource, "abatementPeriod", "end")
    onset_on = entry.dates.day(onset, "onsetDateTime", "onset_on")
    resolved_on = entry.dates.day(abated, "abatementDateTime", "resolved_on")
    if not in_order(onset_on, resolved_on, entry.dates, ("onset_on", "resolved_on")):
        raise BadValue("abatementDateTime is before onsetDateTime")
    return onset_on, resolved_on


def _written_day(resource: Resource) -> date | None:
    """The day as it is written, which is the one that Synthea's CSV gives."""
    raw = resource.get("onsetDateTime") or dig(resource, "onsetPeriod", "start")
    try:
        return date.fromisoformat(str(raw)[:10])
    except ValueError:
        return None
