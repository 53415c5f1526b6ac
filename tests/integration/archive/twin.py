"""A twin in memory of every row that moves between tiers, and what must hold between it and the tiers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from core.models import Base, Batch, BatchKind, BatchState, Holding, Step, StepName, StepState
from core.models.record_types import VISIT
from core.queries import archive
from core.queries.archive import HoldingTotal
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.archive.readers import TABLES, contents, look, row_of


class Twin:
    """`rows` maps `note:5` to what it says. What changes a row says so here, in its own transaction."""

    def __init__(self) -> None:
        self.rows = contents()
        self.unsettled: set[str] = set()
        self.imports: set[str] = set()

    def changed(self, session: Session, table: str, row_id: int) -> None:
        """A row was made or edited in this transaction."""
        session.flush()
        model = Base.metadata.tables[table]
        row = session.execute(select(model).where(model.c.id == row_id)).mappings().one()
        ref = f"{table}:{row_id}"
        if ref not in self.rows:
            self.unsettled.add(ref)
        self.rows[ref] = row_of(table, row)

    def deleted(self, table: str, row_id: int) -> None:
        ref = f"{table}:{row_id}"
        del self.rows[ref]
        self.unsettled.add(ref)

    def imported(self, patient_id: int) -> None:
        """An import of this patient has written what it wrote; of others it has changed nothing."""
        now = contents()
        self.imports |= _refs_of(patient_id)
        others = [{ref: said for ref, said in rows.items() if ref not in self.imports} for rows in (self.rows, now)]
        assert others[0] == others[1]
        self.unsettled |= now.keys() ^ self.rows.keys()
        self.rows = now

    def erased(self, patient_id: int) -> None:
        """All rows of this patient are about to be deleted, in whatever tier they lie."""
        for ref in _refs_of(patient_id):
            # The archive may still have a copy of a row that was deleted on the primary.
            self.rows.pop(ref, None)
            self.unsettled.add(ref)

    def check(self) -> None:
        """Everything is where a reader finds it, once, as it was last written."""
        found = contents()
        assert found == self.rows, f"not as it was last written: {found.items() ^ self.rows.items()}"
        self._check_standby(self.rows.keys() - self.unsettled)
        self._check_verified()

    def _check_standby(self, rows: Any) -> None:
        """It may not have replayed yet that a row came or went."""
        found = look(Store.REPLICA)
        assert max(found.values(), default=1) == 1, f"seen twice by way of the standby: {found}"
        assert rows <= found.keys(), f"not seen by way of the standby: {rows - found.keys()}"

    def _check_verified(self) -> None:
        """Whatever batch owns rows in the archive was verified after it was last loaded."""
        done = and_(Step.batch_id == Batch.id, Step.state == StepState.DONE)
        query = select(Batch.id, Step.name).outerjoin(Step, done).where(Batch.state == BatchState.RELEASED)
        names: dict[int, list[str]] = defaultdict(list)
        with databases.read(Store.HOT) as session:
            for batch_id, name in session.execute(query.order_by(Step.id)):
                names[batch_id].append(name)
        for steps in names.values():
            assert StepName.VERIFY in steps[len(steps) - steps[::-1].index(StepName.LOAD) :], names

    def check_holdings(self) -> None:
        """Holdings say what the archive holds, for each patient."""
        with databases.read(Store.HOT) as session:
            window = archived.window(session, VISIT.name)
            held = [row for row in session.scalars(select(Holding)) if row.rows]
            sums = archive.holdings(session)
        told = {row.patient_id: (row.roots, row.rows) for row in held}
        counted: dict[int, list[int]] = {}
        for name in TABLES:
            linked = linked_table(name)
            query = select(linked.c.patient_id).where(archived.visible(linked, window))
            for row in archived.fetch(VISIT.name, query, through=Store.HOT):
                of_patient = counted.setdefault(row["patient_id"], [0, 0])
                of_patient[0] += name == VISIT.root.name
                of_patient[1] += 1
        assert told == {patient: tuple(both) for patient, both in counted.items()}
        check_sums(held, sums)


def check_sums(held: Sequence[Holding], sums: Sequence[HoldingTotal]) -> None:
    """The sums that are kept say what all holdings come to."""
    of_types: dict[str, list[Holding]] = {}
    for row in held:
        of_types.setdefault(row.record_type, []).append(row)
    assert {total.record_type: total for total in sums} == {kind: _total(kind, rows) for kind, rows in of_types.items()}


def _total(kind: str, rows: Sequence[Holding]) -> HoldingTotal:
    roots, whole = sum(row.roots for row in rows), sum(row.rows for row in rows)
    return HoldingTotal(kind, roots, whole, min(row.first_at for row in rows), max(row.last_at for row in rows))


def _refs_of(patient_id: int) -> set[str]:
    refs = set()
    with databases.read(Store.HOT) as session:
        for name in TABLES:
            hot, linked = Base.metadata.tables[name], linked_table(name)
            refs |= {
                f"{name}:{row_id}" for row_id in session.scalars(select(hot.c.id).filter_by(patient_id=patient_id))
            }
            cold = select(linked.c.id).where(linked.c.patient_id == patient_id)
            refs |= {f"{name}:{row['id']}" for row in archived.fetch(VISIT.name, cold, through=Store.HOT)}
    return refs


def restores_left() -> list[int]:
    """Restores whose copies are still in the archive."""
    with databases.read(Store.HOT) as session:
        left = select(Batch.id).where(Batch.kind == BatchKind.RESTORE, Batch.state == BatchState.RESTORED)
        return list(session.scalars(left))


def ids(table: str, **values: Any) -> list[int]:
    """Hot rows of a table that have these values, in order."""
    hot = Base.metadata.tables[table]
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(hot.c.id).filter_by(**values).order_by(hot.c.id)))
