"""A server that falls silent is given up by the client, whoever waits and for what."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, Text, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from core.engines import postgresql_connection
from core.engines.patience import patience
from core.stores import databases
from core.stores.databases import Store
from tests.tcp_proxy import TcpProxy


@pytest.fixture
def proxy(servers: Any, database: Any) -> Iterator[TcpProxy]:
    """The only way to the primary, for a process that waits a second for an answer."""
    with TcpProxy(servers.postgres["primary"].port) as way:
        databases.configure(
            database.model_copy(update={"primary_url": way.url(database.primary_url), "silence_seconds": 1.0})
        )
        yield way


def seconds_of(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    with pytest.raises(DBAPIError):
        action()
    return time.monotonic() - started


def test_a_statement_is_given_up(proxy: TcpProxy) -> None:
    def silent_statement() -> None:
        with databases.read(Store.HOT) as session:
            session.execute(text("SELECT 1"))
            proxy.silence()
            session.execute(text("SELECT 2"))

    assert 0.9 < seconds_of(silent_statement) < 3
    proxy.heal()
    with databases.read(Store.HOT) as session:
        assert session.scalar(text("SELECT 3")) == 3


def test_the_limit_of_a_session_holds_when_the_server_is_silent(proxy: TcpProxy) -> None:
    def silent_page() -> None:
        with databases.read(Store.HOT, 0.1) as session:
            proxy.silence()
            session.execute(text("SELECT 1"))

    assert seconds_of(silent_page) < 0.9


def test_a_pooled_connection_that_fell_silent_is_found_out(proxy: TcpProxy) -> None:
    with databases.read(Store.HOT) as session:
        session.execute(text("SELECT 1"))
    proxy.silence()

    def first_use() -> None:
        with databases.read(Store.HOT) as session:
            session.connection()

    assert seconds_of(first_use) < 5
    proxy.heal()
    with databases.read(Store.HOT) as session:
        assert session.scalar(text("SELECT 3")) == 3


def test_a_new_connection_waits_for_its_first_answers_as_for_itself(
    proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than one that lay in the pool and is asked whether it is alive."""
    connect = postgresql_connection.Connection.connect

    def connect_to_a_slow_server(*args: Any, **parameters: Any) -> Any:
        made = connect(*args, **parameters)
        proxy.delay_seconds = postgresql_connection.PING_SECONDS + 0.2
        return made

    monkeypatch.setattr(postgresql_connection.Connection, "connect", connect_to_a_slow_server)
    with databases.read(Store.HOT) as session:
        session.connection()
        proxy.delay_seconds = 0.0
        assert session.scalar(text("SELECT 1")) == 1


def test_a_copy_is_given_up_as_any_statement(proxy: TcpProxy) -> None:
    def silent_copy() -> None:
        with databases.read(Store.HOT) as session:
            adapter, connection = databases.current().adapter, session.connection()
            with adapter.loading.copy_out(
                connection, select(func.repeat("x", 1000)).select_from(func.generate_series(1, 1_000_000))
            ) as lines:
                next(lines)
                proxy.silence()
                for _line in lines:
                    pass

    started = time.monotonic()
    with pytest.raises(OperationalError) as fault:
        silent_copy()
    assert time.monotonic() - started < 3
    assert fault.value.connection_invalidated


def test_a_cut_connection_is_a_database_fault_too(proxy: TcpProxy) -> None:
    with databases.write() as session:
        connection = session.connection()
        connection.execute(text("CREATE TEMP TABLE incoming (line text)"))

        def lines() -> Iterator[bytes]:
            for _ in range(100_000):
                yield b"x" * 1_000 + b"\n"
            proxy.cut()
            for _ in range(100_000):
                yield b"x" * 1_000 + b"\n"

        with pytest.raises(OperationalError):
            databases.current().adapter.loading.copy_in(
                connection, Table("incoming", MetaData(), Column("line", Text)), ["line"], lines()
            )
        proxy.heal()
        session.rollback()


def test_a_far_server_has_more_time_than_the_seconds_that_are_written_down(proxy: TcpProxy) -> None:
    """The limit is the server's and so is the way, which takes longer here than the limit."""
    proxy.delay_seconds = 0.4
    with databases.read(Store.HOT) as session:
        session.connection()
        databases.current().adapter.limits.limit_statements(session.connection(), 0.2)
        assert session.scalar(text("SELECT 1")) == 1
    assert patience.times() > 1
