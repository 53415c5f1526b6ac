"""Times that Observations without one take from what names them: a report, the head of a panel, a visit of one day.

Servers that are fed by HL7 v2 often write the time of a measurement on the report alone. Only where there are such
Observations, the files are read once more for who can lend a time; where two lend different ones, none is taken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from core.interchange.fhir.bundles import Item, Resource, dig, each
from core.interchange.fhir.dates import Dates
from core.interchange.fhir.resource_index import TIMES, Resolver
from core.interchange.source_values import BadValue

REPORT, PANEL, VISIT = "its report", "its panel", "its visit"
NAMES = {"DiagnosticReport": ("result", REPORT), "Observation": ("hasMember", PANEL)}
GONE = ("entered-in-error", "cancelled")
NO_VISITS = ("planned", "entered-in-error", "cancelled")
SEVERAL = "it has no time, and those that name it tell different ones"
PANELS_DEEP = 4


class Loan(NamedTuple):
    """The time of something that names an Observation, as JSON; of its versions the greatest counts."""

    version: tuple[str, str]
    name: str
    value: str
    patient: str | None
    lender: str


@dataclass(slots=True)
class Lent:
    """By Observation and what names it, its time; by Observation the heads of panels without one; days of visits."""

    loans: dict[int, dict[int, Loan]] = field(default_factory=dict)
    heads: dict[int, set[int]] = field(default_factory=dict)
    days: dict[int, str] = field(default_factory=dict)

    def absorb(self, other: Lent) -> None:
        """Take in what other files lend."""
        for wanted, loans in other.loans.items():
            for named_by, loan in loans.items():
                self._add(wanted, named_by, loan)
        for wanted, heads in other.heads.items():
            self.heads.setdefault(wanted, set()).update(heads)
        self.days |= other.days

    def _add(self, wanted: int, named_by: int, loan: Loan) -> None:
        mine = self.loans.setdefault(wanted, {})
        mine[named_by] = max(loan, mine.get(named_by, loan))

    def take(self, mark: int, wanted: list[int], resolver: Resolver) -> None:
        """Remember the time of a resource with this mark, for the Observations without one that it names."""
        resource = resolver.item.resource
        _, lender = NAMES[resource["resourceType"]]
        times = {name: resource[name] for name in TIMES if name in resource}
        for one in wanted:
            if lender == PANEL and not times:
                self.heads.setdefault(one, set()).add(mark)
                continue
            is_gone = resource.get("status") in GONE
            name, value = next(iter(times.items()), ("", None)) if not is_gone else ("", None)
            meta = resource.get("meta")
            version = (str(dig(meta, "lastUpdated") or ""), str(dig(meta, "versionId") or "").rjust(20))
            about = resolver.find_if_clear(resource.get("subject"))
            patient = about[1] if about is not None else None
            self._add(one, mark, Loan(version, name, json.dumps(value, default=str), patient, lender))

    def take_visit(self, mark: int, item: Item, zone: ZoneInfo) -> None:
        """Remember the day of a visit that began and ended on one."""
        day = _one_day(item.resource, zone)
        if day is not None:
            self.days[mark] = day

    def of(self, mark: int, patient: str | None, visit: int | None) -> tuple[Resource, str] | None:
        """The time of an Observation as its resource would have it, and who lends it. Raises BadValue for several."""
        loans = [loan for loan in self._loans(mark) if loan.name and loan.patient == patient]
        effective = [loan for loan in loans if loan.name != "issued"] or loans
        if len({(loan.name, loan.value) for loan in effective}) > 1:
            raise BadValue(SEVERAL)
        if effective:
            return {effective[0].name: json.loads(effective[0].value)}, effective[0].lender
        day = self.days.get(visit) if visit is not None else None
        return ({"effectiveDateTime": day}, VISIT) if day is not None else None

    def _loans(self, mark: int) -> Iterator[Loan]:
        """What lends to an Observation, else to the heads of its panels."""
        marks = {mark}
        for _ in range(PANELS_DEEP):
            found = [loan for one in marks for loan in self.loans.get(one, {}).values()]
            if found:
                yield from found
                return
            marks = {head for one in marks for head in self.heads.get(one, ())}


def named_by(item: Item) -> list[Any]:
    """The references to Observations of a report or of the head of a panel."""
    told = NAMES.get(item.resource["resourceType"])
    return each(item.resource.get(told[0])) if told is not None else []


def _one_day(resource: Resource, zone: ZoneInfo) -> str | None:
    dates, period = Dates(zone), resource.get("period")
    if resource.get("status") in NO_VISITS:
        return None
    try:
        start, end = (dates.day(dig(period, side), side, side) for side in ("start", "end"))
    except BadValue:
        return None
    return start.isoformat() if start is not None and start == end and not dates.partial else None
