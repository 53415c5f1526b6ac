"""Every report, hot or archived, that a model or a prompt version has made: the reports that an incident affects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Table, or_, select
from sqlalchemy.orm import Session

from core.models import Base
from core.models.record_types import REPORT
from core.stores import archived
from core.stores.tables import linked_table

NOT_OF_REPORT = ("signed_by", "signer_id", "archived")


@dataclass(frozen=True)
class MadeReport:
    """One report. `signed_by` is the person to tell, `signer_id` that person's account; `archived`: it is archived."""

    id: int
    patient_id: int
    state: str
    model: str | None
    checker_model: str | None
    prompt_version: str | None
    requested_at: datetime
    signed_by: str | None
    signer_id: int | None
    archived: bool


def made_by(session: Session, *, model: str | None = None, prompt_version: str | None = None) -> list[MadeReport]:
    """Reports whose drafter or checker was `model`, or whose prompts include `prompt_version`; newest first.

    Raises ColdUnavailable: an incomplete list of affected reports would mislead.
    """
    report, signature = (Base.metadata.tables[name] for name in ("report", "signature"))
    hot = session.execute(_reports(report, model, prompt_version)).mappings().all()
    signed = session.execute(_signatures(signature, hot)).mappings().all()
    found = _made(hot, signed, archived=False)
    seen = archived.window(session, REPORT.name)
    report, signature = linked_table("report"), linked_table("signature")
    rows = archived.fetch(REPORT.name, _reports(report, model, prompt_version).where(archived.visible(report, seen)))
    signed = (
        archived.fetch(REPORT.name, _signatures(signature, rows).where(archived.visible(signature, seen)))
        if rows
        else []
    )
    older = _made(rows, signed, archived=True)
    whole = archived.merge(found, older, key=lambda made: made.id)
    return sorted(whole, key=lambda made: (made.requested_at, made.id), reverse=True)


def _made(rows: Sequence[RowMapping], signed: Sequence[RowMapping], *, archived: bool) -> list[MadeReport]:
    by_report = {row["report_id"]: {"signed_by": row["name"], "signer_id": row["account_id"]} for row in signed}
    unsigned = {"signed_by": None, "signer_id": None}
    found = ({str(name): value for name, value in row.items()} for row in rows)
    return [MadeReport(**row, **by_report.get(row["id"], unsigned), archived=archived) for row in found]


def _reports(report: Table, model: str | None, prompt_version: str | None) -> Select[Any]:
    columns = [report.c[name] for name in MadeReport.__dataclass_fields__ if name not in NOT_OF_REPORT]
    wanted: list[ColumnElement[bool]] = []
    if model is not None:
        wanted.append(or_(report.c.model == model, report.c.checker_model == model))
    if prompt_version is not None:
        wanted.append(report.c.prompt_version.contains(prompt_version, autoescape=True))
    return select(*columns).where(*wanted)


def _signatures(signature: Table, reports: Sequence[RowMapping]) -> Select[Any]:
    return select(signature.c.report_id, signature.c.name, signature.c.account_id).where(
        signature.c.report_id.in_([row["id"] for row in reports])
    )
