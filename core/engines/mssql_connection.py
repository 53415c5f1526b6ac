"""Connections to SQL Server through Microsoft's ODBC driver. pyodbc is imported only for such an address."""

from __future__ import annotations

import importlib.util
import math
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy import create_engine as new_engine
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

from core.engines.fault_kinds import EngineError, FaultKind
from core.engines.mssql_dialect import DRIVERNAME
from core.engines.mssql_faults import is_transient, kind_of
from core.engines.patience import patience

DRIVER = "ODBC Driver 18 for SQL Server"
INSTALL_UNIXODBC = "install unixODBC: `apt install unixodbc` (Debian, Ubuntu) or `dnf install unixODBC` (RHEL)"
INSTALL_DRIVER = (
    "install Microsoft's ODBC Driver 18: package msodbcsql18 of Microsoft's repository (Debian, Ubuntu, RHEL), its .msi"
    " (Windows), or anywhere `.venv/bin/pip install mssql-python-odbc` in Strata's folder, which carries it"
)
# unixODBC's words for a driver that odbcinst.ini names and the disk does not have.
NO_FILE = "Can't open lib"
LOGIN_TIMEOUT_SECONDS = 3
PAUSES_SECONDS = (0.1, 0.4)
FAMILIES = {"alpine": "alpine", "suse": "suse", "debian": "debian_ubuntu", "ubuntu": "debian_ubuntu"}
MACHINES = {"aarch64": "arm64", "AMD64": "x86_64"}
READS = ("SELECT", "WITH", "SET SHOWPLAN_XML")


def load() -> Any:
    """Import pyodbc, with its own pool off. Raises EngineError naming what to install."""
    try:
        import pyodbc
    except ImportError as fault:
        raise EngineError(f"SQL Server needs pyodbc, which can't be loaded ({fault}): {INSTALL_UNIXODBC}") from fault
    # SQLAlchemy has the pool.
    pyodbc.pooling = False
    return pyodbc


def driver(url: URL, installed: list[str]) -> str:
    """The ODBC driver for an address: the one that it names, else version 18 of the system, else the file in a wheel.

    Raises EngineError naming what to install.
    """
    named = url.query.get("driver")
    if isinstance(named, str):
        if named in installed or Path(named).is_file():
            return named
        have = ", ".join(installed) or "none"
        raise EngineError(f"the ODBC driver {named!r} is not on this machine (it has {have}): {INSTALL_DRIVER}")
    if DRIVER in installed:
        return DRIVER
    found = driver_of_wheel()
    if found is None:
        raise EngineError(f"there is no {DRIVER} on this machine: {INSTALL_DRIVER}")
    return str(found)


def driver_of_wheel() -> Path | None:
    """The driver's file in the wheel `mssql-python-odbc`, if that is installed and has one for this system."""
    spec = importlib.util.find_spec("mssql_python_odbc")
    if spec is None or spec.origin is None:
        return None
    machine = MACHINES.get(platform.machine(), platform.machine())
    folder = Path(spec.origin).parent / "libs" / "linux" / _family() / machine / "lib"
    return next(iter(sorted(folder.glob("libmsodbcsql-*.so*"), reverse=True)), None)


def _family() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "rhel"
    ids = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    return next((FAMILIES[name] for name in ids if name in FAMILIES), "rhel")


def address(raw: str, *, of_replica: bool, installed: list[str]) -> URL:
    """The address with its driver, encrypted unless the address says otherwise.

    A connection to the replica says that it only reads: a listener sends it to a readable secondary. No other
    connection says so, for what the primary alone has would be read late there.
    """
    url = make_url(raw)
    query = {"Encrypt": "yes", **url.query, "driver": driver(url, installed)}
    if of_replica:
        # The driver tries all addresses of a listener at once.
        query |= {"ApplicationIntent": "ReadOnly", "MultiSubnetFailover": "Yes"}
    return url.set(drivername=DRIVERNAME, query=query)


def create_engine(
    url: str,
    *,
    read_only: bool,
    of_replica: bool = False,
    statement_timeout_seconds: float,
    silence_seconds: float,
    **pool: Any,
) -> Engine:
    """Return an engine; the driver's time-out ends a statement and gives up a silent server alike."""
    return make_engine(url, read_only=read_only, of_replica=of_replica, seconds=statement_timeout_seconds, **pool)


