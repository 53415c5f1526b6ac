"""The loop: one function per state, each ending in a transaction that moves the report on.

When a worker dies, another starts at the state that it finds; an answer that was paid for and stored is not asked for
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.access import care, permissions
from core.access.permissions import Right
from core.models import Account, Check, Citation, Claim, Evidence, Omission, Report, ReportState, Switch, utc_now
from core.queries import evidence as evidence_query
from core.queries.evidence import TooMuch
from core.queries.hidden_visits import kept_apart
from core.queries.patients import NoSuchPatient
from core.queries.reports.kept_apart import hidden_refs
from core.services.reports import checking as code_checking
from core.services.reports import halting, omissions
from core.services.reports.lifecycle import IN_WORK, move
from core.stores import databases
from core.stores.archived import ColdUnavailable
from core.stores.databases import Store
from core.stores.replica_reads import ReplicaBehind
from workers.reports import drafter, model_readings, model_verdicts, prompts, revising
from workers.reports.drafter import Sentence
from workers.reports.faults import Halted, LoopFailure, TryLater
from workers.reports.lease import Lease


def run(lease: Lease) -> str:
    """Take the report as far as it goes. Returns what came of it. Raises LoopFailure, TryLater, Halted, LeaseLost."""
    steps_max = 2 * databases.current().settings.revisions_max + len(IN_WORK)
    for _ in range(steps_max):
        state = _next_state(lease)
        if state not in STEPS:
            return f"report {lease.report_id} is {state}"
        STEPS[state](lease)
    raise LoopFailure(f"the loop did not end within {steps_max} steps")


def _next_state(lease: Lease) -> ReportState:
    """Where the report stands, if it may be worked on.

    Raises Halted while an admin has stopped the loop, and LoopFailure when the person who asked for the report may not
    ask for one any more: the report is made in that person's name.
    """
    query = (
        select(Report.state, Report.patient_id, Account, Switch)
        .outerjoin(Account, Account.id == Report.requested_by)
        .outerjoin(Switch, halting.is_halted())
        .where(Report.id == lease.report_id)
    )
    with databases.read(Store.HOT) as session:
        reached, patient_id, account, switch = session.execute(query).one()
        tie = care.tie(session, account.id, patient_id) if account is not None else None
    state = ReportState(reached)
    if state in STEPS and switch is not None:
        raise Halted(f"halted by {switch.changed_by}: {switch.reason}")
    name = account.name if account is not None else "whoever asked for it"
    if state in STEPS and not permissions.can(account, Right.REPORT_REQUEST):
        raise LoopFailure(f"{name} may not ask for reports any more: another clinician can try again")
    if state in STEPS and tie is None:
        raise LoopFailure(f"{name} has no part in this patient's care any more: another clinician can try again")
    return state


def select_evidence(lease: Lease) -> None:
    """Requested: read the patient's rows from the replica and the archives, and keep them with the report."""
    with lease.look(ReportState.REQUESTED) as (_, report):
        patient_id = report.patient_id
    try:
        rows = evidence_query.collect(patient_id)
    except (ReplicaBehind, ColdUnavailable, OperationalError) as fault:
        cause = "the replica does not answer" if isinstance(fault, OperationalError) else str(fault)
        raise TryLater(cause) from fault
    except (NoSuchPatient, TooMuch) as fault:
        raise LoopFailure(str(fault)) from fault
    with lease.step(ReportState.REQUESTED) as (session, report):
        if hidden_refs(session, (row.ref for row in rows), kept_apart(session, patient_id)):
            raise TryLater("a visit was kept apart a moment ago")
        _forget_draft(session, report.id)
        session.add_all(
            Evidence(
                report_id=report.id, patient_id=row.patient_id, ref=row.ref, store=row.store,
                content_hash=row.content_hash, hash_version=row.hash_version, fields=row.fields,
            )
            for row in rows
        )  # fmt: skip
        move(session, report, ReportState.DRAFTING)


def draft(lease: Lease) -> None:
    """Drafting: have claims drafted, and keep them with their citations and the checks by code."""
    with lease.look(ReportState.DRAFTING) as (session, report):
        evidence = evidence_of(session, report.id)
    sentences, reply = drafter.draft(lease, evidence, today())
    with lease.step(ReportState.DRAFTING) as (session, report):
        add_claims(session, report, list(enumerate(sentences, start=1)), evidence, round_=0)
        report.model, report.prompt_version = reply.model, prompts.version()
        move(session, report, ReportState.CHECKING)


