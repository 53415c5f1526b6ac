"""`python -m evals.offline_model`: serve until stopped."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click

from evals.offline_model import MODEL
from evals.offline_model.misbehaviour import MODES
from evals.offline_model.server import OfflineModel
from evals.recording import BadRecording, load
from workers.reports import prompts


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--misbehave", default="off", show_default=True, type=click.Choice(sorted(MODES)))
@click.option("--controls", is_flag=True, help="Let POST /control change how it behaves; for tests only.")
@click.option("--recorded", type=click.Path(path_type=Path), help="Replay a model's answers from this file.")
def main(host: str, port: int, misbehave: str, controls: bool, recorded: Path | None) -> None:
    """Answer chat completions by fixed rules, for demonstrations and tests without a model."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        recording = load(recorded, prompts.version()) if recorded else None
        server = OfflineModel(host=host, port=port, misbehave=misbehave, controls=controls, recording=recording)
    except BadRecording as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    except OSError as fault:
        click.echo(f"can't listen on {host}:{port}: {fault.strerror}. Choose another --port.", err=True)
        sys.exit(1)
    with server:
        what = "fixed rules, not a language model" if recording is None else f"a recording of {recording.made['model']}"
        click.echo(f"{MODEL}: {what}, at {server.url}", err=True)
        stop.wait()


main()
