"""Whether the primary has just failed to answer, so that nobody waits for it twice."""

from __future__ import annotations

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.cold import Breaker


class PrimarySilent(SQLAlchemyError):
    """The primary failed a moment ago and is not asked again yet."""


UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout, PrimarySilent)

primary = Breaker()
