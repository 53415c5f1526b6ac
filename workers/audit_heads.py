"""Keeping the audit trail's heads outside the database, every hour."""

from __future__ import annotations

import logging

from core.audit import kept_heads
from core.stores import databases
from core.stores.databases import Store

log = logging.getLogger(__name__)


def keep() -> str:
    """Keep the heads of now. A trail that has lost what was kept makes the job fail, and keeps the old set."""
    with databases.read(Store.HOT) as session:
        try:
            return kept_heads.keep(session)
        except kept_heads.HeadsLost as lost:
            for fault in lost.faults:
                log.error("audit trail: %s at %s %s", fault.writer, fault.sequence, fault.what)
            raise
