"""`strata report`: the commands for an incident. docs/runbooks/agent-incident.md has the steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from commands.parameters import ROW_ID, named_at_the_end
from core import audit
from core.access import permissions
from core.jobs import outbox
from core.models import Account, ReportState
from core.models.transitions import InvalidTransition
from core.queries import reports as reads
from core.queries.reports import MadeReport
from core.services import reports
from core.stores import databases, replica_reads
from core.stores.archived import ColdUnavailable
from evals.cases import LABELS

REFUSALS = (
    reports.AlreadyOpen, reports.BadReplacement, reports.NoSuchReport, permissions.PermissionDenied, InvalidTransition,
    ColdUnavailable, ValueError,
)  # fmt: skip
REPORT = click.argument("report_id", metavar="ID", type=ROW_ID)
BY = click.option("--by", "username", required=True, help="The clinician who does it.")


def made_by(model: str | None, prompt_version: str | None) -> list[MadeReport]:
    """All reports that a model or prompt version has made. Raises ClickException if the list can't be complete."""
    if model is None and prompt_version is None:
        raise click.UsageError("name --model, --prompt-version or both")
    try:
        with replica_reads.read() as session:
            return reads.made_by(session, model=model, prompt_version=prompt_version)
    except (ColdUnavailable, replica_reads.ReplicaBehind) as fault:
        raise click.ClickException(f"{fault}: the list would not be whole; try again when it is back") from None


@click.command()
@REPORT
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file, for you alone."
)
def trace(report_id: int, out: Path) -> None:
    """Preserve all that a report was made of, with hashes: evidence, claims, checks, calls, events.

    The file holds the patient's data. Taking it is recorded in the audit trail first.
    """
    found = _trace(report_id)
    with databases.write() as session:
        patient_id = found["report"]["patient_id"]
        audit.record(session, "report.trace_taken", by=None, patient_id=patient_id, target=f"report:{report_id}")
    try:
        with named_at_the_end(out) as file:
            json.dump(found, file, ensure_ascii=False, indent=1)
    except OSError as fault:
        raise click.ClickException(
            f"{out}: {fault.strerror}: name a new file in a folder that can be written"
        ) from None
    click.echo(f"{out}: report {report_id}, {reads.verify(found)} rows, sha256 {found['sha256']}")


@click.command("verify-trace")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def verify_trace(file: Path) -> None:
    """Check that a preserved trace is as it was taken. Exits 1 if it was altered."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        rows = reads.verify(found)
    except (reads.BadTrace, ValueError, KeyError, TypeError, AttributeError) as fault:
        said = fault if isinstance(fault, reads.BadTrace) else "not a trace"
        raise click.ClickException(f"{file}: {said}") from None
    click.echo(f"{file}: unaltered, {rows} rows, sha256 {found['sha256']}")


@click.command()
@REPORT
@click.option("--claim", "claim_id", required=True, type=ROW_ID, help="The claim's id.")
@click.option("--label", required=True, type=click.Choice(LABELS), help="What the cited rows say of it.")
@click.option("--error-type", help="Your name for what is wrong with it.")
def case(report_id: int, claim_id: int, label: str, error_type: str | None) -> None:
    """Print one of a report's claims, with the rows that it cites, as a case for `strata eval run factcheck --cases`.

    It holds the patient's data: change values, dates and names before it is kept with the suite's own cases.
    """
    found = _trace(report_id)
    claim = next((row for row in found["claims"] if row["id"] == claim_id), None)
    if claim is None:
        raise click.ClickException(f"report {report_id} has no claim {claim_id}: see `strata report show {report_id}`")
    refs = [row["ref"] for row in found["citations"] if row["claim_id"] == claim_id]
    with databases.write() as session:
        target = f"claim:{claim_id}"
        audit.record(session, "report.case_taken", by=None, patient_id=claim["patient_id"], target=target)
    rows = [
        {
            "ref": row["ref"],
            "type": row["ref"].partition(":")[0],
            "patient_id": row["patient_id"],
            "fields": row["fields"],
        }
        for row in found["evidence"]
        if row["ref"] in refs
    ]
    made = {
        "id": f"report-{report_id}-claim-{claim_id}", "rows": rows, "claim": {"text": claim["text"], "citations": refs},
        "patient_id": claim["patient_id"], "label": label, "error_type": error_type,
    }  # fmt: skip
    click.echo(json.dumps(made, ensure_ascii=False))


@click.command("notify-signers")
@click.option("--model", help="Of signed reports drafted or checked by this model.")
@click.option("--prompt-version", help="Of signed reports made with this prompt version, or a part of it.")
@click.option("--reason", required=True, help="Shown to the signers; no clinical content.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def notify_signers(model: str | None, prompt_version: str | None, reason: str, as_json: bool) -> None:
    """Ask everybody who signed an affected report to look at it again; each is asked once until they answer.

    They see it on top of their list of reports.
    """
    made = [one for one in made_by(model, prompt_version) if one.state == ReportState.SIGNED]
    signed = [(one.id, one.patient_id, one.signer_id) for one in made if one.signer_id is not None]
    try:
        with databases.write() as session:
            asked = reports.notify_signers(session, signed, reason=reason, by=None)
    except reports.BadNotice as fault:
        raise click.ClickException(str(fault)) from None
    names = {one.id: one.signed_by for one in made}
    if as_json:
        click.echo(
            json.dumps([{"report_id": notice.report_id, "signed_by": names[notice.report_id]} for notice in asked])
        )
        return
    for notice in asked:
        click.echo(f"report {notice.report_id}: {names[notice.report_id]} is asked to look again")
    click.echo(f"{len(asked)} asked, {len(signed) - len(asked)} had been asked before", err=True)


@click.command()
@REPORT
@BY
def amend(report_id: int, username: str) -> None:
    """Ask for a new report that replaces a signed one, which stands until the new one is signed."""
    try:
        with databases.write() as session:
            made = reports.amend(session, report_id=report_id, by=account(session, username)).id
    except REFUSALS as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    click.echo(f"report {made} will replace report {report_id}")


@click.command()
@REPORT
@click.option("--reason", required=True, help="Kept with the report.")
@BY
def withdraw(report_id: int, reason: str, username: str) -> None:
    """Take a report back, a signed one too: the patient sees it no more."""
    try:
        with databases.write() as session:
            reports.withdraw(session, report_id=report_id, reason=reason, by=account(session, username))
    except REFUSALS as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"report {report_id} is withdrawn")


def account(session: databases.Session, username: str) -> Account:
    """The account of that name."""
    found = session.scalars(select(Account).where(Account.username == username)).first()
    if found is None:
        raise click.ClickException(f"no account {username!r}")
    return found


def _trace(report_id: int) -> dict[str, Any]:
    try:
        with replica_reads.read() as session:
            found = reads.trace(session, report_id)
    except (ColdUnavailable, replica_reads.ReplicaBehind) as fault:
        raise click.ClickException(f"{fault}: try again when it is back") from None
    if found is None:
        raise click.ClickException(f"there is no report {report_id}")
    return found


COMMANDS = (trace, verify_trace, case, notify_signers, amend, withdraw)
