"""Rows that are older than a CHECK of their table: whether they keep it, for a migration does not look at them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, MetaData, Table, select, text
from sqlalchemy.exc import IntegrityError

from core.engines.schema import LaxCheck
from core.models import Base
from core.models.record_types import ARCHIVE_METADATA
from core.stores import databases
from core.stores.databases import Store

SHOWN = 5


def unlooked(store: Store, connection: Connection) -> list[LaxCheck]:
    """The checks of our tables on a server whose older rows nobody ever looked at."""
    return [
        check for check in databases.current().adapter.schema.lax_checks(connection) if check.table in _of(store).tables
    ]


def breaking(store: Store, connection: Connection, check: LaxCheck) -> list[str]:
    """Rows that do not keep a check, by their keys: the first of them, then "..." for more. Reads the whole table."""
    table = _table(store, check)
    # NULL keeps every check.
    query = select(*table.primary_key).where(text(f"NOT ({check.condition})")).order_by(*table.primary_key)
    found = [", ".join(map(str, row)) for row in connection.execute(query.limit(SHOWN + 1))]
    return [*found[:SHOWN], "..."] if len(found) > SHOWN else found


def settle(store: Store, *, all_tables: bool) -> Iterator[str]:
    """Have a server look at older rows, of all tables or of those alone that have none. Says which break a check."""
    engine = databases.current().engine(store, read_only=False)
    with engine.connect() as connection:
        found = unlooked(store, connection)
        due = [check for check in found if all_tables or _is_empty(connection, _table(store, check))]
    for check in due:
        try:
            with engine.begin() as connection:
                databases.current().adapter.limits.make_room(connection)
                databases.current().adapter.schema.look_at_all(connection, check)
        except IntegrityError:
            with engine.begin() as connection:
                databases.current().adapter.limits.make_room(connection)
                yield f"{check.table}: {listed(breaking(store, connection, check))} not as {check.name} says"


def _is_empty(connection: Connection, table: Table) -> bool:
    return connection.execute(select(*table.primary_key).limit(1)).first() is None


def listed(rows: list[str]) -> str:
    """Rows in words, as the start of a sentence on them."""
    return f"row{'s' if len(rows) > 1 else ''} {'; '.join(rows)} {'are' if len(rows) > 1 else 'is'}"


def seen_by(check: LaxCheck) -> str:
    """The query that shows the rows which do not keep a check."""
    return f"SELECT * FROM {check.table} WHERE NOT ({check.condition})"


def _of(store: Store) -> MetaData:
    return Base.metadata if store is Store.HOT else ARCHIVE_METADATA[store]


def _table(store: Store, check: LaxCheck) -> Table:
    return _of(store).tables[check.table]
