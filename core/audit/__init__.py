"""The audit trail: who did what to whose record, in hash chains whose heads are also kept outside the database.

May import access, sealing, staging, jobs and what they stand on.
"""

from core.audit.decision import Decision, Origin, origin
from core.audit.recorder import record, record_alone

__all__ = ["Decision", "Origin", "origin", "record", "record_alone"]
