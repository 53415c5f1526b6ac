"""What the fact-checker, as reader, takes stored claims to say: asked once a sentence, and kept with the claim."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Check, Claim, ModelCall, Report, ReportState, utc_now
from core.services.reports import checking
from core.services.reports.checking import READER, Said
from core.services.reports.lifecycle import cited_refs, current_claims
from core.verification import Refuted
from workers.reports import prompts, sentence_reader, setups
from workers.reports.faults import LoopFailure
from workers.reports.lease import Hold

log = logging.getLogger(__name__)


def read_by_model(lease: Hold, state: ReportState = ReportState.CHECKING) -> None:
    """Have the fact-checker read the claims that code did not read whole, and keep each reading at once.

    A reader that does not answer, or costs more than is left, ends nothing: code reads alone, and the page says so.
    Raises LeaseLost, TryLater.
    """
    with lease.look(state) as (session, report):
        unread = list(dict.fromkeys(claim.text for claim in _unread(session, report.id)))
        round_ = report.round
    if not unread:
        return
    model = setups.of_report(lease.report_id).checker_model
    with lease.look(state) as (session, report):
        known = _known(session, report, unread, model)
    texts = [text for text in unread if text not in known]
    if known:
        with lease.step(state) as (session, report):
            _keep(session, report, known, None)
    _ask(lease, texts, round_, state)


def _ask(lease: Hold, texts: Sequence[str], round_: int, state: ReportState) -> None:
    """Ask about sentences, some at a time, and keep what is answered, as far as it is."""
    for first in range(0, len(texts), sentence_reader.SENTENCES_PER_CALL):
        asked = texts[first : first + sentence_reader.SENTENCES_PER_CALL]
        try:
            said, reply = sentence_reader.read(lease, asked, utc_now().date(), round_)
        except LoopFailure as fault:
            log.warning("report %s: not read by the fact-checker: %s", lease.report_id, fault)
            return
        with lease.step(state) as (session, report):
            _keep(session, report, {text: said.get(text, ()) for text in asked}, reply.call_id)


def _unread(session: Session, report_id: int) -> list[Claim]:
    """The claims that nobody has read whole yet, and that can be read at all."""
    rows, cited = checking.evidence_rows(session, report_id), cited_refs(session, report_id)
    read = checking.said_in(session, report_id)
    claims = [c for c in current_claims(session, report_id) if c.id not in read and c.decision is None]
    readings = [(claim, checking.read(claim, cited[claim.id], rows)) for claim in claims]
    return [
        claim for claim, reading in readings if not reading.fault and reading.grammar not in sentence_reader.DECIDED
    ]


def _known(session: Session, report: Report, texts: Sequence[str], model: str) -> Mapping[str, Said]:
    """What the same model with the same prompt read in the same sentences, in reports of the same patient."""
    by = (ModelCall.requested_model == model, ModelCall.prompt_version == prompts.load("reader").version)
    query = (
        select(Claim.text, Check.said)
        .join(Report, Report.id == Claim.report_id)
        .join(Check, Check.claim_id == Claim.id)
        .join(ModelCall, ModelCall.id == Check.model_call_id)
        .where(Report.patient_id == report.patient_id, Check.checker == READER, *by)
    )
    wanted = set(texts)
    return {text: checking.load_said(said) for text, said in session.execute(query) if text in wanted}


def _keep(session: Session, report: Report, said: Mapping[str, Said], call_id: int | None) -> None:
    """Keep readings with their claims. Only a refutation is a reason: what the reader left is told by code as well."""
    rows, cited = checking.evidence_rows(session, report.id), cited_refs(session, report.id)
    for claim in _unread(session, report.id):
        if claim.text not in said:
            continue
        second = checking.read_again(claim, cited[claim.id], rows, said[claim.text])
        session.add(
            Check(
                report_id=report.id, claim_id=claim.id, checker=READER, verdict=str(second.reader),
                reasons=[judged.reason for _, judged in second.statements if isinstance(judged, Refuted)],
                model_call_id=call_id, said=checking.dump_said(said[claim.text]),
            )
        )  # fmt: skip
