"""A circuit breaker before the model endpoint, shared by all workers: it depends on the calls that they recorded.

While it is closed, every call goes through. After FAULTS_TO_OPEN calls in a row that the endpoint broke, it opens: no
worker calls for REST_SECONDS. Then one call probes the endpoint, and closes the breaker or opens it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import ModelCall
from workers.reports.faults import TryLater

FAULTS_TO_OPEN = 5
REST_SECONDS = 30.0
# Kept as the finish reason of a call that the endpoint broke: it failed, timed out or could not be reached.
BROKEN = "broken"


def check(session: Session, provider: str, now: datetime, *, but: int) -> None:
    """Raises TryLater while the breaker is open. The caller's transaction must keep others from checking meanwhile.

    `but` is the caller's own call, which asks.
    """
    of_it = (ModelCall.provider == provider, ModelCall.finish_reason.is_not(None))
    recent = select(ModelCall.finish_reason, ModelCall.ended_at).where(*of_it, ModelCall.ended_at.is_not(None))
    last = session.execute(recent.order_by(ModelCall.ended_at.desc(), ModelCall.id.desc()).limit(FAULTS_TO_OPEN)).all()
    if len(last) < FAULTS_TO_OPEN or any(call.finish_reason != BROKEN for call in last):
        return
    since = (now - last[0].ended_at).total_seconds()
    if since < REST_SECONDS:
        raise TryLater(
            f"the model endpoint failed {FAULTS_TO_OPEN} times in a row: asked again in {REST_SECONDS:.0f} s"
        )
    probing = (ModelCall.provider == provider, ModelCall.ended_at.is_(None), ModelCall.id != but)
    begun = ModelCall.started_at > now - timedelta(seconds=REST_SECONDS)
    if session.scalar(select(func.count()).where(*probing, begun)):
        raise TryLater("the model endpoint has been failing: another report is finding out whether it answers")
