"""A record is read alike before an archive run, after it, and after a restore; a silent archive is a named gap.

The last of the stories: it brings back what it moved, and others may have moved before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import URL, Connection, create_engine, make_url, text

from tests.functional.conftest import RunningDemo
from tests.functional.test_corrections import open_chart
from tests.functional.test_story import decide_flags, request_report, sign
from tests.functional.test_take_away import name_of

SignIn = Callable[..., Page]
Told = dict[str, str]
PATIENTS, ANOTHER = ("patient1", "patient2"), 7
OWN = ("history", "history?kind=visits", "history?kind=results", "history?kind=reports", "results", "record")
ARCHIVES = ("STRATA_ARCHIVE_VISITS_URL", "STRATA_ARCHIVE_REPORTS_URL")
GAP = "can't be shown right now"
SEND_AWAY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :database"
AGE = "UPDATE report SET closed_at = now() - interval '300 days' WHERE patient_id = :patient AND state = 'signed'"


@contextmanager
def connected(url: str | URL) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def let_connect(demo: RunningDemo, *, allowed: bool) -> None:
    """Let the archives of visits and reports answer, or not: whoever is connected is sent away."""
    for name in ARCHIVES:
        url = make_url(demo.env[name])
        with connected(url.set(database="postgres")) as connection:
            connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS {str(allowed).lower()}'))
            if not allowed:
                connection.execute(text(SEND_AWAY), {"database": url.database})


@contextmanager
def silent_archives(demo: RunningDemo) -> Iterator[None]:
    let_connect(demo, allowed=False)
    try:
        yield
    finally:
        let_connect(demo, allowed=True)


def words(page: Page, address: str) -> str:
    """What a reader sees of a page once all that loads by itself has come."""
    page.goto(address)
    expect(page.locator("main [hx-trigger=load]")).to_have_count(0)
    told = "\n".join(page.locator("section.patient, main").all_inner_texts())
    # An archive knows its first visit by its end: of one in January, the year before is offered too.
    for years in page.get_by_role("navigation", name="Year").all():
        told = told.replace(years.inner_text(), "")
    return told


def read_all(demo: RunningDemo, clinician: Page, charts: list[str], patients: list[Page]) -> Told:
    """Every page by its name: three charts in whole, and what two people find of themselves."""
    told = {chart: words(clinician, f"{chart}?all=1") for chart in charts}
    for who, page in zip(PATIENTS, patients, strict=True):
        told |= {f"{who} {path}": words(page, f"{demo.public_url}/{path}") for path in OWN}
        page.goto(f"{demo.public_url}/history?kind=visits")
        page.get_by_role("navigation", name="Year").get_by_role("link").nth(2).click()
        told[f"{who} {page.url}"] = words(page, page.url)
    return told


@pytest.fixture
def signed_long_ago(demo: RunningDemo, sign_in: SignIn) -> int:
    """A patient with a report that was signed long enough ago to leave."""
    clinician = sign_in("clinician")
    clinician.goto(f"{demo.staff_url}/patients/{ANOTHER}")
    request_report(clinician, demo, clinician.locator("section.patient b").inner_text())
    decide_flags(clinician)
    sign(clinician, demo)
    with connected(demo.env["STRATA_PRIMARY_URL"]) as connection:
        assert connection.execute(text(AGE), {"patient": ANOTHER}).rowcount
    return ANOTHER


@pytest.mark.timeout(580)
def test_pages_read_the_same_whatever_tier_their_rows_are_in(
    demo: RunningDemo, sign_in: SignIn, signed_long_ago: int
) -> None:
    # Given three charts, and two people's own pages.
    clinician = sign_in("clinician")
    # Without scripts no older year loads by itself, at a time of its own.
    patients = [sign_in(name, java_script_enabled=False) for name in PATIENTS]
    charts = [f"{demo.staff_url}/patients/{signed_long_ago}"]
    charts += [open_chart(clinician, demo, name_of(page)) for page in patients]
    before = read_all(demo, clinician, charts, patients)
    assert "Summary of" in before[charts[0]]
    assert not [name for name, page in before.items() if GAP in page]

    # When all that is cold leaves for the archives, nobody can tell.
    runs = demo.json("archive", "run")
    assert {run["state"] for run in runs} == {"done"}
    assert [run["released"] > 0 for run in runs if run["type"] == "report"] == [True]
    assert read_all(demo, clinician, charts, patients) == before

    # When these archives are silent, what they hold is a named gap, and the rest is as it was.
    with silent_archives(demo):
        chart = words(clinician, f"{charts[0]}?all=1")
        assert chart.count(GAP) >= 1
        assert (
            chart.partition("Latest results")[2].partition("Visits")[0]
            == (before[charts[0]].partition("Latest results")[2].partition("Visits")[0])
        )
        for who, page in zip(PATIENTS, patients, strict=True):
            assert words(page, f"{demo.public_url}/results") == before[f"{who} results"]
            (year,) = [name.partition(" ")[2] for name in before if name.startswith(f"{who} http")]
            assert GAP in words(page, year)

    # When they are brought back, it is as before.
    for chart in charts:
        assert {run["state"] for run in demo.json("archive", "restore", "--patient", chart.rpartition("/")[2])} == {
            "done"
        }
    assert read_all(demo, clinician, charts, patients) == before
