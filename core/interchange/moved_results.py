"""Results of a format without ids whose time may have been corrected: they are new rows, and the import says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from core.engines.functions import any_of
from core.interchange.catalogue import Catalogue
from core.interchange.source_rows import Record
from core.interchange.upsert import Work
from core.models import Observation

MOVED = (
    "results that an earlier import may have brought at another time: nothing in the file tells that they are the same."
    " If a time was corrected, mark the older one as entered in error"
)


def tell(work: Work, records: Sequence[Record], visit_ids: Mapping[str, int], catalogue: Catalogue) -> None:
    """Doubt each new result at a visit known before, where a row that the files lack has its test and value."""
    fresh = [record for record in records if record.id_key is None and _is_new(work, record)]
    visits = {visit_ids[key] for record in fresh if (key := record.visit_key or "") in visit_ids}
    left = _left_out(work, records, sorted(visits)) if visits else set()
    for record in fresh:
        if _told(record, visit_ids, catalogue) in left:
            work.summary.doubt(MOVED, str(record.place))


def _left_out(work: Work, records: Sequence[Record], visits: Sequence[int]) -> set[tuple[Any, ...]]:
    """What is told by the rows at these visits that no record is known as."""
    named = {entry.row_id for record in records for entry in work.known.get(record.key, {}).values()}
    return {told for row_id, told in _rows_at(work, visits) if row_id not in named}


def _told(record: Record, visit_ids: Mapping[str, int], catalogue: Catalogue) -> tuple[Any, ...]:
    """What tells a result from the others: its visit, its test and its value."""
    values = record.values["value_number"], record.values["value_text"]
    return (visit_ids.get(record.visit_key or ""), catalogue.assay_id(record), *values)


def _is_new(work: Work, record: Record) -> bool:
    return record.key not in work.known and (record.visit_key or "") in work.known


def _rows_at(work: Work, visits: Sequence[int]) -> list[tuple[int, tuple[Any, ...]]]:
    return [(row[0], tuple(row[1:])) for row in work.session.execute(results_at(visits))]


def results_at(visits: Sequence[int]) -> Select[int, int | None, int, Decimal | None, str | None]:
    """Id, visit, test and value of the results at these visits, however many."""
    columns = (Observation.visit_id, Observation.assay_id, Observation.value_number, Observation.value_text)
    return select(Observation.id, *columns).where(any_of(Observation.visit_id, visits))
