"""`strata demo`: everything on this machine."""

from commands.demo.demo_command import demo
from commands.demo.demo_files import discover

__all__ = ["demo", "discover"]
