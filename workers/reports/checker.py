"""The fact-checker: a second agent that sees each claim and the rows it cites, but not how the claim was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from core.verification import instructions
from workers.reports import calls, letter_codes, prompts, schemas, setups, verdicts
from workers.reports.calls import Asker, Call, Reply
from workers.reports.client import Question
from workers.reports.wording import day, word

CLAIMS_PER_CALL = 12
JUDGEMENT_TOKENS_MAX = 6_000


@dataclass(frozen=True)
class Judged:
    """The fact-checker's verdict on one claim, with its reasons and the words it relied on."""

    verdict: str
    reasons: tuple[str, ...]
    quote: str | None


@dataclass(frozen=True)
class ToCheck:
    """A claim and the rows it cites, as (kind of row, its fields); `settled` are words that code has proved.

    "Latest" and "only" depend on rows that the fact-checker does not see.
    """

    claim_id: int
    text: str
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    settled: tuple[str, ...] = ()


class Judging(NamedTuple):
    """The question that asks for verdicts, and what its labels stand for."""

    question: Question
    labels: dict[str, ToCheck]
    worded: dict[str, list[dict[str, str]]]

    def read(self, text: str) -> dict[int, Judged]:
        """Verdicts by claim id. Raises Unusable."""
        found = schemas.read_judgements(text, list(self.labels))
        return {claim.claim_id: _judged(found[label], self.worded[label]) for label, claim in self.labels.items()}


def judging(claims: Sequence[ToCheck], on: date, model: str) -> Judging:
    """What is asked of the fact-checker about at most CLAIMS_PER_CALL claims."""
    labels = letter_codes.labelled(claims)
    worded = {label: [_said(kind, fields) for kind, fields in claim.rows] for label, claim in labels.items()}
    content = {
        "as_of": day(on.isoformat()),
        "claims": [
            {"label": label, "text": claim.text, "rows": worded[label], "settled_by_code": list(claim.settled)}
            for label, claim in labels.items()
        ],
    }
    question = Question(
        model=model,
        system=prompts.load("checker").text,
        contents=(json.dumps(content, ensure_ascii=False),),
        schema_name="claim_judgements",
        schema=schemas.judgement_schema(list(labels)),
        output_tokens_max=JUDGEMENT_TOKENS_MAX,
    )
    return Judging(question, labels, worded)


def check(lease: Asker, claims: Sequence[ToCheck], on: date, round_: int) -> tuple[dict[int, Judged], Reply]:
    """Verdicts by claim id, for at most CLAIMS_PER_CALL claims. Raises LoopFailure, LeaseLost."""
    asked = judging(claims, on, setups.of_report(lease.report_id).checker_model)
    call = Call("checker", round_, prompts.load("checker").version)
    return calls.ask(lease, call, asked.question, asked.read)


def _said(kind: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """A row as words, without text that speaks to software: nothing planted in a record commands the judge."""
    return {label: instructions.removed(text).strip() for label, text in word(kind, fields).items()}


def _judged(judgement: schemas.Judgement, rows: list[dict[str, str]]) -> Judged:
    verdict, why = verdicts.with_quote_found(judgement.verdict, judgement.quote, rows)
    objects = verdict != verdicts.SUPPORTED
    reasons = tuple(reason for reason in (why, judgement.reason) if reason) if objects else ()
    return Judged(verdict, reasons, judgement.quote or None)
