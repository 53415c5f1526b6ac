"""Statements with a secret, kept out of what a PostgreSQL server lists of its statements."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

# Where the secret belongs in the words of a statement.
HERE = "<secret>"
KEEP = text("SELECT set_config('strata.secret', :secret, false)")
BLOCK = (
    "DO $strata$ BEGIN EXECUTE replace($words$<words>$words$, '<secret>',"
    " quote_literal(current_setting('strata.secret'))); END $strata$"
)


def execute(connection: Connection, words: str, secret: str) -> None:
    """Execute a statement that has HERE where the secret's literal belongs.

    pg_stat_statements keeps the text of the block, which has none; only where it tracks nested statements would it see
    the secret.
    """
    connection.execute(KEEP, {"secret": secret})
    try:
        # The driver takes a single % for the beginning of a parameter.
        connection.exec_driver_sql(BLOCK.replace("<words>", words).replace("%", "%%"))
    except DBAPIError:
        # A transaction that failed forgets the setting by itself.
        with suppress(DBAPIError):
            connection.execute(KEEP, {"secret": ""})
        raise
    connection.execute(KEEP, {"secret": ""})