def check(lease: Lease) -> None:
    """Checking: let the fact-checker read and judge too; then to review, or back to the drafter with the flagged."""
    model_readings.read_by_model(lease)
    model_verdicts.check_by_model(lease)
    with lease.step(ReportState.CHECKING) as (session, report):
        again = report.round < databases.current().settings.revisions_max
        if again and revising.flagged_claims(session, report.id):
            report.round += 1
            move(session, report, ReportState.REVISING)
        else:
            omissions.keep(session, report.id)
            move(session, report, ReportState.READY)


def revise(lease: Lease) -> None:
    """Revising: have flagged claims corrected or dropped."""
    with lease.look(ReportState.REVISING) as (session, report):
        evidence = evidence_of(session, report.id)
        flagged, round_ = revising.flagged_claims(session, report.id), report.round
    answers = drafter.revise(lease, evidence, flagged, today(), round_)
    with lease.step(ReportState.REVISING) as (session, report):
        rows = code_checking.as_rows(evidence)
        answered = [(session.get_one(Claim, claim_id), answer) for claim_id, answer in answers.items()]
        taken = [(claim, revising.take(session, claim, answer, rows)) for claim, answer in answered]
        replaced = [(claim, sentence) for claim, sentence in taken if sentence is not None]
        revised = [(claim.ordinal, sentence) for claim, sentence in replaced]
        for (claim, _), new in zip(
            replaced, add_claims(session, report, revised, evidence, round_=round_), strict=True
        ):
            claim.replaced_by = new.id
        move(session, report, ReportState.CHECKING)


STEPS: Mapping[ReportState, Callable[[Lease], None]] = {
    ReportState.REQUESTED: select_evidence,
    ReportState.DRAFTING: draft,
    ReportState.CHECKING: check,
    ReportState.REVISING: revise,
}


def add_claims(
    session: Session,
    report: Report,
    sentences: Sequence[tuple[int, Sentence]],
    evidence: Sequence[Evidence],
    *,
    round_: int,
) -> list[Claim]:
    """Claims with ordinals, citations and checks by code; all cite supplied rows of the patient, or nothing is kept."""
    supplied = {row.ref: row for row in evidence if row.patient_id == report.patient_id}
    if not all(set(sentence.refs) <= supplied.keys() for _, sentence in sentences):
        raise LoopFailure("a claim cites a row that was not supplied")
    claims = [
        Claim(
            report_id=report.id, patient_id=report.patient_id, ordinal=ordinal, section=sentence.section,
            text=sentence.text, round=round_,
        )
        for ordinal, sentence in sentences
    ]  # fmt: skip
    rows = code_checking.as_rows(evidence)
    checks = [
        code_checking.check_by_code(claim, sentence.refs, rows)
        for claim, (_, sentence) in zip(claims, sentences, strict=True)
    ]
    session.add_all(claims)
    session.flush()
    for claim, check_ in zip(claims, checks, strict=True):
        check_.claim_id = claim.id
    session.add_all(checks)
    session.add_all(
        Citation(
            report_id=report.id, claim_id=claim.id, ref=ref, content_hash=supplied[ref].content_hash,
            hash_version=supplied[ref].hash_version,
        )
        for claim, (_, sentence) in zip(claims, sentences, strict=True)
        for ref in sentence.refs
    )  # fmt: skip
    return claims


def evidence_of(session: Session, report_id: int) -> list[Evidence]:
    """The rows supplied to a report's drafter, in order."""
    return list(session.scalars(select(Evidence).where(Evidence.report_id == report_id).order_by(Evidence.id)))


def today() -> date:
    """The day as the evidence counts days: UTC."""
    return utc_now().date()


def _forget_draft(session: Session, report_id: int) -> None:
    """Delete what an earlier, failed attempt left, except its model calls: they were paid for."""
    if session.scalar(select(Evidence.id).where(Evidence.report_id == report_id).limit(1)) is None:
        return
    for model in (Omission, Check, Citation, Claim, Evidence):
        session.execute(delete(model).where(model.report_id == report_id))