def make_engine(raw: str, *, read_only: bool, of_replica: bool = False, seconds: float, **pool: Any) -> Engine:
    """An engine whose statements end after `seconds`; with `read_only` it refuses to send anything but reads.

    SQL Server has no read-only session. On a server that accepts writes, the login's rights are the real guard; this
    refusal finds our own mistakes.
    """
    pyodbc = load()
    engine = new_engine(
        address(raw, of_replica=of_replica, installed=pyodbc.drivers()),
        fast_executemany=True,
        pool_pre_ping=True,
        # The message of a fault must not quote what a person typed.
        hide_parameters=True,
        **pool,
    )
    retry_logins(engine, pyodbc)
    patience.watch(engine)
    _bound(engine, seconds)
    event.listen(engine, "handle_error", _end_session)
    event.listen(engine, "handle_error", tell_operational)
    if read_only:
        event.listen(engine, "before_cursor_execute", refuse_writes)
    return engine


def retry_logins(engine: Engine, pyodbc: Any) -> None:
    """Connect again after a transient fault; a lasting fault also names the address, which the driver leaves out."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, args: list[Any], parameters: dict[str, Any]) -> Any:
        parameters["timeout"] = math.ceil(LOGIN_TIMEOUT_SECONDS * patience.times(engine.url))
        try:
            return _patiently(pyodbc, lambda: _connect_measured(pyodbc, engine.url, args, parameters))
        except pyodbc.Error as fault:
            if NO_FILE in str(fault):
                raise EngineError(f"{_named(args)} is registered, and its file is missing: {INSTALL_DRIVER}") from fault
            fault.args = (*fault.args, f"at {engine.url.host}:{engine.url.port}/{engine.url.database}")
            raise


def _connect_measured(pyodbc: Any, url: URL, args: list[Any], parameters: dict[str, Any]) -> Any:
    with patience.connecting(url):
        return pyodbc.connect(*args, **parameters)


def _named(args: list[Any]) -> str:
    """The driver that a connection's words name."""
    found = re.search(r"DRIVER=\{?([^;}]+)", str(args[0]) if args else "", re.IGNORECASE)
    return f"the ODBC driver {found[1]!r}" if found else "the ODBC driver"


def _patiently(pyodbc: Any, connect: Callable[[], Any]) -> Any:
    for pause in PAUSES_SECONDS:
        try:
            return connect()
        except pyodbc.Error as fault:
            if not is_transient(fault):
                raise
        time.sleep(pause)
    return connect()


def _bound(engine: Engine, seconds: float) -> None:
    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, *_: Any) -> None:
        # The driver's clock counts the way to the server, too.
        end_statements_after(connection, seconds * patience.times(engine.url))


def end_statements_after(connection: Any, seconds: float) -> None:
    """Let pyodbc's connection end each statement after this, in whole seconds, until it goes back to its pool."""
    connection.timeout = math.ceil(seconds)


def _end_session(context: ExceptionContext) -> None:
    """Let nobody reuse a session in which a statement failed: the session may keep settings of that statement."""
    connection = context.connection
    if connection is not None and not connection.closed and not connection.invalidated:
        connection.connection.invalidate(soft=True)


def tell_operational(context: ExceptionContext) -> OperationalError | None:
    """Raise a fault of the server, and not of the statement, as OperationalError, as psycopg does.

    pyodbc goes by the SQLSTATE. For a linked server that is away, that is the one of a wrong statement; for a deadlock,
    it is one that pyodbc does not know.
    """
    found = context.sqlalchemy_exception
    if not isinstance(found, DBAPIError) or isinstance(found, OperationalError) or found.orig is None:
        return None
    if kind_of(found.orig) is FaultKind.OTHER:
        return None
    return OperationalError(
        found.statement,
        found.params,
        found.orig,
        hide_parameters=found.hide_parameters,
        connection_invalidated=found.connection_invalidated,
    )


def refuse_writes(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if not statement.lstrip().upper().startswith(READS):
        raise EngineError(f"a connection that only reads was to run: {statement.split(maxsplit=1)[0]}")
