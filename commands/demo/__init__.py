"""`strata demo`: everything on this machine."""

from commands.demo.command import demo
from commands.demo.files import discover

__all__ = ["demo", "discover"]
