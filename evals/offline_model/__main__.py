"""`python -m evals.offline_model`: serve until stopped."""

from __future__ import annotations

import signal
import sys
import threading

import click

from evals.offline_model import MODEL
from evals.offline_model.misbehaviour import MODES
from evals.offline_model.server import OfflineModel


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--misbehave", default="off", show_default=True, type=click.Choice(sorted(MODES)))
@click.option("--controls", is_flag=True, help="Let POST /control change how it behaves; for tests only.")
def main(host: str, port: int, misbehave: str, controls: bool) -> None:
    """Answer chat completions by fixed rules, for demonstrations and tests without a model."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server = OfflineModel(host=host, port=port, misbehave=misbehave, controls=controls)
    except OSError as fault:
        click.echo(f"can't listen on {host}:{port}: {fault.strerror}. Choose another --port.", err=True)
        sys.exit(1)
    with server:
        click.echo(f"{MODEL}: fixed rules, not a language model, at {server.url}", err=True)
        stop.wait()


main()
