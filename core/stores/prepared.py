"""Statements that are made once and then only given their values: to make one takes a page longer than its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, bindparam
from sqlalchemy.orm import Session

PATIENT = bindparam("patient", type_=BigInteger())


def rows(session: Session, statement: Select[Any], **values: Any) -> Sequence[Row[Any]]:
    """The rows of a prepared statement; in a writing session with all that it was told to write so far."""
    if session.autoflush:
        session.flush()
    return session.connection().execute(statement, values).all()
