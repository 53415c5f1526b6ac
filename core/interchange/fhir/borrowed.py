"""What a resource takes from others: the time or day that it lacks."""

from __future__ import annotations

from dataclasses import replace

from core.interchange.fhir import document
from core.interchange.fhir.compact_marks import mark_of
from core.interchange.fhir.entry import Entry
from core.interchange.fhir.lent_times import VISIT, Lent
from core.interchange.fhir.resource_index import is_timeless


def timed(entry: Entry, lent: Lent) -> Entry:
    """An Observation with the time that a report, a panel or a visit lends it, if it has none."""
    if not is_timeless(entry.resource) or entry.identity is None:
        return entry
    patient, visit = (entry.resolver.find_if_clear(entry.resource.get(name)) for name in ("subject", "encounter"))
    mark = mark_of("Observation", entry.identity)
    found = lent.of(mark, patient[1] if patient else None, mark_of("Encounter", visit[1]) if visit else None)
    if found is None:
        return entry
    time, lender = found
    item = replace(entry.item, resource={**entry.resource, **time})
    return replace(entry, item=item, time_of=lender)


def dated(entry: Entry, lent: Lent) -> Entry:
    """A document or report with the day that its visit lends it, if it tells no date."""
    told = document.visit_of_undated(entry.resource)
    visit = entry.resolver.find_if_clear(told) if told is not None else None
    day = lent.day_of(mark_of("Encounter", visit[1])) if visit is not None else None
    if day is None:
        return entry
    item = replace(entry.item, resource=document.dated(entry.resource, day))
    return replace(entry, item=item, time_of=VISIT)
