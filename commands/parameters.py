"""Parameters of several commands: the id of a row, and the name of a new file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import click

ROW_ID = click.IntRange(min=1, max=2**63 - 1)


class NewFile(click.Path):
    """The name of a file that does not exist yet, with `suffix`, in a folder that exists."""

    def __init__(self, suffix: str = "") -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.suffix = suffix

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not os.fspath(value):
            self.fail("it is empty: name a file", param, ctx)
        path = Path(super().convert(value, param, ctx))
        if self.suffix and path.suffix != self.suffix:
            self.fail(f"{path} must end in {self.suffix}", param, ctx)
        if path.exists():
            self.fail(f"{path} is there already: choose another name", param, ctx)
        if not path.absolute().parent.is_dir():
            self.fail(f"there is no folder {path.parent}: make it first", param, ctx)
        return path


@contextmanager
def whole(out: Path | None) -> Iterator[IO[str]]:
    """A text file that only its owner can read. It gets its name when the block ends well. No name: standard output.

    Raises ClickException if the file can't be written, or if somebody else made it in the meantime.
    """
    try:
        if out is None:
            yield sys.stdout
        else:
            with named_at_the_end(out) as file:
                yield file
    except FileExistsError:
        raise click.ClickException(f"{out} was made meanwhile: choose another name") from None
    except OSError as fault:
        raise click.ClickException(f"{out or 'standard output'} can't be written: {fault.strerror}") from None


@contextmanager
def named_at_the_end(out: Path) -> Iterator[IO[str]]:
    """A new text file that only its owner can read. It gets its name when the block ends well. Raises OSError."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a file that somebody else made in the meantime.
        os.link(partial, out)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


class SuiteName(click.Choice[str]):
    """One of the suites, which are imported when it is asked for: all that speaks to a model takes its second."""

    def __init__(self) -> None:
        self.case_sensitive = True

    @cached_property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        from evals.suites import SUITES

        return tuple(sorted(SUITES))
