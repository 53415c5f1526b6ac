"""A stand-in for a connection to SQL Server, which keeps what it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import sqlglot
from sqlalchemy import Connection

from core.engines.mssql_dialect import Dialect


class Sent:
    """Stands where a connection would, keeps what is sent, and answers each question with the next answer."""

    dialect = Dialect()
    rowcount = 1
    connection = SimpleNamespace(dbapi_connection=SimpleNamespace(timeout=0))

    def __init__(self, *answers: Any) -> None:
        self.statements: list[str] = []
        self._answers = list(answers)
        self.rows: list[Any] = []
        self.engine = self

    def execution_options(self, **_: Any) -> Sent:
        return self

    @contextmanager
    def connect(self) -> Iterator[Sent]:
        yield self

    def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> Any:
        return self._keep(statement)

    def execute(self, statement: Any, *_: Any) -> Any:
        return self._keep(str(statement.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})))

    def scalar(self, *_: Any) -> Any:
        return self._answers.pop(0) if self._answers else None

    def scalars(self, _statement: Any, *_: Any) -> Any:
        return self._answers.pop(0) if self._answers else []

    def all(self) -> list[Any]:
        return []

    def one(self) -> Any:
        return self._answers.pop(0)

    def one_or_none(self) -> Any:
        return self._answers.pop(0) if self._answers else None

    def _keep(self, statement: str) -> Any:
        self.statements.append(" ".join(statement.split()))
        answer = Sent()
        answer._answers, answer.rows = self._answers, self.rows
        return answer

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def _run_ddl_visitor(self, visitor: Any, element: Any, **options: Any) -> None:
        from sqlalchemy.schema import CreateTable

        self._keep(str(CreateTable(element).compile(dialect=self.dialect)))


def sent(connection: Sent) -> Connection:
    return cast(Connection, connection)


def parsed(statements: Sequence[str]) -> list[str]:
    for statement in statements:
        assert sqlglot.parse(statement, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    return list(statements)
