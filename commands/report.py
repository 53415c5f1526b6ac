"""`strata report`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict

import click
from sqlalchemy import select

from commands import report_incident
from commands.parameters import ROW_ID, SuiteName
from core.access import permissions
from core.jobs import outbox
from core.models import Account, ReportState, Role
from core.queries import reports as reads
from core.queries.patients import NoSuchPatient
from core.queries.reports import ReviewReport
from core.services import reports
from core.services.reports.lifecycle import IN_WORK
from core.stores import databases
from core.stores.databases import Store

POLL_SECONDS = 0.5
WAIT_MINUTES_MAX = 20


@click.group(name="report")
def group() -> None:
    """Patient summaries: drafted by software, checked by software, signed by a clinician."""


@group.command()
@click.option("--patient", "patient_id", required=True, type=ROW_ID, help="The patient's id.")
@click.option("--wait", is_flag=True, help="Stay until the report is ready for review, or has failed.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--by", "username", help="The clinician who asks.  [default: the first active one]")
def request(patient_id: int, wait: bool, as_json: bool, username: str | None) -> None:
    """Ask for a patient's summary.

    Exits 1 if it can't be asked for, or, with --wait, if it fails.
    """
    try:
        with databases.write() as session:
            report_id = reports.request(session, patient_id=patient_id, by=_clinician(session, username)).id
    except (reports.AlreadyOpen, NoSuchPatient, permissions.PermissionDenied) as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    if wait:
        _wait(report_id)
    _print(_read(report_id), as_json)


@group.command()
@click.argument("report_id", metavar="ID", type=ROW_ID)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def show(report_id: int, as_json: bool) -> None:
    """Print a report. Exits 1 if there is none, or if it has failed."""
    _print(_read(report_id), as_json)


@group.command("list")
@click.option("--model", help="Drafted or checked by this model.")
@click.option("--prompt-version", help="Made with this prompt version, or a part of it.")
@click.option("--signed", is_flag=True, help="Only signed ones, which patients see.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_made(model: str | None, prompt_version: str | None, signed: bool, as_json: bool) -> None:
    """List every report that a model or prompt version has made, archived ones too, with who signed it."""
    made = report_incident.made_by(model, prompt_version)
    found = [one for one in made if one.state == ReportState.SIGNED or not signed]
    if as_json:
        click.echo(json.dumps([{**asdict(one), "requested_at": one.requested_at.isoformat()} for one in found]))
        return
    for one in found:
        signer = f", signed by {one.signed_by}" if one.signed_by else ""
        click.echo(f"report {one.id}: {one.state}{signer}; patient {one.patient_id}; {one.model}")
    click.echo(f"{len(found)} report(s)", err=True)


@group.command()
@click.option("--reason", required=True, help="Shown to those who wait; no clinical content.")
def halt(reason: str) -> None:
    """Halt the report loop at once: new requests wait, running reports stop at their next step."""
    try:
        with databases.write() as session:
            reports.halt(session, reason=reason, by=None)
    except reports.BadHalt as fault:
        raise click.ClickException(str(fault)) from None
    click.echo("The report loop is halted. To let it go on: strata report resume")


@group.command()
@click.option(
    "--if-passed", "suites", multiple=True, type=SuiteName(),
    help="Only if this suite's last kept run since the halt passed; may be given again.",
)  # fmt: skip
def resume(suites: tuple[str, ...]) -> None:
    """Let a halted report loop go on, with every report that waits."""
    try:
        with databases.write() as session:
            reports.check_restart(session, suites)
            waiting = reports.resume(session, by=None)
    except reports.BadHalt as fault:
        raise click.ClickException(str(fault)) from None
    outbox.relay()
    click.echo(f"The report loop goes on; {waiting} report(s) waited.")


for _command in report_incident.COMMANDS:
    group.add_command(_command)


def _clinician(session: databases.Session, username: str | None) -> Account:
    if username is not None:
        return report_incident.account(session, username)
    query = select(Account).where(Account.role == Role.CLINICIAN, Account.active).order_by(Account.id)
    found = session.scalars(query).first()
    if found is None:
        raise click.ClickException("no active clinician's account: make one first")
    return found


def _wait(report_id: int) -> None:
    """Say each new state on stderr until the loop has ended."""
    deadline = time.monotonic() + 60 * WAIT_MINUTES_MAX
    said = None
    while time.monotonic() < deadline:
        report = _read(report_id)
        line = f"report {report_id}: {report.state}{f' ({report.reason})' if report.reason else ''}"
        if line != said:
            click.echo(line, err=True)
            said = line
        if report.state not in IN_WORK:
            return
        time.sleep(POLL_SECONDS)
    raise click.ClickException(
        f"report {report_id} is not ready after {WAIT_MINUTES_MAX} minutes: is a worker running (strata worker)?"
    )


def _read(report_id: int) -> ReviewReport:
    with databases.read(Store.HOT) as session:
        report = reads.review(session, report_id)
    if report is None:
        raise click.ClickException(f"there is no report {report_id}")
    return report


def _print(report: ReviewReport, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(reads.summary_json(report), ensure_ascii=False))
    else:
        for line in _lines(report):
            click.echo(line)
    if report.state == ReportState.FAILED:
        click.echo(f"report {report.id} failed: {report.reason}", err=True)
        sys.exit(1)


def _lines(report: ReviewReport) -> list[str]:
    lines = [f"Report {report.id}: {report.state}. Patient {report.patient.id}. {report.drafted_by}"]
    for section, claims in report.sections.items():
        lines += ["", section]
        for claim in claims:
            mark = "!" if claim.needs_decision else "x" if claim.decision == "rejected" else " "
            lines.append(f" {mark} {claim.text} [{', '.join(row.ref for row in claim.citations)}]")
            lines += [f"     {claim.verdict}: {reason}" for reason in claim.reasons if claim.flagged]
    if report.omissions:
        lines += ["", "Not mentioned", *(f"   {omission.ref}: {omission.reason}" for omission in report.omissions)]
    spent = report.figures
    lines += ["", f"{spent.tokens} tokens, US${spent.cost_usd:.4f}, {spent.total_seconds:.1f} s"]
    return lines
