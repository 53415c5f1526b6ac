"""Which events of the trail tell staff what staff did: those that a process of staff, or a command, has written.

Every kind of process adds events of its own, and one that is taken adds any.
"""

from __future__ import annotations

from core.models import AccessEvent

BY_STAFF = AccessEvent.portal.in_(("staff", "command"))
