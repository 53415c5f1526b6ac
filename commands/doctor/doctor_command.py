from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from commands.doctor import boundaries, database_servers, other_services, picture_check, transport
from commands.doctor.finding import Finding
from core.settings.config import Settings
from core.settings.described import Described, describe
from core.stores import databases


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
@click.option("--deep", is_flag=True, help="Move, read and bring back rows of a made-up patient; a report to send.")
def doctor(as_json: bool, deep: bool) -> None:
    """Look at every server, privilege, clock and setting, and name the mend for what is wrong.

    With --deep, within five minutes: a made-up patient's ten visits are moved to the archive, read there and brought
    back, rights are tried in each role, round trips measured; all of it is taken away again. Its report names no host,
    database, login or person. Interrupted, the next run takes away what was left.

    Exits 1 if anything is wrong. Settings are listed with their value (secrets masked) and what they do.
    """
    settings = databases.current().settings
    if deep:
        _deep(settings, as_json=as_json)
        return
    findings = [
        *database_servers.examine(settings),
        *picture_check.examine(),
        *other_services.examine(settings),
        *boundaries.examine(settings),
        *transport.examine(settings),
    ]
    described = describe(settings)
    if as_json:
        click.echo(json.dumps(_as_json(findings, described), indent=2))
    else:
        _print(findings, described)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _deep(settings: Settings, *, as_json: bool) -> None:
    from commands.doctor import deep

    findings = []
    for finding in deep.examine(settings):
        findings.append(finding)
        if not as_json:
            _print_finding(finding)
    ok = all(finding.ok for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": ok, "findings": [asdict(finding) for finding in findings]}, indent=2))
    sys.exit(0 if ok else 1)


def _as_json(findings: Sequence[Finding], described: Sequence[Described]) -> dict[str, object]:
    return {
        "ok": all(finding.ok for finding in findings),
        "findings": [asdict(finding) for finding in findings],
        "settings": [asdict(setting) for setting in described],
    }


def _print(findings: Sequence[Finding], described: Sequence[Described]) -> None:
    for finding in findings:
        _print_finding(finding)
    click.echo("\nSettings (* not the default)")
    for setting in described:
        mark = " " if setting.is_default else "*"
        click.echo(f"{mark} {setting.env:<36} {setting.value or '(none)':<44} {setting.help}")
    wrong = sum(not finding.ok for finding in findings)
    click.echo(f"\n{wrong or 'Nothing'} wrong" if wrong != 1 else "\n1 thing wrong")


def _print_finding(finding: Finding) -> None:
    click.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.subject:<28} {finding.detail}")
    if finding.mend:
        click.echo(f"       {'':<28} Mend: {finding.mend}.")
