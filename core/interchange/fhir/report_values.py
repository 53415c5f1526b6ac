"""Values that stand inside a DiagnosticReport (`contained`): rows like those of entries, known by their report.

They have no identity of their own. All of a report are numbered as the components of one Observation are, so that a
newer version of the report takes the rows that the same content or test had before, and ends those that it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from core.interchange.fhir import observation
from core.interchange.fhir.bundles import Item, Resource, dig, each
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.fhir.oddities import tidy_codes
from core.interchange.fhir.resource_index import TIMES
from core.interchange.source_rows import Record, Retraction
from core.interchange.source_values import BadValue

GONE = "its report has these values no longer"
CORRECTED = ("amended", "corrected", "appended")


class Refused(NamedTuple):
    """A value that can't be taken: its reference, why, and whether its source takes it back."""

    name: str
    reason: str
    is_taken_back: bool = False


def named(resource: Resource) -> dict[str, Resource]:
    """The Observations inside a report that its results name, and their members, by reference."""
    inside = {f"#{dig(part, 'id')}": part for part in each(resource.get("contained")) if _is_value(part)}
    wanted = [dig(one, "reference") for one in each(resource.get("result"))]
    found: dict[str, Resource] = {}
    for name in wanted:
        if name in inside and name not in found:
            found[name] = inside[name]
            wanted += [dig(one, "reference") for one in each(inside[name].get("hasMember"))]
    return found


def read(entry: Entry, check: Callable[[Item], None]) -> tuple[list[Record], list[Refused]]:
    """The values inside a report, and what can't be taken. `check` raises BadValue."""
    records: list[Record] = []
    refused: list[Refused] = []
    for name, part in sorted(named(entry.resource).items()):
        if observation.only_groups(part):
            continue
        try:
            records += _read(entry, part, check)
        except (BadValue, Retracted) as fault:
            refused.append(Refused(name, str(fault), isinstance(fault, Retracted)))
    if len(records) > observation.COMPONENTS_MAX:
        most = f"at most {observation.COMPONENTS_MAX} are taken inside a report, send each as an entry of its own"
        return [], [*refused, Refused("all", f"they are {len(records)}: {most}")]
    for number, record in enumerate(records):
        record.id_key = _of(entry).id_key(number)
    return records, refused


def ended(entry: Entry, reason: str, refused: Iterable[Refused] = ()) -> Retraction:
    """What takes back all values inside a report; where some were refused only, the import says that they stay."""
    whole, ends = _of(entry), all(one.is_taken_back for one in refused)
    return Retraction(
        "observation", whole.identity or "", whole.id_key(), entry.place, reason, is_read=False, ends=ends
    )


def may_have_lost(resource: Resource) -> bool:
    """Whether a report without values inside may be a later version of one that had some."""
    told = dig(resource, "meta", "lastUpdated") or dig(resource, "meta", "versionId") not in (None, "1")
    return bool(told) or resource.get("status") in CORRECTED


def _is_value(part: Any) -> bool:
    return dig(part, "resourceType") == "Observation"


def _of(entry: Entry, resource: Resource | None = None) -> Entry:
    """The entry that stands for what is inside a report."""
    whole = {"resourceType": "Observation"} if resource is None else resource
    inside = Item(entry.place, whole, entry.item.full_url, is_plain=entry.item.is_plain)
    return Entry(inside, f"{entry.identity}~values", entry.resolver, Dates(entry.dates.zone), {**_labels(entry)})


def _labels(entry: Entry) -> dict[str, Any]:
    return {"security": entry.about["security"]} if "security" in entry.about else {}


def _read(entry: Entry, part: Resource, check: Callable[[Item], None]) -> list[Record]:
    """The values of one Observation: what it does not tell itself is as its report has it."""
    report = entry.resource
    tidy_codes(part)
    shared: Resource = {name: report[name] for name in ("subject", "encounter") if name in report and name not in part}
    if not any(name in part for name in TIMES):
        shared |= {name: report[name] for name in TIMES if name in report}
    mine = _of(entry, {**part, **shared})
    check(mine.item)
    records = observation.observations(mine)
    if any(record.patient != entry.patient() for record in records):
        raise BadValue("it is about another patient than its report")
    return records
