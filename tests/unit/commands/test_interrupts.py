"""Ctrl-C, whatever the driver makes of it: one clear word, status 130."""

from __future__ import annotations

import signal
import sys

import click
import pytest

import cli
from commands import interrupts


def run(monkeypatch: pytest.MonkeyPatch, command: click.Command) -> int:
    monkeypatch.setattr(interrupts, "asked", False)
    monkeypatch.setattr(sys, "argv", ["strata", "init"])
    monkeypatch.setattr(cli, "prepare", lambda _arguments: None)
    monkeypatch.setattr(cli.Lazy, "get_command", lambda *_: command)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as ending:
            cli.main()
    finally:
        signal.signal(signal.SIGINT, before)
    return int(str(ending.value.code))


@click.command()
def waiting() -> None:
    """Waits for a server, whose driver tells the signal as a fault of its own."""
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        raise RuntimeError("The driver did not supply an error!") from None


@click.command()
def failing() -> None:
    raise RuntimeError("the server refused")


def test_what_a_driver_makes_of_it_is_still_a_stop(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, waiting) == 130
    assert capsys.readouterr().err == "strata: stopped\n"


def test_a_fault_that_nobody_asked_for_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, failing) == 1
    assert "the server refused" in capsys.readouterr().err
