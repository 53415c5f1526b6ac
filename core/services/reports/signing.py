"""A clinician's signature: name, time and meaning, and the hash of the exact content and sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import care, permissions
from core.access.permissions import Actor, Right
from core.models import Account, Citation, Claim, Evidence, Report, ReportState, Signature, transitions, utc_now
from core.queries.hidden_visits import kept_apart
from core.queries.reports.kept_apart import hidden_refs
from core.services import accounts
from core.services.reports import seen_rows
from core.services.reports.lifecycle import current_claims, locked, move
from core.sources import find, signature_proof, signed_content

MEANING = "I have reviewed this report against its sources and take responsibility for its content."


class WrongPassword(Exception):
    """The password given to sign with is not the account's."""


class UndecidedClaims(Exception):
    """Flagged claims still need a decision: `count` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} flagged claim{'s' if count != 1 else ''} still to be decided")
        self.count = count


class StaleSource(Exception):
    """Cited rows have changed since drafting, or are gone: `refs`."""

    def __init__(self, refs: Sequence[str]) -> None:
        super().__init__(f"changed since drafting: {', '.join(refs)}. Check the claims that cite them again")
        self.refs = tuple(refs)


class ChangedSinceShown(Exception):
    """The claims, or what they cite, are not what the signer was shown."""

    def __init__(self) -> None:
        super().__init__("it was changed since you opened the page, which shows it as it is now: read it again")


class MadeFromHidden(Exception):
    """The draft was made from a visit that has been kept apart since."""

    def __init__(self) -> None:
        super().__init__("it was drafted from a visit that is now kept apart: withdraw it and ask for a new one")


class NothingToSign(Exception):
    """Every claim was rejected: reject the report instead."""


def sign(
    session: Session,
    *,
    report_id: int,
    by: Actor,
    password: str,
    seen: Collection[str] = (),
    shown: str | None = None,
) -> Report:
    """Make a checked report final; of several people who sign at the same time, only one succeeds.

    `seen` are the keys of what was written since drafting and the signer has seen; the signature binds the list.
    `shown` is the hash of the report as the signer was shown it; a program that shows nothing gives none.
    Raises PermissionDenied, WrongPassword, NoSuchReport, InvalidTransition, ChangedSinceShown, UndecidedClaims,
    NothingToSign, StaleSource, MadeFromHidden, UnseenRows, SigningKeyMissing, ColdUnavailable when an archive with
    rows of the patient is silent.
    """
    account = _reauthenticated(session, by, password)
    report = locked(session, report_id)
    care.check(session, by, report.patient_id)
    transitions.check_transition(f"report {report_id}", report.state, ReportState.SIGNED)
    claims = current_claims(session, report_id)
    cited = citations(session, claims)
    if shown is not None and shown != signed_content.shown_hash(claims, cited):
        raise ChangedSinceShown
    check_decided(claims)
    check_shared(session, report)
    _check_fresh(session, cited)
    meaning = MEANING + seen_rows.words(seen_rows.keep_seen(session, report, seen))
    # By now the record is locked: a cited row may have been entered in error since.
    _check_fresh(session, cited)
    session.add(_signature(session, report, claims, cited, by=account, meaning=meaning))
    session.flush()
    move(session, report, ReportState.SIGNED)
    audit.record(session, "report.signed", by=account, patient_id=report.patient_id, target=f"report:{report_id}")
    session.flush()
    return report


def _signature(
    session: Session,
    report: Report,
    claims: Sequence[Claim],
    cited: dict[int, list[Citation]],
    *,
    by: Account,
    meaning: str,
) -> Signature:
    now = utc_now()
    signed = signed_content.content_hash(
        claims, cited, report_id=report.id, patient_id=report.patient_id, name=by.name, meaning=meaning, signed_at=now
    )
    evidence = signature_proof.evidence_hash(session.scalars(select(Evidence).where(Evidence.report_id == report.id)))
    return Signature(
        report_id=report.id,
        account_id=by.id,
        name=by.name,
        meaning=meaning,
        signed_at=now,
        content_hash=signed,
        evidence_hash=evidence,
        proof=signature_proof.make(signed, evidence),
    )


def check_decided(claims: Sequence[Claim]) -> None:
    """Raises UndecidedClaims or NothingToSign."""
    undecided = sum(claim.flagged and claim.decision is None for claim in claims)
    if undecided:
        raise UndecidedClaims(undecided)
    if not claims:
        raise NothingToSign("every claim was rejected: reject the report instead")


def check_shared(session: Session, report: Report) -> None:
    """Raises MadeFromHidden if a row that the report was drafted from is of a visit kept apart from anybody."""
    hidden_visits = kept_apart(session, report.patient_id)
    supplied = session.scalars(select(Evidence.ref).where(Evidence.report_id == report.id)).all()
    if hidden_refs(session, supplied, hidden_visits):
        raise MadeFromHidden


def citations(session: Session, claims: Sequence[Claim]) -> dict[int, list[Citation]]:
    """Each claim's citations, by the claim's id, in order."""
    found: dict[int, list[Citation]] = defaultdict(list)
    query = select(Citation).where(Citation.claim_id.in_([claim.id for claim in claims])).order_by(Citation.id)
    for citation in session.scalars(query):
        found[citation.claim_id].append(citation)
    return found


def _reauthenticated(session: Session, by: Actor, password: str) -> Account:
    account = session.get(Account, by.id, populate_existing=True)
    permissions.check(account, Right.REPORT_SIGN)
    if account is None or not accounts.verify_password(session, account.id, password):
        raise WrongPassword("That is not your password.")
    return account


def _check_fresh(session: Session, cited: dict[int, list[Citation]]) -> None:
    kept = [citation for group in cited.values() for citation in group]
    now = find.rows(session, {citation.ref for citation in kept}, lock=True)
    stale = {citation.ref for citation in kept if citation.ref not in now or not now[citation.ref].is_as(citation)}
    if stale:
        raise StaleSource(sorted(stale))
