"""What it takes to take a record along: one of 5,000 visits, most archived, against one of a tenth as many, each in a
process of its own, in each form; and a signed report of twenty claims as PDF.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import func, select, update

from bench._archived import archive_all
from bench._environment import ROOT, Environment, environment
from bench._spread import spread
from core.interchange.generate import generate
from core.models import Condition, Holding, Note, Observation, Prescription, Visit
from core.queries.reports import SignedReport
from core.queries.reports.signed_reports import SignedClaim
from core.stores import databases
from core.stores.databases import Store
from core.web.filters import Formats
from core.web.paper import report_sheet
from core.web.paper.sheet import Letterhead

VISITS = 5_000
# As many patients are made, and then made one: the generator makes no such patient.
PARTS = 5
AS_OF = date(2026, 11, 23)
FORMS = ("pdf", "csv", "fhir")
CLAIMS = 20
REPORTS = 20
TEXT = "HbA1c rose from 7.1 % on 3 September 2024 to 8.9 % on 12 November 2026, above 4 to 6. 血糖偏高 கொழுப்பு"
HEAD = Letterhead("陈美玲 Tan Mei Ling", "14 Mar 1961", "S••••567D", "Toa Payoh clinic", "29 Nov 2026")


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of a report, then of each form by how many visits: seconds, megabytes of the file and of memory."""
    figures: dict[str, Any] = {"report_of_20_claims_pdf_seconds": spread([_report() for _ in range(REPORTS)])}
    with environment(say) as made:
        part = round(VISITS * scale / PARTS)
        generate(1, part // 2, 1, AS_OF)
        generate(PARTS, part, 2, AS_OF)
        _become_one_patient()
        archive_all("visit")
        for patient_id, visits in _patients().items():
            for form in FORMS:
                took = _take(made, patient_id, form)
                say(f"{form} of {visits:,} visits: {took}")
                figures[f"{form}_{visits}_visits"] = took
    return figures


def _report() -> float:
    began = time.perf_counter()
    claims = tuple(SignedClaim(number, TEXT, ("observation:1",), False) for number in range(CLAIMS))
    at = datetime(2026, 11, 12, tzinfo=UTC)
    signed = SignedReport(
        id=1, patient_id=1, signed_at=at, signed_by="Dr Nair", meaning="reviewed", model="m", note="Drafted by m.",
        holds=True, is_keyed=True, replaces_id=None, replaced_by_id=None, is_archived=False,
        sections=(("results", claims),), corrected=(), claims_left_out=0,
    )  # fmt: skip
    with open(os.devnull, "wb") as file:
        report_sheet.report(signed, HEAD, Formats("Asia/Singapore")).save(file)
    return time.perf_counter() - began


def _become_one_patient() -> None:
    """All but the first patient become the second."""
    with databases.write() as session:
        for model in (Visit, Note, Observation, Condition, Prescription):
            session.execute(update(model).where(model.patient_id > 2).values(patient_id=2))


def _patients() -> dict[int, int]:
    """How many visits each patient has, hot or archived."""
    with databases.read(Store.HOT) as session:
        hot = dict(session.execute(select(Visit.patient_id, func.count()).group_by(Visit.patient_id)).all())
        cold = select(Holding.patient_id, Holding.roots).where(Holding.record_type == "visit")
        for patient_id, roots in session.execute(cold):
            hot[patient_id] = hot.get(patient_id, 0) + roots
    return dict(sorted(hot.items(), key=lambda item: item[1]))


def _take(made: Environment, patient_id: int, form: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench._taker", str(patient_id), form]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **made.env}, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    return {
        "seconds": round(told["seconds"], 1),
        "file_mb": round(told["bytes"] / 1e6, 1),
        "grown_mb": round(told["grown_mb"], 1),
    }
