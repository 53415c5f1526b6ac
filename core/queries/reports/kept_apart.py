"""Leaving out of a report what comes from visits that are hidden from its reader, whenever it was drafted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.orm import Session

from core.models import ReportState
from core.queries.hidden_visits import VisitIds
from core.queries.reports.report_rows import ReportRows, Stored
from core.sources import find
from core.sources.find import ARCHIVED_TABLES, Source
from core.stores.archived import ColdUnavailable


def visible(session: Session, rows: ReportRows, hidden_visits: VisitIds) -> tuple[ReportRows, int]:
    """The report's rows that its reader may see, and how many of its claims are left out.

    Of a signed report these are the claims that cite a hidden row. A draft may tell what it does not cite: nothing of
    one is left that was supplied with a hidden row.
    """
    refs = hidden_refs(session, (row.ref for row in rows.of("evidence")), hidden_visits)
    if not refs:
        return rows, 0
    gone = _claims_gone(rows, refs)
    children = {name: [row for row in kept if _stays(name, row, refs, gone)] for name, kept in rows.children.items()}
    left_out = sum(claim.id in gone for claim in rows.unreplaced_claims())
    return replace(rows, children=children), left_out


def hidden_refs(session: Session, refs: Iterable[str], hidden_visits: VisitIds) -> frozenset[str]:
    """Those of the rows that belong to hidden visits, hot or archived; also those of which no store can tell now."""
    if not hidden_visits:
        return frozenset()
    wanted = {ref for ref in refs if ref.partition(":")[0] in ARCHIVED_TABLES}
    found = find.hot_rows(session, wanted, with_errors=True)
    with suppress(ColdUnavailable):
        found |= find.archived_rows(session, wanted - found.keys(), with_errors=True)
    return frozenset(ref for ref in wanted if ref not in found or _visit_of(found[ref]) in hidden_visits)


def _visit_of(source: Source) -> int | None:
    is_visit = source.ref.startswith("visit:")
    visit_id: int | None = source.values["id" if is_visit else "visit_id"]
    return visit_id


def _claims_gone(rows: ReportRows, refs: frozenset[str]) -> set[int]:
    if rows.report.state != ReportState.SIGNED:
        return {claim.id for claim in rows.of("claim")}
    citing = {row.claim_id for row in rows.of("citation") if row.ref in refs}
    return {claim.id for claim in rows.of("claim") if claim.id in citing or _is_aside(claim)}


def _is_aside(claim: Stored) -> bool:
    """Whether a claim is no part of what was signed: replaced, or rejected."""
    return claim.replaced_by is not None or claim.decision == "rejected"


def _stays(name: str, row: Stored, refs: frozenset[str], gone: set[int]) -> bool:
    if name == "claim":
        return row.id not in gone
    return getattr(row, "ref", None) not in refs and getattr(row, "claim_id", None) not in gone
