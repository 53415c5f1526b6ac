"""How busy and full machines are: sampled, rolled up, drawn, and watched by rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.models import LoadFigure, LoadSpan
from core.queries.load_figures import WINDOWS, Machine, Point, days_left, machines
from core.services import load_figures
from core.services.load_figures import Counter, Sample
from core.stores import databases
from core.stores.databases import Store
from workers import machines as job

START = datetime(2026, 11, 12, 2, 58, tzinfo=UTC)


def keep(minutes: int, *samples: Sample | Counter) -> int:
    with databases.write() as session:
        return load_figures.keep(session, samples, START + timedelta(minutes=minutes))


def rows(span: LoadSpan) -> list[tuple[datetime, int, float, float]]:
    with databases.read(Store.HOT) as session:
        found = session.query(LoadFigure).filter_by(span=span).order_by(LoadFigure.at)
        return [(row.at, row.samples, round(row.mean, 6), row.highest) for row in found]


@pytest.mark.usefixtures("database")
def test_an_hour_and_a_day_keep_the_mean_and_the_highest() -> None:
    for minutes, share in enumerate((0.2, 0.4, 0.9)):
        keep(minutes, Sample("primary", "cpu", share))
    day = START.replace(hour=0, minute=0)
    assert rows(LoadSpan.DAY) == [(day, 3, 0.5, 0.9)]
    assert rows(LoadSpan.HOUR) == [
        (START.replace(minute=0), 2, 0.3, 0.4),
        (START.replace(hour=3, minute=0), 1, 0.9, 0.9),
    ]
    assert len(rows(LoadSpan.MINUTE)) == 3


@pytest.mark.usefixtures("database")
def test_a_counter_counts_by_the_second_and_not_over_a_restart() -> None:
    assert keep(0, Counter("primary", "iops", 1000)) == 0
    assert keep(1, Counter("primary", "iops", 7000)) == 1
    assert keep(2, Counter("primary", "iops", 60)) == 0
    assert keep(3, Counter("primary", "iops", 660)) == 1
    assert keep(60, Counter("primary", "iops", 9999)) == 0
    assert [mean for _, _, mean, _ in rows(LoadSpan.MINUTE)] == [100.0, 10.0]


@pytest.mark.usefixtures("database")
def test_seconds_of_work_are_shared_among_processors() -> None:
    keep(0, Counter("workers", "cpu", 10.0, per=4))
    keep(1, Counter("workers", "cpu", 130.0, per=4))
    assert [mean for _, _, mean, _ in rows(LoadSpan.MINUTE)] == [0.5]


@pytest.mark.usefixtures("database")
def test_old_spans_are_forgotten_each_in_its_time() -> None:
    keep(0, Sample("primary", "disk", 0.5))
    for days, left in ((3, (0, 1, 1)), (41, (0, 0, 1)), (401, (0, 0, 0))):
        with databases.write() as session:
            load_figures.forget_old(session, START + timedelta(days=days))
        assert tuple(len(rows(span)) for span in (LoadSpan.MINUTE, LoadSpan.HOUR, LoadSpan.DAY)) == left


@pytest.mark.usefixtures("database")
def test_each_window_shows_its_spans() -> None:
    keep(0, Sample("primary", "disk", 0.5))
    keep(1, Sample("primary", "disk", 0.7), Sample("archive logs", "cpu", 0.1))
    with databases.read(Store.HOT) as session:
        found = {name: machines(session, window, START + timedelta(minutes=2)) for name, window in WINDOWS.items()}
    assert [machine.source for machine in found["hour"]] == ["archive logs", "primary"]
    assert found["hour"][1].now == {"disk": pytest.approx(0.6)}
    assert [point.mean for point in found["hour"][1].history["disk"]] == [0.5, 0.7]
    assert found["year"][1].history["disk"] == [Point(START.replace(hour=0, minute=0), pytest.approx(0.6), 0.7)]


def test_a_disk_that_fills_by_a_hundredth_a_day_is_full_when_the_rest_is_gone() -> None:
    points = [Point(START + timedelta(hours=hour), 0.5 + hour / 2400, 1.0) for hour in range(49)]
    assert days_left(points) == pytest.approx(48, rel=0.001)
    assert days_left(points[:23]) is None
    assert days_left([Point(point.at, 0.5, 0.5) for point in points]) is None


def test_this_machine_and_its_servers_are_sampled(database: Any) -> None:
    assert "figures of" in job.sample()
    job.sample()
    with databases.read(Store.HOT) as session:
        found: tuple[Machine, ...] = machines(session, WINDOWS["hour"], datetime.now(UTC))
    known = {machine.source: set(machine.now) for machine in found}
    here = next(names for source, names in known.items() if source.startswith("machine "))
    assert here >= {"cpu", "memory", "disk"}
    for server in ("primary", "replica", "archive logs", "archive visits", "archive reports"):
        assert known[server] >= {"cpu", "memory", "disk", "iops"}, server
    for machine in found:
        assert all(0 <= machine.now[name] <= 1 for name in ("cpu", "memory", "disk") if name in machine.now)
