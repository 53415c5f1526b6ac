"""The drafter: evidence in, claims out. It has no tools and sees no other patient's rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from workers.reports import calls, letter_codes, prompts, schemas, setups
from workers.reports.calls import Call, Reply
from workers.reports.client import Question
from workers.reports.lease import Lease
from workers.reports.letter_codes import References
from workers.reports.wording import day, word

DRAFT_TOKENS_MAX = 8_000
REVISION_TOKENS_MAX = 6_000


class Sourced(Protocol):
    """A source row as the drafter is told of it."""

    @property
    def ref(self) -> str: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Sentence:
    """A claim as the drafter wrote it, its citations mapped back to rows."""

    section: str
    text: str
    refs: tuple[str, ...]


@dataclass(frozen=True)
class Flagged:
    """A claim that a check has flagged, with the reasons; `earlier` are the sentences that it replaced, with theirs."""

    claim_id: int
    sentence: Sentence
    reasons: tuple[str, ...]
    earlier: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True)
class Kept:
    """The drafter stands by a flagged sentence, by these words of the evidence."""

    quote: str


class Drafting(NamedTuple):
    """The question that asks for a draft, and the codes that stand for its rows."""

    question: Question
    known: References

    def read(self, text: str) -> list[Sentence]:
        """The sentences of an answer. Raises Unusable."""
        drafted = schemas.read_draft(text, self.known.codes)
        return [_sentence(self.known, claim.section, claim.text, claim.citations) for claim in drafted]


def drafting(evidence: Sequence[Sourced], on: date, model: str) -> Drafting:
    """What is asked of the drafter about these rows."""
    known = References(row.ref for row in evidence)
    question = Question(
        model=model,
        system=prompts.load("drafter").text,
        contents=(prompt_data(evidence, known, on),),
        schema_name="report_draft",
        schema=schemas.draft_schema(known.codes),
        output_tokens_max=DRAFT_TOKENS_MAX,
    )
    return Drafting(question, known)


def draft(lease: Lease, evidence: Sequence[Sourced], on: date) -> tuple[list[Sentence], Reply]:
    """Draft claims from the evidence. Raises LoopFailure, LeaseLost."""
    asked = drafting(evidence, on, setups.of_report(lease.report_id).drafter_model)
    call = Call("drafter", 0, prompts.load("drafter").version)
    return calls.ask(lease, call, asked.question, asked.read)


def revise(
    lease: Lease, evidence: Sequence[Sourced], flagged: Sequence[Flagged], on: date, round_: int
) -> dict[int, Sentence | Kept | None]:
    """Corrected sentences by claim id; None for a claim to drop. A claim that is not named stays as it is.

    Raises LoopFailure, LeaseLost.
    """
    known = References(row.ref for row in evidence)
    labels = letter_codes.labelled(flagged)
    prompt = prompts.load("reviser")
    claims = [
        {
            "label": label,
            "section": item.sentence.section,
            "text": item.sentence.text,
            "citations": [known.code(ref) for ref in item.sentence.refs],
            "reasons": list(item.reasons),
            "earlier": [{"text": text, "reasons": list(reasons)} for text, reasons in item.earlier],
        }
        for label, item in labels.items()
    ]
    question = Question(
        model=setups.of_report(lease.report_id).drafter_model,
        system=prompt.text,
        contents=(prompt_data(evidence, known, on, flagged=claims),),
        schema_name="report_revision",
        schema=schemas.revision_schema(list(labels), known.codes),
        output_tokens_max=REVISION_TOKENS_MAX,
    )
    call = Call("drafter", round_, prompt.version)
    revisions, _ = calls.ask(
        lease, call, question, lambda text: schemas.read_revisions(text, list(labels), known.codes)
    )
    return {
        labels[revision.claim].claim_id: _revised(known, labels[revision.claim].sentence.section, revision)
        for revision in revisions
    }


def _revised(known: References, section: str, revision: schemas.Revision) -> Sentence | Kept | None:
    if revision.action == "keep":
        return Kept(revision.quote)
    return _sentence(known, section, revision.text, revision.citations) if revision.action == "replace" else None


def prompt_data(evidence: Sequence[Sourced], known: References, on: date, **more: object) -> str:
    """The user message: one JSON object. Its quoted strings keep data from being read as anything else."""
    rows = [{"ref": known.code(row.ref), **word(row.ref.partition(":")[0], row.fields)} for row in evidence]
    content = {"as_of": day(on.isoformat()), "allowed_citations": list(known.codes), "evidence": rows, **more}
    return json.dumps(content, ensure_ascii=False)


def _sentence(known: References, section: str, text: str, codes: Sequence[str]) -> Sentence:
    return Sentence(section, text, tuple(dict.fromkeys(known.ref(code) for code in codes)))
