"""What a command loads before it does anything: a person waits for it each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

import cli
from core.jobs.tasks import TASKS

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
import cli
cli.strata.get_command(None, "archive")
from commands import beside
print(*sys.modules)
"""
HELPED = """
import sys
import cli
try:
    sys.argv = ["strata", "--help"]
    cli.main()
finally:
    print(*sys.modules)
"""
WORKING = """
import sys
import cli
from commands.worker import worker
from workers import listening
listening.work = lambda queues: print(*sys.modules)
worker(["ops"], standalone_mode=False)
"""
# What the demo, the portals and the agents need, and a command on runs does not.
NEEDLESS = {"commands.demo.running", "core.install.setup", "core.embedded.servers", "alembic", "flask", "openai"}


def output_of(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_command_loads_neither_the_demo_nor_the_portals() -> None:
    loaded = set(output_of(LOADED).split())
    assert "commands.archive" in loaded
    assert loaded & NEEDLESS == set()


def test_the_list_of_commands_loads_none_of_them() -> None:
    *told, loaded = output_of(HELPED).splitlines()
    assert any(line.split()[:1] == ["reseal"] for line in told)
    assert {name for name in loaded.split() if name.startswith(("commands.", "sqlalchemy"))} == {"commands.interrupts"}


def test_the_list_says_of_each_command_what_it_says_of_itself() -> None:
    context = click.Context(cli.strata)
    for name, (_, line) in cli.COMMANDS.items():
        command = cli.strata.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=1_000) == line


def test_a_worker_loads_its_tasks_before_the_first_job() -> None:
    loaded = set(output_of(WORKING).splitlines()[-1].split())
    modules = {name.rpartition(".")[0] for name, task in TASKS.items() if task.queue == "ops"}
    assert len(modules) > 3
    assert modules <= loaded
