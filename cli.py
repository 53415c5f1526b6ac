"""The `strata` command. Each subcommand lives in commands/ and is imported when it is called."""

from __future__ import annotations

import gc
import importlib
import logging
import sys

import click

from commands import interrupts

COMMANDS = {
    "demo": "commands.demo.demo_command:demo",
    "init": "commands.init:init",
    "doctor": "commands.doctor:doctor",
    "serve": "commands.serve:serve",
    "worker": "commands.worker:worker",
    "schedule": "commands.worker:schedule",
    "import": "commands.import_:group",
    "generate": "commands.generate:generate",
    "archive": "commands.archive:group",
    "report": "commands.report:group",
    "eval": "commands.eval:group",
    "model": "commands.model:group",
    "alerts": "commands.alerts:group",
    "audit": "commands.audit:group",
    "picture": "commands.picture:group",
    "redis-users": "commands.redis_users:show",
    "keys": "commands.keys:show",
    "reseal": "commands.reseal:reseal",
    "export": "commands.export:group",
    "account": "commands.account_command:group",
}
WITHOUT_SERVERS = frozenset({"demo", "eval", "redis-users", "keys"})


class Lazy(click.Group):
    """Imports a subcommand only when it is needed, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        # All that was imported stays: no collection needs to look at it again.
        gc.freeze()
        gc.enable()
        return command


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
    from core.engines import EngineError
    from core.settings.config import ConfigError

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
    except (ConfigError, EngineError) as fault:
        _fail(str(fault), 1)
    except Exception as fault:
        if interrupts.was_asked():
            # A driver that waited for its server calls this "Communication link failure", or says nothing.
            _fail("stopped", interrupts.STATUS)
        if "-v" in sys.argv or "--verbose" in sys.argv:
            raise
        _fail(f"{type(fault).__name__}: {_first_line(fault)} (--verbose before the command shows more)", 1)


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
