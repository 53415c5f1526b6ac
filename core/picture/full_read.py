"""What a picture is made from: the observations that it must have, read from the tiers themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, not_, or_, select, true
from sqlalchemy.orm import Session

from core.engines.functions import any_of, written_out
from core.models import Holding, SensitiveVisit, said
from core.models.record_types import ARCHIVE_METADATA, VISIT
from core.picture.values import ABNORMAL, COLUMNS, KEPT, Value, Values, keep
from core.stores import archived, databases
from core.stores.counted import counts, entered_in_error
from core.stores.databases import Store
from core.stores.tables import hot_table, linked_table

TRIES = 3
# A value and whose it is.
Found = tuple[int, Value]


def apart(session: Session, patient_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The visits of these patients that are kept apart, for whomever."""
    query = select(SensitiveVisit.patient_id, SensitiveVisit.visit_id)
    found: dict[int, set[int]] = defaultdict(set)
    for patient_id, visit_id in session.execute(query.where(_among(SensitiveVisit.patient_id, patient_ids))):
        found[patient_id].add(visit_id)
    return {patient_id: frozenset(found.get(patient_id, ())) for patient_id in patient_ids}


def written(session: Session, patient_id: int, ids: Collection[int]) -> list[Value]:
    """The patient's hot rows among these, as they are in this transaction."""
    table = hot_table("observation")
    query = select(*_columns(table)).where(table.c.patient_id == patient_id, any_of(table.c.id, ids), counts(table))
    return [_value(row) for row in session.execute(query)]


def hot(session: Session, patient_ids: Collection[int]) -> dict[int, Values]:
    """The pictures that the hot rows alone make: right for patients of whom no archive holds a visit."""
    kept_apart = apart(session, patient_ids)
    table = hot_table("observation")
    return _pictures(_rows(session, table, patient_ids, kept_apart, counts(table)), kept_apart)


def hot_beside(session: Session, patient_id: int, visits: frozenset[int]) -> Values:
    """The picture that one patient's hot rows alone make, if these visits are the ones kept apart."""
    kept_apart = {patient_id: visits}
    table = hot_table("observation")
    return _pictures(_rows(session, table, [patient_id], kept_apart, counts(table)), kept_apart)[patient_id]


def all_tiers(session: Session, patient_ids: Collection[int]) -> dict[int, Values]:
    """The pictures as this session's snapshot has them. For a process that reaches the archive server itself.

    Raises what the archive server raises.
    """
    kept_apart = apart(session, patient_ids)
    errors, hot_rows = entered_in_error(session, patient_ids), hot_table("observation")
    found = _rows(session, hot_rows, patient_ids, kept_apart, errors.counts(hot_rows))
    held = _held(session, patient_ids)
    if held:
        window = archived.window(session, VISIT.name)
        copies = ARCHIVE_METADATA[VISIT.server].tables["observation"]
        with databases.read(Store(VISIT.server)) as archive:
            owned = (archived.visible(copies, window), errors.counts(copies))
            found += _rows(archive, copies, held, kept_apart, *owned)
    return _pictures(found, kept_apart)


def of_assays(session: Session, patient_id: int, assay_ids: Collection[int] | None) -> list[Value]:
    """All that may belong in the picture of these assays, of all if None, this transaction's own rows among it.

    Raises ColdUnavailable when a silent archive holds visits of the patient, or moves go on too fast to be followed.
    """
    mine = [patient_id]
    kept_apart = apart(session, mine)
    linked, errors = linked_table("observation"), entered_in_error(session, mine)
    for _ in range(TRIES):
        window = archived.window(session, VISIT.name)
        hot_rows = hot_table("observation")
        found = _rows(session, hot_rows, mine, kept_apart, _of(hot_rows, assay_ids), errors.counts(hot_rows))
        if _held(session, mine):
            wanted = (archived.visible(linked, window), _of(linked, assay_ids), errors.counts(linked))
            older = archived.fetch(VISIT.name, _select(linked, mine, kept_apart, *wanted))
            found += [(patient_id, _value([row[name] for name in COLUMNS])) for row in older]
        # Each statement of a writing transaction sees another moment: a row may have moved between two of them.
        if archived.window(session, VISIT.name) == window:
            return [value for _, value in _hot_first(found)]
    raise archived.ColdUnavailable(VISIT.server, "its rows are moving")


