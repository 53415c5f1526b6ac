"""The lines of a timeline: what kinds there are, and how rows of each are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

from sqlalchemy.orm import Session

from core.models import said
from core.queries.results import Result, results_at
from core.queries.visits import VisitLine, lines
from core.staging.attachments import Attachment, named_in
from core.stores.hot_and_archived import Found


class Kind(StrEnum):
    """What a timeline shows: all, or rows of one kind, whether they belong to a visit or not."""

    ALL = "all"
    VISITS = "visits"
    RESULTS = "results"
    MEDICINES = "medicines"
    PROBLEMS = "problems"
    NOTES = "notes"
    REPORTS = "reports"


# The table of a kind, and the column that says when.
SOURCES: Mapping[Kind, tuple[str, str]] = {
    Kind.VISITS: ("visit", "started_at"),
    Kind.RESULTS: ("observation", "observed_at"),
    Kind.MEDICINES: ("prescription", "started_on"),
    Kind.PROBLEMS: ("condition", "onset_on"),
    Kind.NOTES: ("note", "written_at"),
}


@dataclass(frozen=True)
class Item:
    """One line: its kind, its row, when, and what to say; `visit_id` is the visit that it belongs to.

    `is_replaced` is true of a report that a newer one replaces.
    """

    kind: Kind
    id: int
    at: date | None
    title: str
    detail: str
    is_archived: bool
    visit_id: int | None = None
    assay_id: int | None = None
    result: Result | None = None
    visit: VisitLine | None = None
    is_replaced: bool = False
    attachments: tuple[Attachment, ...] = ()

    @property
    def table(self) -> str | None:
        """The table of its row; None of a report."""
        return SOURCES[self.kind][0] if self.kind in SOURCES else None


Maker = Callable[[Session, list[Found]], Iterable[Item]]


def _visit_items(session: Session, found: list[Found]) -> Iterator[Item]:
    for line in lines(session, found):
        detail = " · ".join(filter(None, (line.practitioner, line.clinic, line.reason)))
        yield Item(
            Kind.VISITS, line.id, line.started_at, line.description, detail, line.is_archived, line.id, visit=line
        )


def _result_items(session: Session, found: list[Found]) -> Iterator[Item]:
    for result in results_at(session, found):
        yield Item(
            Kind.RESULTS, result.id, result.observed_at, result.name, "", result.is_archived, result.visit_id,
            result.assay_id, result,
        )  # fmt: skip


def _other(kind: Kind, title: str, details: tuple[str, ...]) -> Maker:
    def items(_session: Session, found: list[Found]) -> Iterator[Item]:
        for item in found:
            row = item.values
            at = said.dated(row[SOURCES[kind][1]], row["said"], SOURCES[kind][1])
            detail = ", ".join(str(row[name]) for name in details if row[name])
            files = named_in(said.read(row["said"]).get("attachments")) if kind is Kind.NOTES else ()
            yield Item(kind, row["id"], at, row[title], detail, item.is_archived, row["visit_id"], attachments=files)

    return items


MAKERS: Mapping[Kind, Maker] = {
    Kind.VISITS: _visit_items,
    Kind.RESULTS: _result_items,
    Kind.MEDICINES: _other(Kind.MEDICINES, "medication", ("dose", "frequency", "status")),
    Kind.PROBLEMS: _other(Kind.PROBLEMS, "name", ("status",)),
    Kind.NOTES: _other(Kind.NOTES, "kind", ("author", "text")),
}


def newest_first(zone: tzinfo, item: Item) -> tuple[int, bool, float, str, int]:
    """By day, the newest first; what was measured on a day before what was answered on it; then by time and name."""
    is_answer = item.result is not None and item.result.is_answer
    at = item.at
    if at is None:
        return 0, is_answer, 0.0, item.title.casefold(), -item.id
    moment = at if isinstance(at, datetime) else datetime.combine(at, time(), zone)
    return -moment.astimezone(zone).toordinal(), is_answer, -moment.timestamp(), item.title.casefold(), -item.id
