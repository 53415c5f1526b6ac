"""Whole reports made for an evaluation: drafted, checked, priced and timed, one for each made patient."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core import verification
from core.verification import Row
from evals import trial
from evals.offline_model.server import OfflineModel
from evals.trial import Endpoint, Trial
from workers.reports import pricing
from workers.reports.client import EndpointFault, Usage
from workers.reports.faults import Unusable

ON = date(2026, 11, 1)
# What a summary can't leave out when the record has it, by the kind of row.
TIMES = ("observed_at", "started_at", "written_at", "started_on", "onset_on", "recorded_on")
SECTIONS = ("allergy", "condition", "prescription", "observation")


@dataclass(frozen=True)
class Made:
    """One patient's report; `fault` is why there is none.

    `unsupported` are claims that come flagged, `alone` counts those that the fact-checker alone bears out.
    `to_state` counts the rows a clinician would want stated, `omitted` those that no unflagged claim states.
    `usd` is None when a call has no known price, `seconds` spans draft and checks.
    """

    patient_id: int
    claims: int = 0
    unsupported: tuple[str, ...] = ()
    alone: int = 0
    to_state: int = 0
    omitted: int = 0
    missing_sections: tuple[str, ...] = ()
    usd: Decimal | None = None
    tokens: int = 0
    seconds: float = 0.0
    fault: str | None = None

    @property
    def is_faultless(self) -> bool:
        """Made, with nothing unsupported and nothing left out."""
        return not (self.fault or self.unsupported or self.omitted)

    @property
    def is_whole(self) -> bool:
        """Made, with every section that the record asks for."""
        return not (self.fault or self.missing_sections)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """The endpoint that the environment names, else an offline one, well-behaved, for as long as the block lasts."""
    given = trial.from_environment()
    if given is not None:
        yield given
        return
    with OfflineModel() as server:
        yield Endpoint(server.url)


def make(asked: Endpoint, patients: dict[int, list[Row]]) -> list[Made]:
    """A report for each patient, in turn."""
    return [_made(asked, patient_id, newest_first(rows)) for patient_id, rows in patients.items()]


def newest_first(rows: Sequence[Row]) -> list[Row]:
    """Rows in the order in which the report loop supplies them, kind by kind."""
    kinds = list(dict.fromkeys(row.type for row in rows))
    return sorted(sorted(rows, key=_at, reverse=True), key=lambda row: kinds.index(row.type))


def _at(row: Row) -> str:
    return str(next((row.fields[name] for name in TIMES if row.fields.get(name)), ""))


def _made(asked: Endpoint, patient_id: int, rows: Sequence[Row]) -> Made:
    began = time.perf_counter()
    try:
        got = trial.run(asked, rows, ON)
    except (EndpointFault, Unusable) as fault:
        return Made(patient_id, fault=str(fault), seconds=time.perf_counter() - began)
    return _judged(asked, patient_id, rows, got, time.perf_counter() - began)


def _judged(asked: Endpoint, patient_id: int, rows: Sequence[Row], got: Trial, seconds: float) -> Made:
    return Made(
        patient_id=patient_id,
        claims=len(got.claims),
        unsupported=tuple(claim.text for claim in got.claims if claim.flagged),
        alone=sum(claim.is_by_model_alone for claim in got.claims),
        to_state=len(verification.find_unstated([], rows, ON)),
        omitted=len(got.omissions),
        missing_sections=_missing_sections(got, rows),
        usd=_cost(asked, got),
        tokens=sum(usage.input + usage.output for _, usage in got.usage if usage),
        seconds=seconds,
    )


def _missing_sections(got: Trial, rows: Sequence[Row]) -> tuple[str, ...]:
    kinds = {row.ref: row.type for row in rows}
    cited = {kinds[ref] for claim in got.claims for ref in claim.refs}
    return tuple(kind for kind in SECTIONS if kind not in cited and kind in kinds.values())


def _cost(asked: Endpoint, got: Trial) -> Decimal | None:
    """The price of all calls; None if one has no known price."""
    prices = [_price(asked, model, usage) for model, usage in got.usage]
    return sum((price for price in prices if price is not None), Decimal(0)) if None not in prices else None


def _price(asked: Endpoint, model: str, usage: Usage | None) -> Decimal | None:
    """The price of a call by the model that answered, else by the one asked; None if neither has a known one."""
    if usage is None:
        return None
    for name in (model, asked.drafter_model):
        found = pricing.price(name, usage, asked.openai_base_url)
        if not found.is_unknown:
            return found.usd
    return None