def _of(table: Table, assay_ids: Collection[int] | None) -> ColumnElement[bool]:
    return true() if assay_ids is None else table.c.assay_id.in_(sorted(assay_ids))


def _held(session: Session, patient_ids: Collection[int]) -> list[int]:
    query = select(Holding.patient_id).where(Holding.record_type == VISIT.name, Holding.roots > 0)
    return list(session.scalars(query.where(_among(Holding.patient_id, patient_ids))))


def _rows(
    session: Session,
    table: Table,
    patient_ids: Collection[int],
    kept_apart: Mapping[int, frozenset[int]],
    *conditions: ColumnElement[bool],
) -> list[Found]:
    rows = session.execute(_select(table, patient_ids, kept_apart, *conditions))
    return [(patient_id, _value(columns)) for patient_id, *columns in rows]


def _select(
    table: Table,
    patient_ids: Collection[int],
    kept_apart: Mapping[int, frozenset[int]],
    *conditions: ColumnElement[bool],
) -> Select[Any]:
    """The newest rows of each patient and assay, the newest outside its range, and all of the visits kept apart."""
    visits = sorted(visit_id for mine in kept_apart.values() for visit_id in mine)
    is_apart = (
        and_(table.c.visit_id.is_not(None), table.c.visit_id.in_(written_out(visits))) if visits else not_(true())
    )
    apart_or_not = case((is_apart, 1), else_=0)
    is_abnormal = case((table.c.interpretation.in_(sorted(ABNORMAL)), 1), else_=0)
    group = (table.c.patient_id, table.c.assay_id, apart_or_not)
    newest_first = (table.c.observed_at.desc(), table.c.id.desc())
    placed = (
        select(
            table.c.patient_id,
            *_columns(table),
            apart_or_not.label("is_apart"),
            is_abnormal.label("is_abnormal"),
            func.row_number().over(partition_by=group, order_by=newest_first).label("place"),
            func.row_number().over(partition_by=(*group, is_abnormal), order_by=newest_first).label("place_alike"),
        )
        .where(_among(table.c.patient_id, patient_ids), *conditions)
        .subquery()
    )
    outside = and_(placed.c.is_abnormal == 1, placed.c.place_alike == 1)
    wanted = or_(placed.c.is_apart == 1, placed.c.place <= KEPT, outside)
    return select(placed.c.patient_id, *(placed.c[name] for name in COLUMNS)).where(wanted)


def _among(column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """Written so that the condition reaches a linked server, where it is about one patient."""
    return column == next(iter(ids)) if len(ids) == 1 else any_of(column, ids)


def _value(columns: Sequence[Any]) -> Value:
    """From the columns of COLUMNS; of what the source said, only what pages show: an export reads the row itself."""
    made = Value(*columns)
    if made.said is None:
        return made
    parts = said.read(made.said)
    return replace(made, said=said.write({name: parts.get(name) for name in said.SHOWN_OF_RESULT}))


def _columns(table: Table) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in COLUMNS]


def _hot_first(found: Iterable[Found]) -> list[Found]:
    """Each row once. A row that is in both tiers is one that was edited during its move: hot wins."""
    once: dict[int, Found] = {}
    for patient_id, value in found:
        once.setdefault(value.id, (patient_id, value))
    return list(once.values())


def _pictures(found: Iterable[Found], kept_apart: Mapping[int, frozenset[int]]) -> dict[int, Values]:
    by_patient: dict[int, list[Value]] = {patient_id: [] for patient_id in kept_apart}
    for patient_id, value in _hot_first(found):
        by_patient[patient_id].append(value)
    return {patient_id: keep(values, kept_apart[patient_id]) for patient_id, values in by_patient.items()}
