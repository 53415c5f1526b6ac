"""The page of machines: what breaks first stands first, with the thresholds of its alerts."""

from __future__ import annotations

import re
from datetime import timedelta

from core.models import utc_now
from core.services import load_figures
from core.services.load_figures import Sample
from core.stores import databases
from tests.integration.staff.conftest import StaffBrowser


def test_machines_come_first_with_their_alerts_drawn(admin: StaffBrowser) -> None:
    sources = ("archive logs", "workers", "replica", "machine one", "primary")
    with databases.write() as session:
        for ago in (2, 1):
            samples = [Sample(source, name, 0.3 + ago / 10) for source in sources for name in ("cpu", "memory", "disk")]
            load_figures.keep(session, samples, utc_now() - timedelta(minutes=ago))
    page = admin.get("/operations/machines").text
    assert re.findall(r'<h2 id="m\d+">([^<]*)<', page) == [
        "Machine one",
        "Primary",
        "Replica",
        "Workers",
        "Archive logs",
    ]
    assert "alert above 90 % of processor; alert above 92 % of memory; alert above 85 % of disk" in page
    assert re.search(r">\d\d:\d\d</text>", page)
    # A minute has one sample: its mean is its highest.
    assert '<td class="num">40 %</td>' in page


def test_nothing_sampled_is_said(admin: StaffBrowser) -> None:
    assert "Nothing has been sampled in this time" in admin.get("/operations/machines?window=year").text
