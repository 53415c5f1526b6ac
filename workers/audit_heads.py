"""Keeping the audit trail's heads outside the database, every hour."""

from __future__ import annotations

import logging

from core.audit import kept_heads
from core.stores import databases
from core.stores.databases import Store

log = logging.getLogger(__name__)


def keep() -> str:
    """Keep the present heads. If the trail has lost heads that were kept before, the job fails and they stay."""
    with databases.read(Store.HOT) as session:
        try:
            return kept_heads.keep(session)
        except kept_heads.HeadsLost as lost:
            for fault in lost.faults:
                log.error("audit trail: %s at %s %s", fault.writer, fault.sequence, fault.what)
            raise
