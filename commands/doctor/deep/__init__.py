"""`strata doctor --deep`: the product's own work, done for a made-up patient and taken away again, within five minutes.

What it prints names no host, database, login or person, so that a stranger may be sent it.
"""

from commands.doctor.deep.deep_check import examine

__all__ = ["examine"]
