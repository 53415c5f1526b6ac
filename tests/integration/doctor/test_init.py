"""`strata init` on servers of which not all answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.engines import postgresql_secrets
from core.engines.passwords import make_password
from core.install import archive_readers
from core.install.database_roles import DatabaseRole
from core.install.setup import initialise
from core.stores import databases
from core.stores.databases import Store

ROOT = Path(__file__).parents[3]


def test_nothing_is_changed_while_a_server_cannot_be_reached(database: Any) -> None:
    nowhere = make_url(database.archive_reports_url).set(database="nowhere").render_as_string(hide_password=False)
    said: list[str] = []
    try:
        with pytest.raises(OperationalError, match="nowhere"):
            initialise(database.model_copy(update={"archive_reports_url": nowhere}), said.append)
    finally:
        databases.configure(database)
    assert said == []


@pytest.mark.only_on_postgresql("locks a table in its words")
def test_an_init_that_is_stopped_says_so_and_the_next_one_goes_on(database: Any, environment: dict[str, str]) -> None:
    """It waits for the primary, which keeps it waiting, when somebody presses Ctrl-C."""
    command = [sys.executable, "-c", "import cli; cli.main()", "init"]
    options: dict[str, Any] = {"cwd": ROOT, "env": {**os.environ, **environment}, "text": True}
    servers = databases.current()
    with servers.engine(Store.HOT, read_only=False).begin() as other:
        other.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        stopped = subprocess.Popen(command, stderr=subprocess.PIPE, **options)
        assert stopped.stderr is not None
        for line in stopped.stderr:
            if line.startswith("archive reports:"):
                break
        stopped.send_signal(signal.SIGINT)
        said = stopped.stderr.read()
        assert (stopped.wait(60), "run `strata init` again, and it goes on" in said) == (130, True), said
    again = subprocess.run(command, capture_output=True, check=False, **options)
    assert (again.returncode, "primary: schema, linked tables and roles are up to date" in again.stderr) == (0, True)


@pytest.mark.only_on_postgresql("a hash made by its driver")
def test_no_statement_tells_a_logins_password(database: Any) -> None:
    """The workers' roles see the statements of others, and extensions keep them."""
    servers, password, said = databases.current(), make_password(), list[str]()
    owner = servers.engine(Store.HOT, read_only=False)

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(owner, "before_cursor_execute", keep)
    with owner.begin() as connection:
        servers.adapter.roles.make_login(connection, "told_nobody", DatabaseRole.PUBLIC, password)
    event.remove(owner, "before_cursor_execute", keep)
    assert [line for line in said if "told_nobody" in line]
    assert password not in "".join(said)
    url = archive_readers.as_login(database.primary_url, "told_nobody", password)
    with create_engine(url).connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "told_nobody"


@pytest.mark.only_on_postgresql("logins of a server; what SQL Server is told is in tests/unit/engines")
def test_the_readers_of_an_earlier_version_read_no_more(database: Any) -> None:
    servers, name, password = databases.current(), "strata_reader_visits", make_password()
    archive = servers.engine(Store("visits"), read_only=False)
    with archive.begin() as connection:
        servers.adapter.roles.make_reader(connection, name, password)
    url = archive_readers.as_login(database.archive_visits_url, name, password)
    with create_engine(url).connect() as reader:
        assert reader.execute(text("SELECT id FROM visit")).all() == []
    said: list[str] = []
    initialise(database, said.append)
    assert "archive visits: login strata_reader_visits of an earlier version reads no more" in said
    with pytest.raises(OperationalError, match="not permitted to log in"):
        create_engine(url).connect()
    said.clear()
    initialise(database, said.append)
    assert not [line for line in said if "earlier version" in line]
    assert archive_readers.name_of(database.archive_visits_url) != name


@pytest.mark.only_on_postgresql("pg_stat_statements is its own")
@pytest.mark.parametrize("password", ["fair %L of 100% 'words'", "secretwords"])
def test_no_password_stands_in_what_the_server_lists_of_its_statements(database: Any, password: str) -> None:
    adapter = databases.current().adapter
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        connection.exec_driver_sql("SELECT pg_stat_statements_reset()")
        for _ in range(2):
            adapter.roles.make_reader(connection, "strata_told", password)
            url = make_url(database.archive_reports_url).set(username="strata_told", password=password)
            adapter.links.link(connection, "told", url.render_as_string(hide_password=False), [])
        assert adapter.links.password_of(connection, "told", "strata_told") == password
        listed = "\n".join(connection.scalars(text("SELECT query FROM pg_stat_statements")))
        held = connection.scalar(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'strata_told'"))
        connection.rollback()
    assert "ROLE" in listed
    assert "USER MAPPING" in listed
    assert not any(word in listed for word in ("secretwords", "of 100"))
    assert str(held).startswith("SCRAM-SHA-256$")


LOUD = {
    "log_statement": "all", "log_min_duration_statement": "0", "log_error_verbosity": "verbose",
    "log_parameter_max_length": "-1", "log_parameter_max_length_on_error": "-1", "pg_stat_statements.track": "all",
}  # fmt: skip


@pytest.mark.only_on_postgresql("settings of its log")
def test_no_password_stands_in_the_log_of_a_server_that_logs_every_statement(
    database: Any, servers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    adapter, password, begun = (
        databases.current().adapter,
        f"words of {make_password()}",
        servers.postgres["primary"].log.stat().st_size,
    )
    url = make_url(database.archive_reports_url).set(username="strata_told", password=password)
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        connection.exec_driver_sql("SELECT pg_stat_statements_reset()")
        for name, setting in LOUD.items():
            connection.exec_driver_sql(f"SET LOCAL {name} = '{setting}'")
        adapter.links.link(connection, "told", url.render_as_string(hide_password=False), [])
        for name, setting in LOUD.items():
            assert connection.exec_driver_sql(f"SHOW {name}").scalar() == setting
        connection.execute(text("SELECT CAST(:marked AS text)"), {"marked": "the log is loud again"})
        with pytest.raises(DBAPIError, match="nowhere") as refused, connection.begin_nested():
            postgresql_secrets.execute(
                connection, "ALTER USER MAPPING FOR PUBLIC SERVER nowhere OPTIONS (SET password <secret>)", password
            )
        listed = "\n".join(connection.scalars(text("SELECT query FROM pg_stat_statements")))
        connection.rollback()
    said = servers.postgres["primary"].log.read_bytes()[begun:].decode()
    assert "the log is loud again" in said
    assert "CREATE SERVER archive_told" in said
    for told in (said, listed, str(refused.value)):
        assert password not in told
    assert caplog.messages == []


@pytest.mark.only_on_postgresql("settings of its log")
def test_an_owner_who_may_not_keep_a_password_out_of_the_log_is_told(
    database: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with databases.current().engine(Store.HOT, read_only=False).connect() as connection:
        connection.exec_driver_sql("CREATE ROLE of_an_owner")
        for loud in (False, True):
            connection.exec_driver_sql(f"SET LOCAL log_statement = '{'all' if loud else 'none'}'")
            connection.exec_driver_sql("SET LOCAL ROLE of_an_owner")
            postgresql_secrets.execute(connection, "SET LOCAL strata.told = <secret>", "words")
            connection.exec_driver_sql("RESET ROLE")
            assert len(caplog.messages) == loud
        connection.rollback()
    assert "log_statement is all" in caplog.text
    assert "strata init --rotate" in caplog.text
