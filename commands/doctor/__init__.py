"""`strata doctor`: what is wrong, and its mend."""

from commands.doctor.doctor_command import doctor

__all__ = ["doctor"]
