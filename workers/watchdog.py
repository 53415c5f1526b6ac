"""Whether anybody still measures the alert rules. It needs no queue and no worker: the scheduler looks by itself."""

from __future__ import annotations

import logging
from contextlib import suppress

from core.jobs import outbox
from core.services import alerting
from core.stores import databases
from workers import run

log = logging.getLogger(__name__)


def look() -> list[str]:
    """Keep and send the alert that the rules are not evaluated, or its end. Returns `fired: x` or `cleared: x`.

    Who would send it is whoever does not work, so it is sent from here; what the webhook does not take stays in the
    outbox.
    """
    looked = alerting.look([alerting.EVALUATION_STOPPED])
    with databases.write() as session:
        said = alerting.note(session, looked)
        waiting = outbox.waiting(session, alerting.DELIVER) if said else {}
    for line in said:
        log.error("alert %s", line)
    for message_id in waiting:
        # It has logged why, and the outbox keeps the message.
        with suppress(run.TaskFailed):
            run.perform(message_id)
    return said
