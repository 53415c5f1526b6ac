"""`python -m bench NAME [--scale S] [--json]`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import signal
import sys

import click

import bench


def names() -> list[str]:
    """The benchmarks there are: each a module with `run(scale, say)`."""
    return sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if not found.name.startswith("_"))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", type=click.Choice(names()))
@click.option("--scale", type=float, default=1.0, help="Size of the data; docs/scaling.md reports 1.")
@click.option("--json", "as_json", is_flag=True, help="Print figures as JSON, ratios first.")
def main(name: str, scale: float, as_json: bool) -> None:
    """Run one benchmark on servers of its own, made for it and removed."""
    # Whoever ends it finds no server left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    figures = importlib.import_module(f"bench.{name}").run(scale, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(figures))
        return
    for key, value in figures.items():
        click.echo(f"{key:32} {value}")


if __name__ == "__main__":
    sys.exit(main())
