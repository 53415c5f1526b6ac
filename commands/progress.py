"""What long-running commands share: progress on stderr, a summary on stdout."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import click

from core.interchange.summary import KINDS, Progress, Refusal, Summary, silent

REFUSALS_SHOWN = 20
SECONDS_BETWEEN_LINES = 30
REFUSALS_OF_A_KIND = 3
# What two refusals for the same reason differ in.
NAMES_AND_NUMBERS = re.compile(r"'[^']*'|\([^)]*\)|\S*[\d@/]\S*")
CLEAR_LINE = "\r\x1b[K"


def follow() -> Progress:
    """Show progress on stderr: on a terminal one line that changes, elsewhere nothing."""
    if not sys.stderr.isatty():
        return silent
    return lambda line: click.echo(f"{CLEAR_LINE}{line}", nl=False, err=True)


def follow_long() -> Progress:
    """The same, and elsewhere a line now and then, for work that someone starts in the evening."""
    if sys.stderr.isatty():
        return follow()
    told = time.monotonic()

    def tell(line: str) -> None:
        nonlocal told
        if time.monotonic() - told >= SECONDS_BETWEEN_LINES:
            told = time.monotonic()
            click.echo(line, err=True)

    return tell


def clear() -> None:
    """Remove the line of progress, before the command prints its result."""
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, nl=False, err=True)


def report(summary: Summary, *, as_json: bool, refusals_file: Path | None = None, check: bool = False) -> None:
    """Print what was done, or what a check would do. If `refusals_file` is given, write every refusal to it."""
    clear()
    plain = summary.as_dict() | ({"check": True} if check else {})
    if refusals_file is not None:
        _write_refusals(refusals_file, plain["refusals"])
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    _table(summary)
    if summary.left_out:
        told = ", ".join(f"{count:,} {name}" for name, count in sorted(summary.left_out.items()))
        click.echo(f"left out by type: {told}")
    for remark in summary.remarks:
        click.echo(remark)
    for pair in summary.possible_same:
        click.echo(f"possibly the same person: {pair}")
    if check:
        _check_told(summary)
    else:
        _first_refusals(summary, told_elsewhere=refusals_file is not None)


def _first_refusals(summary: Summary, *, told_elsewhere: bool) -> None:
    for refusal in summary.refusals[:REFUSALS_SHOWN]:
        click.echo(f"refused {_place(refusal)}: {refusal.reason}")
    hidden = len(summary.refusals) - REFUSALS_SHOWN
    if hidden > 0 and not told_elsewhere:
        click.echo(f"... and {hidden:,} more: name a file with --refusals to see them all")


def _check_told(summary: Summary) -> None:
    """Refusals by kind and reason with the first of each, and what else a data manager should look at."""
    by_kind: dict[str, list[Refusal]] = {}
    for refusal in summary.refusals:
        by_kind.setdefault(refusal.kind, []).append(refusal)
    for kind, refusals in by_kind.items():
        click.echo(f"would refuse {len(refusals):,} of kind {kind}:")
        for alike in _alike(refusals):
            click.echo(f"  {len(alike):,} such as: {alike[0].reason}")
            for refusal in alike[:REFUSALS_OF_A_KIND]:
                click.echo(f"    {_place(refusal)}")
    for words, count in summary.doubts.items():
        click.echo(f"{count:,} {words}:")
        for example in summary.doubt_examples.get(words, ()):
            click.echo(f"  {example}")
    click.echo("checked only: nothing was written")


def _alike(refusals: list[Refusal]) -> list[list[Refusal]]:
    """Refusals whose reasons differ in names and numbers only, the most frequent first."""
    groups: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        groups.setdefault(NAMES_AND_NUMBERS.sub("", refusal.reason), []).append(refusal)
    return sorted(groups.values(), key=len, reverse=True)


def _place(refusal: Refusal) -> str:
    return f"{refusal.file}:{refusal.line}" if refusal.line else refusal.file


def _write_refusals(path: Path, refusals: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix.lower() == ".csv":
            writer = csv.DictWriter(file, ["file", "line", "kind", "reason"])
            writer.writeheader()
            # A cell that begins like a formula would be one in a spreadsheet.
            writer.writerows({name: _inert(value) for name, value in row.items()} for row in refusals)
        else:
            file.writelines(json.dumps(refusal, ensure_ascii=False) + "\n" for refusal in refusals)


def _inert(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


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
