"""One report's rows, from the hot store or else from the archive, in the same shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from core.models import Decision
from core.models.record_types import REPORT
from core.stores import archived
from core.stores.hot_and_archived import ColdTable
from core.stores.tables import cold_columns, hot_table, linked_table

# A stored row; its attributes are its columns.
Stored = Any


@dataclass(frozen=True)
class ReportRows:
    """A report and all that belongs to it, each kind in order of its id."""

    report: Stored
    is_archived: bool
    children: Mapping[str, Sequence[Stored]]

    def of(self, table: str) -> Sequence[Stored]:
        """The rows of one kind."""
        return self.children[table]

    def by_claim(self, table: str) -> Mapping[int, list[Stored]]:
        """The rows of one kind by the claim they belong to."""
        found: dict[int, list[Stored]] = defaultdict(list)
        for row in self.of(table):
            found[row.claim_id].append(row)
        return found

    def standing_claims(self) -> list[Stored]:
        """The claims that were neither replaced nor rejected, in the report's order."""
        return [claim for claim in self.unreplaced_claims() if claim.decision != Decision.REJECTED]

    def unreplaced_claims(self) -> list[Stored]:
        """The claims that no other replaced, in the report's order."""
        claims = [claim for claim in self.of("claim") if claim.replaced_by is None]
        return sorted(claims, key=lambda claim: (claim.ordinal, claim.id))


CHILDREN = tuple(child.table.name for child in REPORT.children)


def load(
    session: Session, report_id: int, children: Sequence[str] = CHILDREN, cold_table: ColdTable = linked_table
) -> ReportRows | None:
    """The report with what belongs to it, or None if there is none; archived rows from `cold_table`.

    Raises ColdUnavailable when only an archive can tell.
    """
    found = _hot(session, "report", "id", report_id)
    if found:
        read = {name: _hot(session, name, "report_id", report_id) for name in children}
        return ReportRows(found[0], False, read)
    seen = archived.window(session, REPORT.name)
    if not seen.last:
        return None
    found = _cold(seen, cold_table("report"), "id", report_id)
    if not found:
        return None
    read = {name: _cold(seen, cold_table(name), "report_id", report_id) for name in children}
    return ReportRows(found[0], True, read)


def _hot(session: Session, name: str, column: str, value: int) -> list[Stored]:
    table = hot_table(name)
    query = select(table).where(table.c[column] == value).order_by(table.c.id)
    return [SimpleNamespace(**row) for row in session.execute(query).mappings()]


def _cold(seen: archived.Window, table: Table, column: str, value: int) -> list[Stored]:
    query = cold_columns(table).where(table.c[column] == value, archived.visible(table, seen)).order_by(table.c.id)
    return [SimpleNamespace(**row) for row in archived.fetch(REPORT.name, query)]
