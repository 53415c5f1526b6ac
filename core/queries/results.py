"""Measured values: the latest of each assay, one assay over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from core.models import Assay, said
from core.models.record_types import VISIT
from core.picture.values import COLUMNS, Value
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.queries.newest import newest
from core.stores import archived, hot_and_archived
from core.stores.hot_and_archived import Found, Held

TREND_ROWS = 400
FIRST_CODES = ("8480-6", "8462-4", "8867-4", "8310-5")
QUESTIONS = frozenset({"survey", "social-history", "sdoh"})


@dataclass(frozen=True, kw_only=True)
class Result(Value):
    """One value with its assay, and the range that held when it was measured."""

    code: str
    name: str
    plain_name: str | None
    category: str
    is_archived: bool
    status: str | None = None
    # A value of another system that no living person has: no scale is drawn for it.
    is_implausible: bool = False

    @property
    def is_answer(self) -> bool:
        """An answer to a question rather than a measurement."""
        return self.category in QUESTIONS

    @property
    def has_range(self) -> bool:
        has_bound = self.ref_low is not None or self.ref_high is not None
        return has_bound and self.value_number is not None and not self.is_implausible


@dataclass(frozen=True)
class Latest:
    """The newest result of each assay, by name.

    `is_incomplete`: until the patient's picture is rebuilt, results of archived visits may be missing.
    """

    results: tuple[Result, ...]
    is_incomplete: bool


@dataclass(frozen=True)
class Trend:
    """Results of one assay, oldest first; the newest ones if there are too many, and then `is_cut`."""

    latest: Result
    results: tuple[Result, ...]
    held: Held | None
    shows_archived: bool
    is_partial: bool
    is_cut: bool = False


def latest(session: Session, patient_id: int) -> Latest:
    """The newest result of each assay, hot or archived; no archive is asked."""
    picture = newest(session, patient_id)
    results = (result_of_value(item.latest[0], item.assay, picture.archived_ids) for item in picture.assays)
    return Latest(tuple(sorted(results, key=_by_name)), picture.is_incomplete)


def trend(
    session: Session,
    patient_id: int,
    assay_id: int,
    *,
    with_archived: bool = False,
    hidden_visits: VisitIds = NO_VISITS,
    limit: int | None = TREND_ROWS,
) -> Trend | None:
    """One assay over time, without results of hidden visits; None if the stores that were asked have no result of it.

    The newest are there whether the archive is asked or not. Raises ColdUnavailable when nothing else is known and the
    archive, asked for more, is silent.
    """

    def build(table: Table, columns: Select[Any]) -> Select[Any]:
        query = columns.where(
            table.c.patient_id == patient_id, table.c.assay_id == assay_id, is_visible(table, hidden_visits)
        )
        return query.order_by(table.c.observed_at.desc(), table.c.id.desc()).limit(limit and limit + 1)

    found, held, is_partial = _read(session, patient_id, build, with_archived)
    known = {result.id: result for result in _newest_of(session, patient_id, assay_id, hidden_visits)}
    known |= {result.id: result for result in _results(session, found)}
    results = tuple(sorted(known.values(), key=_when)[-(limit or 0) :])
    if not results and is_partial:
        raise archived.ColdUnavailable(VISIT.server, "it alone may hold results of this assay")
    if not results:
        return None
    shows_archived = with_archived and held is not None and not is_partial
    return Trend(results[-1], results, held, shows_archived, is_partial, is_cut=len(known) > len(results))


def results_at(session: Session, found: Iterable[Found]) -> tuple[Result, ...]:
    """The results of one visit: measurements by name, then answers to questions."""
    return tuple(sorted(_results(session, found), key=_by_name))


def _read(
    session: Session, patient_id: int, build: hot_and_archived.Build, with_archived: bool
) -> tuple[list[Found], Held | None, bool]:
    held = hot_and_archived.held(session, patient_id, VISIT.name)
    found = hot_and_archived.read_hot(session, "observation", build)
    if not with_archived or held is None:
        return found, held, False
    try:
        older = hot_and_archived.read_archived(session, VISIT.name, "observation", build, patient_id=patient_id)
    except archived.ColdUnavailable:
        return found, held, True
    return archived.merge(found, older, key=lambda item: item.values["id"]), held, False


def _newest_of(session: Session, patient_id: int, assay_id: int, hidden_visits: VisitIds) -> Iterator[Result]:
    picture = newest(session, patient_id, hidden_visits=hidden_visits)
    for item in picture.assays:
        if item.assay.id == assay_id:
            yield from (result_of_value(value, item.assay, picture.archived_ids) for value in item.latest)


def _when(result: Result) -> tuple[datetime, int]:
    return result.observed_at, result.id


def _results(session: Session, found: Iterable[Found]) -> tuple[Result, ...]:
    rows = list(found)
    assays = _assays(session, {item.values["assay_id"] for item in rows})
    return tuple(result_of(item.values, assays[item.values["assay_id"]], is_archived=item.is_archived) for item in rows)


def _assays(session: Session, ids: set[int]) -> dict[int, Assay]:
    if not ids:
        return {}
    return {assay.id: assay for assay in session.scalars(select(Assay).where(Assay.id.in_(ids)))}


def is_question(assay: Assay) -> bool:
    """Whether it asks a person rather than measures: some sources call a question a laboratory's test."""
    return assay.category in QUESTIONS or assay.name.endswith("?")


def result_of(row: Mapping[Any, Any], assay: Assay, *, is_archived: bool) -> Result:
    """The result that an observation's row holds, a value under each column's name."""
    parts = said.read(row["said"])
    return Result(
        code=assay.code,
        name=assay.short_name,
        plain_name=assay.plain_name,
        category="survey" if is_question(assay) and assay.category not in QUESTIONS else assay.category,
        is_archived=is_archived,
        status=said.shown(parts),
        is_implausible=bool(parts.get("implausible")),
        **{name: said.dated(row[name], row["said"], name) for name in COLUMNS},
    )


def result_of_value(value: Value, assay: Assay, archived_ids: Set[int]) -> Result:
    """The result that a value of a patient's picture is."""
    row = {name: getattr(value, name) for name in COLUMNS}
    return result_of(row, assay, is_archived=value.id in archived_ids)


def _by_name(result: Result) -> tuple[bool, int, str, int]:
    place = FIRST_CODES.index(result.code) if result.code in FIRST_CODES else len(FIRST_CODES)
    return result.is_answer, place, result.name.casefold(), result.id


def groups(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """Results by category, measurements before answers to questions; each category's own order is kept."""
    by_category: dict[str, list[Result]] = {}
    for result in results:
        by_category.setdefault(result.category, []).append(result)
    return sorted(by_category.items(), key=lambda item: (item[1][0].is_answer, item[0] != "vital-signs", item[0]))
