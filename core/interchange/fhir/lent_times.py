"""Times that Observations without one take from what names them: a report, the head of a panel, a visit of one day.

Documents and reports without a date take the day of such a visit too.
Servers that are fed by HL7 v2 often write the time of a measurement on the report alone. Only where there are such
Observations, the files are read once more for who can lend a time; where two lend different ones, none is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from core.interchange.fhir.bundles import Item, Resource, dig, each
from core.interchange.fhir.compact_marks import Pairs, mark_of
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.identity import address
from core.interchange.fhir.resource_index import TIMES, Resolver
from core.interchange.source_values import BadValue

REPORT, PANEL, VISIT = "its report", "its panel", "its visit"
NAMES = {"DiagnosticReport": ("result", REPORT), "Observation": ("hasMember", PANEL)}
GONE = ("entered-in-error", "cancelled")
NO_VISITS = ("planned", "entered-in-error", "cancelled")
SEVERAL = "it has no time, and those that name it tell different ones"
PANELS_DEEP = 4


class Loan(NamedTuple):
    """The time of something that names Observations, as JSON; of its versions the greatest counts."""

    named_by: int
    version: tuple[str, str]
    name: str
    value: str
    patient: str | None
    lender: str


@dataclass(slots=True)
class Lent:
    """What names Observations, with its time; who names which; the heads of panels without a time; days of visits."""

    loans: list[Loan] = field(default_factory=list)
    named: Pairs = field(default_factory=Pairs)
    heads: Pairs = field(default_factory=Pairs)
    days: Pairs = field(default_factory=Pairs)

    def absorb(self, other: Lent) -> None:
        """Take in what other files lend."""
        self.named.absorb(other.named, len(self.loans))
        self.loans += other.loans
        self.heads.absorb(other.heads)
        self.days.absorb(other.days)

    def take(self, mark: int, wanted: set[int], resolver: Resolver) -> None:
        """Remember the time of a resource with this mark, for the Observations without one that it names."""
        resource = resolver.item.resource
        _, lender = NAMES[resource["resourceType"]]
        times = {name: resource[name] for name in TIMES if name in resource}
        if lender == PANEL and not times:
            for one in wanted:
                self.heads.add(one, mark)
            return
        for one in wanted:
            self.named.add(one, len(self.loans))
        self.loans.append(_loan(mark, times, lender, resolver))

    def take_visit(self, mark: int, item: Item, zone: ZoneInfo) -> None:
        """Remember the day of a visit that began and ended on one."""
        day = _one_day(item.resource, zone)
        if day is not None:
            self.days.add(mark, day.toordinal())

    def of(self, mark: int, patient: str | None, visit: int | None) -> tuple[Resource, str] | None:
        """The time of an Observation as its resource would have it, and who lends it. Raises BadValue for several."""
        loans = [loan for loan in self._loans(mark) if loan.name and loan.patient == patient]
        if loans:
            return _one_of(loans)
        day = self.day_of(visit) if visit is not None else None
        return ({"effectiveDateTime": day}, VISIT) if day is not None else None

    def day_of(self, visit: int) -> str | None:
        """The day of a visit that began and ended on one."""
        days = self.days.of(visit)
        return date.fromordinal(*days).isoformat() if len(days) == 1 else None

    def _loans(self, mark: int) -> Iterable[Loan]:
        """What lends to an Observation, else to the heads of its panels."""
        marks = {mark}
        for _ in range(PANELS_DEEP):
            newest: dict[int, Loan] = {}
            for loan in (self.loans[at] for one in marks for at in self.named.of(one)):
                newest[loan.named_by] = max(loan, newest.get(loan.named_by, loan))
            if newest:
                return newest.values()
            marks = {head for one in marks for head in self.heads.of(one)}
        return ()


def _one_of(loans: list[Loan]) -> tuple[Resource, str]:
    """The time that all lenders tell, and one of them. What is known of the measurement counts before `issued`."""
    effective = [loan for loan in loans if loan.name != "issued"] or loans
    if len({(loan.name, loan.value) for loan in effective}) > 1:
        raise BadValue(SEVERAL)
    return {effective[0].name: json.loads(effective[0].value)}, effective[0].lender


def _loan(mark: int, times: dict[str, Any], lender: str, resolver: Resolver) -> Loan:
    resource = resolver.item.resource
    name, value = next(iter(times.items()), ("", None)) if resource.get("status") not in GONE else ("", None)
    meta = resource.get("meta")
    version = (str(dig(meta, "lastUpdated") or ""), str(dig(meta, "versionId") or "").rjust(20))
    about = resolver.find_if_clear(resource.get("subject"))
    return Loan(mark, version, name, json.dumps(value, default=str), about[1] if about is not None else None, lender)


def observation_named(reference: Any, resolver: Resolver) -> int | None:
    """The mark of the Observation that a Reference names, if that is clear."""
    name = dig(reference, "reference")
    marks = _marks_in_file(name.strip().split("/_history/", 1)[0], resolver) if isinstance(name, str) else set()
    if marks:
        return marks.pop() if len(marks) == 1 else None
    found = resolver.find_if_clear(reference)
    return mark_of("Observation", found[1]) if found is not None else None


def _marks_in_file(name: str, resolver: Resolver) -> set[int]:
    names, found = resolver.scope.observations, address(name)
    marks = names.of_url(name)
    if marks or found is None or found.base:
        return marks
    base = resolver.index.base_of(resolver.item)
    scheme = str(resolver.item.full_url).split("://", 1)[0]
    marks = names.of_url(f"{scheme}://{base}/{found.type}/{found.id}") if base else set()
    return marks or names.of_id(found.id, of_no_server=bool(base))


def named_by(item: Item) -> list[Any]:
    """The references to Observations of a report or of the head of a panel."""
    told = NAMES.get(item.resource["resourceType"])
    return each(item.resource.get(told[0])) if told is not None else []


def _one_day(resource: Resource, zone: ZoneInfo) -> date | None:
    dates, period = Dates(zone), resource.get("period")
    if resource.get("status") in NO_VISITS:
        return None
    try:
        start, end = (dates.day(dig(period, side), side, side) for side in ("start", "end"))
    except BadValue:
        return None
    return start if start is not None and start == end and not dates.partial else None
