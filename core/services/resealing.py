"""Sealing national ids and authenticator apps' secrets again with the newest key, so that old keys can be removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Table, select, update
from sqlalchemy.orm import InstrumentedAttribute as Column
from sqlalchemy.orm import Session

from core import audit
from core.models import Credential, Patient
from core.sealing import sealed, stored_national_id
from core.stores import databases
from core.stores.tables import hot_table

ROWS_A_BATCH = 500


def reseal(on_progress: Callable[[int], None] = lambda done: None) -> int:
    """Seal every value again, a batch of rows at a time; returns how many. Can be stopped and run again.

    Raises KeyMissing at the first value that none of the keys opens; values sealed before it stay sealed.
    """
    done = 0
    for batch in (_patients, _accounts):
        last = 0
        while True:
            with databases.write() as session:
                ids = batch(session, last)
            if not ids:
                break
            last, done = ids[-1], done + len(ids)
            on_progress(done)
    with databases.write() as session:
        audit.record(session, "keys.resealed", by=None, target=f"values:{done}")
    return done


def _patients(session: Session, after: int) -> list[int]:
    kept = _next(session, Patient.id, Patient.national_id_sealed, after)
    columns = {row_id: stored_national_id.columns(sealed.open_sealed(value)) for row_id, value in kept}
    return _replace(session, hot_table("patient"), columns)


def _accounts(session: Session, after: int) -> list[int]:
    kept = _next(session, Credential.account_id, Credential.totp_secret, after)
    columns = {row_id: {"totp_secret": sealed.seal_again(value)} for row_id, value in kept}
    return _replace(session, hot_table("credential"), columns)


def _next(session: Session, row_id: Column[int], value: Column[str | None], after: int) -> list[tuple[int, str]]:
    query = select(row_id, value).where(value.is_not(None), row_id > after)
    rows = session.execute(query.order_by(row_id).limit(ROWS_A_BATCH).with_for_update())
    return [(found, str(kept)) for found, kept in rows]


def _replace(session: Session, table: Table, columns: Mapping[int, Mapping[str, object]]) -> list[int]:
    # By the table, not the ORM, which would raise the row's version: the content of the row does not change.
    for row_id, values in columns.items():
        session.execute(update(table).where(next(iter(table.primary_key.columns)) == row_id).values(**values))
    return list(columns)
