"""What a command loads before it does anything: a person waits for it each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOADED = """
import sys
import cli
cli.strata.get_command(None, "archive")
from commands import beside
print(*sys.modules)
"""
# What the demo, the portals and the agents need, and a command on runs does not.
NEEDLESS = {"commands.demo.running", "core.install.setup", "core.embedded.servers", "alembic", "flask", "openai"}


def test_a_command_loads_neither_the_demo_nor_the_portals() -> None:
    ended = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert "commands.archive" in loaded
    assert loaded & NEEDLESS == set()
