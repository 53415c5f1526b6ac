"""The list of tasks: each is there, takes what the list says, and nothing else is a task."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from core.jobs import tasks
from core.jobs.tasks import TASKS, NoSuchTask
from workers.schedule import SCHEDULE

BUILT_IN = {"int": int, "str": str}


@pytest.mark.parametrize("name", TASKS)
def test_each_task_is_a_function_that_takes_what_the_list_says(name: str) -> None:
    module, _, function = name.rpartition(".")
    parameters = inspect.signature(getattr(importlib.import_module(module), function)).parameters.values()
    needed = {one.name: BUILT_IN[one.annotation] for one in parameters if one.default is inspect.Parameter.empty}
    assert needed == dict(TASKS[name].arguments)


@pytest.mark.parametrize("entry", SCHEDULE, ids=lambda entry: entry.name)
def test_the_schedule_asks_for_tasks_of_the_list_as_a_worker(entry: Any) -> None:
    task = tasks.check(entry.task, entry.arguments)
    assert task.queue == entry.queue
    assert tasks.WORKER in task.asked_by


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("os.system", {"command": "true"}),
        ("workers.run.perform", {"message_id": 1}),
        ("workers.archive.driver.drive", {}),
        ("workers.archive.driver.drive", {"run_id": "1"}),
        ("workers.archive.driver.drive", {"run_id": True}),
        ("workers.archive.driver.drive", {"run_id": 1, "slice_seconds": 1}),
        ("workers.tidy.tidy", {"force": 1}),
    ],
)
def test_nothing_else_is_a_task(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NoSuchTask):
        tasks.check(name, arguments)


def test_portals_ask_for_what_their_pages_ask_for() -> None:
    assert tasks.asked_by("public") == ()
    assert tasks.asked_by(tasks.STAFF) == (
        "workers.reports.jobs.draft_report", "workers.reports.jobs.check_edits", "workers.archive.driver.drive",
        "workers.archive.erase.erase",
    )  # fmt: skip
