"""`strata model`."""

from __future__ import annotations

import json
from collections.abc import Callable

import click

from core.models import AgentSetup, SetupState
from core.services import agent_setups
from core.services.agent_setups import BadSetup
from core.stores import databases
from core.stores.databases import Store
from workers.reports import setups

reason_option = click.option("--reason", required=True, help="Why; kept with it.")


@click.group(name="model")
def group() -> None:
    """Which models, with which prompts, make reports.

    Commands act on the setup that STRATA_DRAFTER_MODEL, STRATA_CHECKER_MODEL and this code's prompts make. It goes into
    use only when `strata eval run` of drafting, injection, cost and factcheck, with --keep, have passed.
    """


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def list_setups(as_json: bool) -> None:
    """List every setup with its state, the last changed first."""
    with databases.read(Store.HOT) as session:
        found = [_shown(setup) for setup in agent_setups.listed(session)]
        wanting = agent_setups.not_passed(session, setups.configured())
    if as_json:
        click.echo(json.dumps(found))
        return
    for item in found:
        models = f"{item['drafter_model']}, {item['checker_model']}"
        share = f" {item['share_percent']} %" if item["share_percent"] else ""
        click.echo(f"{item['state']}{share}  {models}  {item['prompt_version']}")
        click.echo(f"    {item['changed_at'][:16]}, {item['changed_by']}: {item['reason']}")
    passed = f"has not passed {', '.join(wanting)}" if wanting else "has passed all evaluations"
    click.echo(f"Configured: {setups.configured()}; it {passed}.")


@group.command()
@reason_option
def propose(reason: str) -> None:
    """Register the configured setup as a candidate."""
    with databases.write() as session:
        _done(lambda: agent_setups.propose(session, setups.configured(), reason=reason))


@group.command()
@click.option("--share", type=click.IntRange(1, 99), required=True, help="Percent of reports that it makes.")
@reason_option
def canary(share: int, reason: str) -> None:
    """Let the configured setup make a share of the reports, the one in use the others."""
    with databases.write() as session:
        _done(lambda: agent_setups.move(session, setups.configured(), SetupState.CANARY, reason=reason, share=share))


@group.command()
@reason_option
def use(reason: str) -> None:
    """Put the configured setup into use for every report; the one before is retired."""
    with databases.write() as session:
        _done(lambda: agent_setups.move(session, setups.configured(), SetupState.IN_USE, reason=reason))


@group.command()
@reason_option
def retire(reason: str) -> None:
    """Let the configured setup make no more reports."""
    with databases.write() as session:
        _done(lambda: agent_setups.move(session, setups.configured(), SetupState.RETIRED, reason=reason))


def _done(act: Callable[[], AgentSetup]) -> None:
    try:
        done = act()
    except BadSetup as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{done.state}: {agent_setups.of(done)}")


def _shown(setup: AgentSetup) -> dict[str, object]:
    return {
        "drafter_model": setup.drafter_model,
        "checker_model": setup.checker_model,
        "prompt_version": setup.prompt_version,
        "state": setup.state,
        "share_percent": setup.share,
        "reason": setup.reason,
        "changed_by": setup.changed_by,
        "changed_at": setup.changed_at.isoformat(),
    }
