"""What long-running commands share: progress on stderr, a summary on stdout."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from core.interchange.summary import KINDS, Progress, Summary, silent

REFUSALS_SHOWN = 20
CLEAR_LINE = "\r\x1b[K"


def follow() -> Progress:
    """Show progress on stderr: on a terminal one line that changes, elsewhere nothing."""
    if not sys.stderr.isatty():
        return silent
    return lambda line: click.echo(f"{CLEAR_LINE}{line}", nl=False, err=True)


def clear() -> None:
    """Remove the line of progress, before the command prints its result."""
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, nl=False, err=True)


def report(summary: Summary, *, as_json: bool, refusals_file: Path | None = None) -> None:
    """Print what was done. If `refusals_file` is given, write every refusal to it as a line of JSON."""
    clear()
    plain = summary.as_dict()
    if refusals_file is not None:
        lines = (json.dumps(refusal, ensure_ascii=False) + "\n" for refusal in plain["refusals"])
        refusals_file.write_text("".join(lines), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    _table(summary)
    for remark in summary.remarks:
        click.echo(remark)
    for refusal in summary.refusals[:REFUSALS_SHOWN]:
        place = f"{refusal.file}:{refusal.line}" if refusal.line else refusal.file
        click.echo(f"refused {place}: {refusal.reason}")
    hidden = len(summary.refusals) - REFUSALS_SHOWN
    if hidden > 0 and refusals_file is None:
        click.echo(f"... and {hidden:,} more: name a file with --refusals to see them all")


def _table(summary: Summary) -> None:
    names = ("read", "new", "unchanged", "updated", "refused")
    click.echo(f"{'':14}" + "".join(f"{name:>11}" for name in names))
    for kind in KINDS:
        if kind in summary.counts:
            counts = summary.counts[kind]
            click.echo(f"{kind:14}" + "".join(f"{getattr(counts, name):>11,}" for name in names))
    click.echo(f"{'all':14}" + "".join(f"{getattr(summary, name):>11,}" for name in names))
    moved = f", dates moved by {summary.shift_days:+,} days" if summary.shift_days else ""
    click.echo(f"in {summary.seconds:.1f} s{moved}")
