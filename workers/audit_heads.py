"""Keeping the audit trail's heads outside the database, every hour."""

from __future__ import annotations

import logging

from core import audit_heads, db
from core.db import Store

log = logging.getLogger(__name__)


def keep() -> str:
    """Keep the heads of now. A trail that has lost what was kept makes the job fail, and keeps the old set."""
    with db.read(Store.HOT) as session:
        try:
            return audit_heads.keep(session)
        except audit_heads.HeadsLost as lost:
            for fault in lost.faults:
                log.error("audit trail: %s at %s %s", fault.writer, fault.sequence, fault.what)
            raise
