"""Each assay's newest result with the one before it and the newest outside its range, for a clinician's glance."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.queries.hidden_visits import NO_VISITS, VisitIds
from core.queries.newest import Newest, newest
from core.queries.results import Result, is_question, result_of_value

RESULTS_MAX = 40


@dataclass(frozen=True)
class LatestResult:
    """The newest result of an assay; `before` is the number before it, if both are numbers.

    `outside` is the newest number outside its range, where the newest result is not it.
    """

    result: Result
    before: Result | None
    outside: Result | None

    @property
    def is_abnormal(self) -> bool:
        return self.result.is_abnormal

    @property
    def trend(self) -> str:
        """`up`, `down` or `level` against the value before it; empty if there is none."""
        now, before = self.result.value_number, self.before.value_number if self.before else None
        if now is None or before is None:
            return ""
        return "level" if before == now else "up" if now > before else "down"


@dataclass(frozen=True)
class LatestResults:
    """Results with an abnormal flag first, then the newest; `total` counts those that are cut off too.

    `is_incomplete`: until the patient's picture is rebuilt, results of archived visits may be missing.
    """

    shown: tuple[LatestResult, ...]
    total: int
    is_incomplete: bool


def latest_results(
    session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS, limit: int | None = RESULTS_MAX
) -> LatestResults:
    """Each assay's newest result, hot or archived, without results of hidden visits; no archive is asked."""
    picture = newest(session, patient_id, hidden_visits=hidden_visits)
    measured = (item for item in picture.assays if not is_question(item.assay))
    results = sorted((_latest(item, picture.archived_ids) for item in measured), key=_place)
    return LatestResults(tuple(results[:limit]), len(results), picture.is_incomplete)


def _place(latest: LatestResult) -> tuple[bool, float, str]:
    return not latest.is_abnormal, -latest.result.observed_at.timestamp(), latest.result.name


def _latest(item: Newest, archived_ids: frozenset[int]) -> LatestResult:
    now = item.latest[0]
    before = next((value for value in item.latest[1:] if value.value_number is not None), None)
    outside = item.outside if item.outside is not now else None
    found = [
        result_of_value(value, item.assay, archived_ids) if value is not None else None for value in (before, outside)
    ]
    return LatestResult(result_of_value(now, item.assay, archived_ids), *found)
