"""Every report that a model or a prompt version has made, hot and archived: what an incident affects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Table, or_, select
from sqlalchemy.orm import Session

from core import cold
from core.models import Base
from core.models.record_types import REPORT


@dataclass(frozen=True)
class MadeReport:
    """One report. `signed_by` is who to tell; `archived` says where it lies."""

    id: int
    patient_id: int
    state: str
    model: str | None
    checker_model: str | None
    prompt_version: str | None
    requested_at: datetime
    signed_by: str | None
    archived: bool


def made_by(session: Session, *, model: str | None = None, prompt_version: str | None = None) -> list[MadeReport]:
    """Reports whose drafter or checker was `model`, or whose prompts include `prompt_version`; newest first.

    Raises ColdUnavailable: a list of what an incident affects is whole, or it is none.
    """
    tables = {name: Base.metadata.tables[name] for name in ("report", "signature")}
    hot = session.execute(_query(tables["report"], tables["signature"], model, prompt_version)).mappings().all()
    seen = cold.window(session, REPORT.name)
    report, signature = cold.table("report"), cold.table("signature")
    query = _query(report, signature, model, prompt_version).where(cold.visible(report, seen))
    archived = cold.fetch(REPORT.name, query)
    found = cold.merge(_made(hot, archived=False), _made(archived, archived=True), key=lambda made: made.id)
    return sorted(found, key=lambda made: (made.requested_at, made.id), reverse=True)


def _made(rows: Sequence[RowMapping], *, archived: bool) -> list[MadeReport]:
    return [MadeReport(**{str(name): value for name, value in row.items()}, archived=archived) for row in rows]


def _query(report: Table, signature: Table, model: str | None, prompt_version: str | None) -> Select[Any]:
    columns = [report.c[name] for name in MadeReport.__dataclass_fields__ if name not in ("signed_by", "archived")]
    wanted: list[ColumnElement[bool]] = []
    if model is not None:
        wanted.append(or_(report.c.model == model, report.c.checker_model == model))
    if prompt_version is not None:
        wanted.append(report.c.prompt_version.contains(prompt_version, autoescape=True))
    joined = report.outerjoin(signature, signature.c.report_id == report.c.id)
    return select(*columns, signature.c.name.label("signed_by")).select_from(joined).where(*wanted)
