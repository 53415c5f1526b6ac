"""What a page costs its portal, beside a bare Flask view that asks the same queries and shows nothing.

Each page is asked for in this process, so that its processor time is the portal's own: the servers' is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from redis import Redis
from sqlalchemy import Connection, Engine, event, func, select

from bench._environment import environment
from bench._page import signed_in
from bench._spread import spread
from core.interchange.generate import generate
from core.models import Account, Observation, Role, Visit
from core.stores import databases, freshness

PATIENTS, VISITS_EACH = 60, 20
REPETITIONS = 40
WARM_UP = 5

Asked = tuple[Engine, str, Any]


def run(scale: float, say: Callable[[str], None]) -> dict[str, Any]:
    """By page: milliseconds of processor, the bare view's, their ratio, and how often a server is asked."""
    with environment(say) as made:
        generate(round(PATIENTS * max(scale, 0.1)), VISITS_EACH)
        with databases.write() as session:
            patient_id = session.scalar(
                select(Visit.patient_id).group_by(Visit.patient_id).order_by(func.count().desc()).limit(1)
            )
            assay_id = session.scalar(
                select(func.min(Observation.assay_id)).where(Observation.patient_id == patient_id)
            )
            patient = Account(username="bench", role=Role.PATIENT, name="Bench", patient_id=patient_id)
            clinician = Account(username="duty", role=Role.CLINICIAN, name="Duty", covers_all=True)
            session.add_all([patient, clinician])
        freshness.wait_for_replica(freshness.primary_position())
        del made
        pages = (
            ("public", patient, "/history"), ("public", patient, "/results"),
            ("public", patient, f"/results/{assay_id}"), ("staff", clinician, f"/patients/{patient_id}"),
        )  # fmt: skip
        return {f"{portal} {path}": _page(portal, account, path, say) for portal, account, path in pages}


def _page(portal: str, account: Account, path: str, say: Callable[[str], None]) -> dict[str, Any]:
    ask = signed_in(portal, account)

    def get() -> None:
        ask(path)

    for _ in range(WARM_UP):
        get()
    with _counted() as (queries, commands):
        get()
    spent, bare = _cost(get), _cost(_bare_view(queries))
    say(f"{path}: {sorted(spent)[len(spent) // 2]:.1f} ms, bare {sorted(bare)[len(bare) // 2]:.1f} ms")
    return {
        "ratio": spread([page / other for page, other in zip(spent, bare, strict=True)]),
        "ms": spread(spent), "bare_ms": spread(bare), "queries": len(queries), "redis_round_trips": len(commands),
    }  # fmt: skip


def _bare_view(queries: list[Asked]) -> Callable[[], None]:
    """A Flask application with one view, which asks the page's queries and answers with how many rows there were."""
    app = Flask("bare")

    @app.get("/")
    def view() -> str:
        rows = 0
        for engine, statement, parameters in queries:
            with engine.connect() as connection:
                rows += len(connection.exec_driver_sql(statement, parameters).fetchall())
        return str(rows)

    client = app.test_client()
    return lambda: client.get("/").close()


def _cost(get: Callable[[], None]) -> list[float]:
    """Milliseconds of this process's processors for each of REPETITIONS."""
    spent = []
    get()
    for _ in range(REPETITIONS):
        began = time.process_time()
        get()
        spent.append((time.process_time() - began) * 1000)
    return spent


@contextmanager
def _counted() -> Iterator[tuple[list[Asked], list[str]]]:
    """The queries that are asked in this block, and the round trips to Redis."""
    queries: list[Asked] = []
    commands: list[str] = []
    sent = Redis.execute_command

    def note(connection: Connection, _: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "FOR UPDATE" not in statement:
            queries.append((connection.engine, statement, parameters))

    def counted(self: Redis, *words: Any, **options: Any) -> Any:
        commands.append(str(words[0]))
        return sent(self, *words, **options)

    event.listen(Engine, "before_cursor_execute", note)
    Redis.execute_command = counted  # type: ignore[method-assign]
    try:
        yield queries, commands
    finally:
        Redis.execute_command = sent  # type: ignore[method-assign]
        event.remove(Engine, "before_cursor_execute", note)
