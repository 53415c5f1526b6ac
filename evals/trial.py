"""One report's draft and checks over HTTP, without a database: what the agents answer and what is flagged of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core import verification
from core.settings.parsing import money
from core.verification import Omission, Row, SaidStatement, SecondReading
from workers.reports import calls, checker, client, drafter, pricing, sentence_reader, verdicts
from workers.reports.checker import ToCheck
from workers.reports.client import Answer, EndpointFault, Question, Usage
from workers.reports.drafter import Sentence
from workers.reports.faults import Unusable


@dataclass(frozen=True)
class Endpoint:
    """Where models answer, and which: from the environment, or the offline server."""

    openai_base_url: str
    openai_api_key: str = "offline"
    model_timeout_seconds: float = 60.0
    drafter_model: str = "strata-offline-rules"
    checker_model: str = "strata-offline-rules"
    model_schema: str = client.STRICT


def from_environment() -> Endpoint | None:
    """The endpoint that OPENAI_BASE_URL or OPENAI_API_KEY name; None if neither is set."""
    url, key = os.environ.get("OPENAI_BASE_URL", ""), os.environ.get("OPENAI_API_KEY", "")
    if not url and not key:
        return None
    models = {
        f"{role}_model": os.environ[f"STRATA_{role.upper()}_MODEL"]
        for role in ("drafter", "checker")
        if os.environ.get(f"STRATA_{role.upper()}_MODEL")
    }
    models["model_schema"] = os.environ.get("STRATA_MODEL_SCHEMA") or client.STRICT
    return Endpoint(url, key, **models)  # type: ignore[arg-type]


class BudgetSpent(Exception):
    """The evaluation has cost as much as it may; the message names the setting."""


@dataclass
class Purse:
    """What this process may spend on evaluations, and has spent, in US dollars."""

    spent: Decimal = Decimal(0)

    def check(self) -> None:
        """Raises BudgetSpent if nothing is left, or if the setting is no amount of money."""
        text = os.environ.get(BUDGET, "").strip()
        try:
            most = money(text) if text else BUDGET_USD
        except ValueError as fault:
            raise BudgetSpent(f"{BUDGET} {fault}, not {text!r}") from None
        if self.spent >= most:
            raise BudgetSpent(f"stopped: US${self.spent:.2f} is spent, {BUDGET} allows US${most:.2f}")

    def pay(self, usd: Decimal) -> None:
        """Count a call."""
        self.spent += usd


BUDGET = "STRATA_EVAL_BUDGET_USD"
BUDGET_USD = Decimal(5)
purse = Purse()


class Checked(NamedTuple):
    """A claim as the clinician would get it."""

    text: str
    refs: tuple[str, ...]
    section: str
    verdict: str
    flagged: bool
    is_by_model_alone: bool = False


@dataclass(frozen=True)
class Trial:
    """A draft after both checks, what no claim mentions, and what the calls used."""

    claims: tuple[Checked, ...]
    omissions: tuple[Omission, ...]
    usage: tuple[tuple[str, Usage | None], ...]


Keep = Callable[[Question, Answer], None]


def run(endpoint: Endpoint, rows: Sequence[Row], on: date, keep: Keep | None = None) -> Trial:
    """Draft and check one patient's summary; `keep` gets each question with its answer.

    Raises EndpointFault, Unusable, BudgetSpent.
    """
    usage: list[tuple[str, Usage | None]] = []

    def ask(question: Question) -> Answer:
        answer = paid(endpoint, question)
        usage.append((answer.model, answer.usage))
        if keep is not None:
            keep(question, answer)
        return answer

    asked = drafter.drafting(rows, on, endpoint.drafter_model)
    sentences = asked.read(calls.usable(ask(asked.question)))
    by_ref = {row.ref: row for row in rows}
    claims = [verification.Claim(s.text, s.refs, rows[0].patient_id) for s in sentences]
    judged: dict[int, checker.Judged] = {}
    for start in range(0, len(claims), checker.CLAIMS_PER_CALL):
        part = range(start, min(start + checker.CLAIMS_PER_CALL, len(claims)))
        judging = checker.judging([_to_check(n, claims[n], by_ref) for n in part], on, endpoint.checker_model)
        judged |= judging.read(calls.usable(ask(judging.question)))
    readings = [verification.read(claim, rows) for claim in claims]
    said = _said(readings, on, endpoint.checker_model, ask)
    checked = [
        _checked(sentence, reading, verification.read_again(claim, rows, said.get(claim.text, ())), verdict)
        for sentence, claim, reading, (_, verdict) in zip(
            sentences, claims, readings, sorted(judged.items()), strict=True
        )
    ]
    stated = [claim for claim, result in zip(claims, checked, strict=True) if not result.flagged]
    return Trial(tuple(checked), tuple(verification.find_unstated(stated, rows, on, said)), tuple(usage))


def _said(
    readings: Sequence[verification.Reading], on: date, model: str, ask: Callable[[Question], Answer]
) -> dict[str, tuple[SaidStatement, ...]]:
    """What the model reads in the sentences that code does not read whole; nothing if its answer can't be used."""
    unread = [r.text for r in readings if not r.fault and r.grammar not in sentence_reader.DECIDED]
    texts = list(dict.fromkeys(unread))
    said: dict[str, tuple[SaidStatement, ...]] = {}
    for start in range(0, len(texts), sentence_reader.SENTENCES_PER_CALL):
        asked = sentence_reader.asking(texts[start : start + sentence_reader.SENTENCES_PER_CALL], on, model)
        with suppress(EndpointFault, Unusable):
            said |= asked.read(calls.usable(ask(asked.question)))
    return said


def unsupported(claims: Sequence[Checked], rows: Sequence[Row], patient_id: int) -> list[Checked]:
    """The claims that code flags when it looks at the rows they cite."""
    by_ref = {row.ref: row for row in rows}

    def is_flagged(claim: Checked) -> bool:
        asked = verification.Claim(claim.text, claim.refs, patient_id)
        return verification.check_claim(asked, [by_ref[ref] for ref in claim.refs]).flagged

    return [claim for claim in claims if is_flagged(claim)]


def untold(got: Trial, rows: Sequence[Row], kind: str) -> list[str]:
    """References to rows of a kind that neither an unflagged claim nor an omission names."""
    told = {ref for claim in got.claims if not claim.flagged for ref in claim.refs}
    told |= {omission.ref for omission in got.omissions}
    return [row.ref for row in rows if row.type == kind and row.ref not in told]


def paid(endpoint: Endpoint, question: Question) -> Answer:
    """The answer to a question, counted at the dearer price of the model that was asked and the one that answered."""
    purse.check()
    answer = client.ask(endpoint, question)
    if answer.usage is not None:
        names = (answer.model, question.model)
        prices = [pricing.price(name, answer.usage, endpoint.openai_base_url) for name in names]
        purse.pay(max(price.usd for price in prices))
    return answer


def _checked(
    sentence: Sentence, reading: verification.Reading, second: SecondReading, judged: checker.Judged
) -> Checked:
    judge = verdicts.column(judged.verdict, judged.quote, reading, second)
    result = verification.decide(reading, second=second, judge=judge)
    return Checked(
        sentence.text, sentence.refs, sentence.section, result.verdict, result.flagged, result.is_by_model_alone
    )


def _to_check(number: int, claim: verification.Claim, rows: dict[str, Row]) -> ToCheck:
    settled = verification.settled(verification.read(claim, list(rows.values())))
    return ToCheck(number, claim.text, tuple((rows[ref].type, rows[ref].fields) for ref in claim.citations), settled)
