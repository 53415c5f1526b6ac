"""The operations page draws what the report loop did in the time chosen, with a table that says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from core.models import Decision, utc_now
from core.queries.loop_figures import Cost, Flags, LoopFigures, loop_figures, span
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import HOST, StaffBrowser
from tests.loop_history import make_evaluation, make_made_report
from tests.tiers import Tiers

PAGE = "/operations"
TITLES = (
    "Cost per report", "Cost per report by model version", "From request to ready", "Time by phase",
    "Fact-check pass rate", "Flagged claims", "Overridden flags", "Review time",
)  # fmt: skip
NOW = utc_now()
TODAY = NOW.date()


def found(days: int) -> LoopFigures:
    with databases.read(Store.REPLICA) as session:
        return loop_figures(session, span(days, TODAY))


def table(page: str, slug: str) -> list[list[str]]:
    """The cells of one figure's table."""
    section = page.partition(f'aria-labelledby="{slug}"')[2].partition("</section>")[0]
    return [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", section)[1:]]


@pytest.fixture
def history(database: Any, sync_replica: Callable[[], None]) -> None:
    """Two reports today, one of them slow and dear, one ten days ago, one long ago; evaluations in two weeks."""
    with databases.write() as session:
        make_made_report(session, NOW, usd="0.02", claims=(4, 1), decision=Decision.ACCEPTED, review_seconds=60.0)
        make_made_report(session, NOW, usd="0.40", seconds=(9.0, 30.0, 1.0), model="gpt-y", claims=(6, 2))
        make_made_report(session, NOW - timedelta(days=10), usd="0.1", decision=Decision.REJECTED)
        make_made_report(session, NOW - timedelta(days=200), usd="9")
        make_evaluation(session, NOW - timedelta(weeks=1), 0.975, passed=False)
        make_evaluation(session, NOW, 1.0)
    sync_replica()


@pytest.mark.usefixtures("history")
def test_figures_are_by_bucket_and_leave_out_what_is_older() -> None:
    week = found(7)
    assert week.costs == {TODAY: Cost(2, pytest.approx(0.21), pytest.approx(0.381), pytest.approx(0.42))}
    assert week.flags == {TODAY: Flags(2, 10, 3, 1, 1, 7)}
    month = found(28)
    ten_days_ago = TODAY - timedelta(days=10)
    assert list(month.costs) == [ten_days_ago, TODAY]
    assert month.flags[ten_days_ago] == Flags(1, 4, 1, 1, 0, 3)
    assert (month.latencies[TODAY].many, month.latencies[TODAY].p50) == (2, pytest.approx(23.5))


@pytest.mark.usefixtures("history")
def test_time_is_told_by_phase() -> None:
    phases = found(7).phases
    assert list(phases) == ["queue", "draft", "check", "review"]
    assert {name: times.many for name, times in phases.items()} == {"queue": 2, "draft": 2, "check": 2, "review": 1}
    assert phases["draft"].p50 == pytest.approx(17.0)
    assert phases["draft"].p99 == pytest.approx(29.74)
    assert phases["review"].p50 == pytest.approx(60.0)


def test_a_long_span_is_in_whole_weeks() -> None:
    long = span(90, date(2026, 11, 26))
    assert (long.bucket, long.starts[0], long.starts[-1]) == ("week", date(2026, 8, 24), date(2026, 11, 23))
    assert span(7, date(2026, 11, 26)).starts[0] == date(2026, 11, 20)


@pytest.mark.usefixtures("history")
def test_the_page_shows_each_figure_with_its_table(admin: StaffBrowser) -> None:
    page = admin.get(PAGE).text
    for title in TITLES:
        assert f">{title}</h3>" in page
        assert f"{title}: table</summary>" in page
    assert page.count('<svg class="plot"') == len(TITLES)
    assert table(page, "cost")[-1][1:] == ["2", "$0.21", "$0.38", "$0.42"]
    assert table(page, "models")[0] == ["gpt-y, drafter, drafter-1", "1", "1", "0", "$0.40", "$0.40"]
    assert [row[1] for row in table(page, "pass-rate")] == ["97.5 %", "100 %"]
    assert table(page, "overrides")[-1][1:] == ["1", "1", "100 %"]
    assert table(page, "review")[-1][1:] == ["1", "1 min", "1 min", "1 min"]


@pytest.mark.usefixtures("history")
def test_the_time_shown_is_a_link(admin: StaffBrowser) -> None:
    assert 'href="/operations?days=7#figures"' in admin.get(PAGE).text
    assert len(table(admin.get(f"{PAGE}?days=7").text, "cost")) == 1
    assert len(table(admin.get(f"{PAGE}?days=90").text, "cost")) == 2
    for asked in ("0", "x", "1e9", "-7", ""):
        page = admin.get(f"{PAGE}?days={asked}")
        assert page.status_code == 200
        assert re.search(r'days=28#figures" aria-current', page.text)


def test_an_empty_system_says_so(admin: StaffBrowser) -> None:
    page = admin.get(PAGE).text
    assert '<svg class="plot"' not in page
    assert page.count("No model was called in this time.") == 2
    assert "strata eval run factcheck --keep" in page


def test_without_the_replica_the_loop_can_still_be_halted(admin: StaffBrowser, tiers: Tiers) -> None:
    tiers.replica.stop("immediate")
    page = admin.client.get(PAGE, base_url=HOST)
    assert page.status_code == 200
    assert "The figures can't be shown right now" in page.text
    assert "Halt the loop" in page.text
