"""`strata demo` from start to stop."""

from __future__ import annotations

import time
from pathlib import Path

import click

from commands.demo.demo_files import SignIn
from commands.demo.running import Demo, Options
from commands.demo.signals import Stopped, stop_raises
from core.embedded import EmbeddedError


@click.command()
@click.option("--patients", default=300, show_default=True, type=click.IntRange(1), help="How many to generate.")
@click.option(
    "--import",
    "import_dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Import a Synthea CSV folder instead of generating.",
)
@click.option(
    "--data-dir",
    envvar="STRATA_DATA_DIR",
    default=".strata",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where databases, keys and logs are kept.",
)
@click.option("--fresh", is_flag=True, help="Delete the data of earlier starts first.")
@click.option(
    "--public-port", envvar="STRATA_PUBLIC_PORT", default=8100, show_default=True, type=click.IntRange(1, 65535)
)
@click.option(
    "--staff-port", envvar="STRATA_STAFF_PORT", default=8200, show_default=True, type=click.IntRange(1, 65535)
)
@click.option(
    "--postgres-bin", envvar="STRATA_POSTGRES_BIN", type=click.Path(path_type=Path), help="A system PostgreSQL."
)
def demo(
    *,
    patients: int,
    import_dir: Path | None,
    data_dir: Path,
    fresh: bool,
    public_port: int,
    staff_port: int,
    postgres_bin: Path | None,
) -> None:
    """Run everything on this machine until Ctrl-C: servers, both portals, workers, scheduler, a model endpoint.

    The first start fills the databases and makes sign-ins; later ones find both again.
    """
    begun = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"[{time.monotonic() - begun:5.1f} s] {line}")

    options = Options(
        data_dir=data_dir.absolute(),
        patients=patients,
        import_dir=import_dir.absolute() if import_dir else None,
        fresh=fresh,
        public_port=public_port,
        staff_port=staff_port,
        postgres_bin=postgres_bin,
    )
    with stop_raises():
        running = Demo(options, say)
        try:
            found = running.start()
            _print_welcome(running, found)
            running.supervise()
        except Stopped:
            say("Stopping")
        except EmbeddedError as fault:
            raise click.ClickException(str(fault)) from fault
        finally:
            running.stop()
            say("Stopped")


def _print_welcome(running: Demo, sign_ins: list[SignIn]) -> None:
    running.say("Everything answers")
    click.echo(f"\n  Patients  {running.public_url}\n  Staff     {running.staff_url}\n")
    for sign_in in sign_ins:
        key = f"  key of the authenticator app: {sign_in.totp_secret}" if sign_in.totp_secret else ""
        click.echo(f"  {sign_in.role:<10} {sign_in.username:<10} {sign_in.password}{key}")
    click.echo("\nCtrl-C stops everything; the data stay for the next start.")
