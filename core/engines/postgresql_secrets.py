"""Statements with a secret, kept out of what a PostgreSQL server lists and logs of its statements."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

# Where the secret belongs in the words of a statement.
HERE = "<secret>"
KEEP = text("SELECT set_config('strata.secret', :secret, false)")
# Raised anew, an error has no context: that would quote the statement as it was executed.
BLOCK = (
    "DO $strata$ BEGIN EXECUTE replace($words$<words>$words$, '<secret>',"
    " quote_literal(current_setting('strata.secret')));"
    " EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM; END $strata$"
)
# What keeps statements, and the values bound to them, out of a server's log and lists.
QUIET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "pg_stat_statements.track": "top",
    "pgaudit.log": "none",
    "pgaudit.log_parameter": "off",
}
# These say how much of a value is told, and tell none by themselves.
LENGTHS = ("log_parameter_max_length", "log_parameter_max_length_on_error")
KNOWN = text("SELECT name, setting FROM pg_settings WHERE name IN :names").bindparams(
    bindparam("names", expanding=True)
)
SET = text("SELECT set_config(:name, :setting, true)")


def execute(connection: Connection, words: str, secret: str) -> None:
    """Execute a statement that has HERE where the secret's literal belongs.

    The text of the block has no secret; the bound value, and the statement inside, are neither logged nor listed. Where
    this login may not see to that, and the server would tell, a warning says so.
    """
    with _quiet(connection):
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


@contextmanager
def _quiet(connection: Connection) -> Iterator[None]:
    """Nothing of this transaction is logged or listed with its secrets, for a `with` block."""
    before = {row.name: row.setting for row in connection.execute(KNOWN, {"names": list(QUIET)})}
    loud = {name: setting for name, setting in before.items() if setting != QUIET[name]}
    try:
        with connection.begin_nested():
            _set(connection, {name: QUIET[name] for name in loud})
    except DBAPIError:
        _warn({name: setting for name, setting in loud.items() if name not in LENGTHS})
        loud = {}
    yield
    _set(connection, loud)


def _warn(loud: dict[str, str]) -> None:
    if loud:
        log.warning(
            "the server may log a password or list it (%s), and this login can't prevent that: change it with"
            " `strata init --rotate` as a superuser, or with these settings as `none`, -1 and 0",
            ", ".join(f"{name} is {setting}" for name, setting in sorted(loud.items())),
        )


def _set(connection: Connection, settings: dict[str, str]) -> None:
    for name, setting in settings.items():
        connection.execute(SET, {"name": name, "setting": setting})
