"""`strata serve`."""

from __future__ import annotations

import sys

import click

ADDRESSES = {"public": "127.0.0.1:8100", "staff": "127.0.0.1:8200"}


@click.command()
@click.argument("portal", type=click.Choice(sorted(ADDRESSES)))
@click.option(
    "--bind",
    help="Address to listen on; behind a proxy that ends TLS.  [public: 127.0.0.1:8100, staff: 127.0.0.1:8200]",
)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 64), help="Threads of each process.")
def serve(portal: str, bind: str | None, workers: int, threads: int) -> None:
    """Serve one portal under gunicorn."""
    from gunicorn.app.wsgiapp import run

    sys.argv = [
        "gunicorn", f"wsgi:{portal}()", "--bind", bind or ADDRESSES[portal], "--workers", str(workers),
        "--threads", str(threads), "--worker-class", "gthread", "--config", "python:core.web.gunicorn_hooks",
    ]  # fmt: skip
    run()
