"""FHIR Condition."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, wording
from core.interchange.fhir.child import child_record, code_of
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, optional_day, required
from core.interchange.summary import Place
from core.models import ConditionStatus

OVER = ("inactive", "remission", "resolved")
WRONG = ("entered-in-error", "refuted")


def condition(resource: Resource, place: Place, references: References) -> Record:
    """A Condition that is not known to be wrong."""
    check_not_wrong(resource)
    onset_on, resolved_on = _days(resource)
    values: dict[str, Any] = {
        "code": code_of(resource.get("code"), "snomed"),
        "name": required(wording(resource.get("code")), 400, "code"),
        "status": (ConditionStatus.RESOLVED if resolved_on or is_over(resource) else ConditionStatus.ACTIVE).value,
        "onset_on": onset_on,
        "resolved_on": resolved_on,
    }
    natural = (values["code"] or values["name"], stamp(onset_on))
    return child_record("condition", resource, place, references, natural=natural, values=values, rank=resolved_on)


def check_not_wrong(resource: Resource) -> None:
    """Refuse a resource that its own source takes back. Raises BadValue."""
    if dig(resource, "verificationStatus", "coding", 0, "code") in WRONG:
        raise BadValue("it was entered in error or refuted")


def is_over(resource: Resource) -> bool:
    """Whether the clinical status says that it is no longer there."""
    return dig(resource, "clinicalStatus", "coding", 0, "code") in OVER


def _days(resource: Resource) -> tuple[date | None, date | None]:
    """When it began and when it ended."""
    onset = resource.get("onsetDateTime") or dig(resource, "onsetPeriod", "start") or resource.get("recordedDate")
    abated = resource.get("abatementDateTime") or dig(resource, "abatementPeriod", "end")
    onset_on, resolved_on = optional_day(onset, "onsetDateTime"), optional_day(abated, "abatementDateTime")
    if onset_on is not None and resolved_on is not None and resolved_on < onset_on:
        raise BadValue("abatementDateTime is before onsetDateTime")
    return onset_on, resolved_on
