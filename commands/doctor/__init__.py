"""`strata doctor`: what is wrong, and how to mend it."""

from commands.doctor.doctor_command import doctor

__all__ = ["doctor"]
