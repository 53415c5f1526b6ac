"""`strata doctor`: what is wrong, and its mend."""

from commands.doctor.command import doctor

__all__ = ["doctor"]
