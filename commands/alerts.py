"""`strata alerts`."""

from __future__ import annotations

import json

import click

from core.queries import alerts
from core.services import alerting
from core.stores import databases
from core.stores.databases import Store


@click.group(name="alerts")
def group() -> None:
    """Rules that watch cost, latency, quality and the tiers; they are evaluated every minute."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_rules(as_json: bool) -> None:
    """Measure every rule now, and say which would fire; changes nothing."""
    looked = alerting.look()
    if as_json:
        click.echo(json.dumps([_shown(found) for found in looked]))
        return
    for found in looked:
        sign = "<" if found.rule.below else ">"
        value = "-" if found.measured is None else f"{found.measured.value:.4g}"
        click.echo(
            f"{found.state:8} {found.rule.name:32} {value:>10} ({sign} {found.rule.threshold:g} {found.rule.unit})"
        )


def _shown(found: alerting.Looked) -> dict[str, object]:
    rule, measured, state = found
    return {
        "rule": rule.name,
        "says": rule.says,
        "state": state,
        "value": None if measured is None else measured.value,
        "samples": 0 if measured is None else measured.samples,
        "threshold": rule.threshold,
        "fires_below": rule.below,
        "unit": rule.unit,
        "window_seconds": rule.window.total_seconds(),
        "samples_min": rule.samples_min,
        "runbook": f"docs/runbooks/{rule.runbook}",
    }


@group.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def evaluate(as_json: bool) -> None:
    """Evaluate the rules now, as the schedule does each minute, and say what fired or cleared."""
    looked = alerting.look()
    with databases.write() as session:
        said = alerting.note(session, looked)
        alerting.mark_evaluated(session)
    if as_json:
        changes = [line.split(": ", 1) for line in said]
        click.echo(json.dumps([{"event": event, "rule": rule} for event, rule in changes]))
        return
    click.echo("\n".join(said) or "nothing changed")


@group.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, alerts.HISTORY_MAX), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def history(limit: int, as_json: bool) -> None:
    """List what has fired, what is firing now first."""
    with databases.read(Store.HOT) as session:
        found = alerts.history(session, limit)
    if as_json:
        click.echo(json.dumps([alert.as_json() for alert in found]))
        return
    for alert in found:
        until = f"until {alert.cleared_at:%Y-%m-%d %H:%M}" if alert.cleared_at else "firing"
        click.echo(f"{alert.fired_at:%Y-%m-%d %H:%M}  {until:23} {alert.rule}: {alert.value:.4g}")
    if not found:
        click.echo("Nothing has fired.")
