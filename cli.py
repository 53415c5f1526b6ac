"""The `strata` command. Each subcommand lives in commands/ and is imported when it is called."""

from __future__ import annotations

import gc
import importlib
import logging
import sys

import click

from commands import interrupts

# Each with the line that `strata --help` says of it: to ask the command itself would import all of them.
COMMANDS = {
    "demo": (
        "commands.demo.demo_command:demo",
        "Run everything on this machine until Ctrl-C: servers, both portals, workers, scheduler, a model endpoint.",
    ),
    "init": ("commands.init:init", "Bring every configured server up to date: schema, roles, linked tables."),
    "doctor": (
        "commands.doctor:doctor",
        "Look at every server, privilege, clock and setting, and name the mend for what is wrong.",
    ),
    "serve": ("commands.serve:serve", "Serve one portal under gunicorn."),
    "worker": (
        "commands.worker:worker",
        "Run jobs from QUEUES (all of them, if none is named) until stopped; portals beside it come first.",
    ),
    "schedule": ("commands.worker:schedule", "Start regular jobs on time."),
    "import": ("commands.import_:group", "Bring in records."),
    "generate": (
        "commands.generate:generate",
        "Add a made-up, Singapore-flavoured population, for those who have no data.",
    ),
    "archive": (
        "commands.archive:group",
        "Move cold rows to the archive servers; see how it goes; pause, resume, redrive; bring them back.",
    ),
    "report": (
        "commands.report:group",
        "Patient summaries: drafted by software, checked by software, signed by a clinician.",
    ),
    "eval": ("commands.eval:group", "How good the agents and the checks are: suites of cases with known answers."),
    "model": ("commands.model:group", "Which models, with which prompts, make reports."),
    "alerts": (
        "commands.alerts:group",
        "Rules that watch cost, latency, quality and the tiers; they are evaluated every minute.",
    ),
    "audit": ("commands.audit:group", "The audit trail."),
    "picture": (
        "commands.picture:group",
        "Each patient's current picture: the newest results, kept hot whatever moves to an archive.",
    ),
    "redis-users": (
        "commands.redis_users:show",
        "Print a Redis user for each kind of process, as lines for an ACL file, each with a new password.",
    ),
    "keys": ("commands.keys:show", "Print a new key for each kind of process, as the settings that each is given."),
    "reseal": ("commands.reseal:reseal", "Seal every value again with the newest key, so that an old one can go."),
    "export": ("commands.export:group", "Take records out."),
    "account": ("commands.account_command:group", "Accounts, where no admin can use the page for them."),
}
WITHOUT_SERVERS = frozenset({"demo", "eval", "redis-users", "keys"})


class Lazy(click.Group):
    """Imports a subcommand only when it is needed, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from commands.start_up import without_collections

        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        with without_collections():
            command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        room = formatter.width - 6 - max(map(len, COMMANDS))
        lines = [
            (name, click.Command(name, help=line).get_short_help_str(room)) for name, (_, line) in COMMANDS.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="strata")
@click.option("-v", "--verbose", is_flag=True, help="Show what happens inside.")
def strata(verbose: bool) -> None:
    """Patient management that separates, distributes and replicates before anyone buys a bigger server.

    Start with `strata demo`: it runs everything on this machine. Any other command run beside a running demo finds
    it; elsewhere the servers are named by STRATA_* variables, which `strata doctor` lists and checks.
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s %(message)s")


def main() -> None:
    """Run the command; an expected fault is one clear line and exit status 1, bad arguments are 2."""
    # What imports make is no garbage: to look for some takes a fifth of the time of a start.
    gc.disable()
    try:
        _run()
    finally:
        gc.enable()


def _run() -> None:
    interrupts.listen()
    try:
        prepare(sys.argv[1:])
        strata.main(standalone_mode=False)
    except click.exceptions.Abort:
        _fail("stopped", interrupts.STATUS)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except click.exceptions.Exit as ending:
        sys.exit(ending.exit_code)
    except Exception as fault:
        if _is_expected(fault):
            _fail(str(fault), 1)
        if interrupts.was_asked():
            # A driver that waited for its server calls this "Communication link failure", or says nothing.
            _fail("stopped", interrupts.STATUS)
        if "-v" in sys.argv or "--verbose" in sys.argv:
            raise
        _fail(f"{type(fault).__name__}: {_first_line(fault)} (--verbose before the command shows more)", 1)


def _is_expected(fault: Exception) -> bool:
    """Whether the fault's own words are for the person who called."""
    # Only then: what these modules load is half of the time that `--help` would take.
    from core.engines import EngineError
    from core.settings.config import ConfigError

    return isinstance(fault, (ConfigError, EngineError))


def prepare(arguments: list[str]) -> None:
    """Point this process at a demo that runs beside it, unless the servers are named already."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] in WITHOUT_SERVERS or "--help" in arguments or "-h" in arguments:
        return
    from commands import beside

    beside.configure()


def _first_line(fault: Exception) -> str:
    return next(iter(str(fault).strip().splitlines()), "no further detail")


def _fail(line: str, status: int) -> None:
    click.echo(f"strata: {line}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
