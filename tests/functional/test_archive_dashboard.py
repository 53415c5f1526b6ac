"""An admin at night: a differing copy stops a run; from the failed step to its cause to redrive, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import create_engine, text

from tests.functional.conftest import RunningDemo

# So long ago that most of what is cold is left for others.
LONG_AGO = "1995-01-01"
DAMAGE = """
CREATE FUNCTION damage() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.text := 'damaged'; RETURN NEW; END $$;
CREATE TRIGGER damage BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION damage();
"""
MEND = "DROP TRIGGER IF EXISTS damage ON note; DROP FUNCTION IF EXISTS damage();"


def on_visits_server(demo: RunningDemo, sql: str) -> None:
    engine = create_engine(demo.env["STRATA_ARCHIVE_VISITS_URL"])
    with engine.begin() as connection:
        connection.execute(text(sql))
    engine.dispose()


@pytest.fixture
def damaging_server(demo: RunningDemo) -> Iterator[Callable[[], None]]:
    """The archive of visits changes every note that it takes in; call it to mend that."""
    on_visits_server(demo, DAMAGE)
    yield lambda: on_visits_server(demo, MEND)
    on_visits_server(demo, MEND)


def press(page: Page, target: Locator) -> None:
    """Go to a link or button with the keyboard, and press it."""
    for _step in range(60):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard does not reach {target}")


def faults_of(page: Page) -> list[str]:
    return [item["id"] for item in Axe().run(page).response["violations"]]


def start_run(page: Page, demo: RunningDemo) -> str:
    page.goto(f"{demo.staff_url}/archive")
    page.get_by_label("Record type", exact=True).first.select_option("visit")
    page.get_by_label(re.compile("^As of")).fill(LONG_AGO)
    page.get_by_role("button", name="Start").click()
    heading = page.get_by_role("heading", name=re.compile(r"Run \d+: visits"))
    expect(heading).to_be_visible()
    return str(re.findall(r"\d+", heading.inner_text())[0])


def test_from_a_failed_step_to_its_cause_to_redrive(
    demo: RunningDemo, sign_in: Callable[..., Page], damaging_server: Callable[[], None]
) -> None:
    page = sign_in("admin")
    number = start_run(page, demo)
    expect(page.locator("#progress .tag").first).to_have_text("failed", timeout=30_000)

    page.goto(f"{demo.staff_url}/archive")
    press(page, page.get_by_role("link", name=f"Run {number}", exact=True))
    cause = page.get_by_role("region", name=re.compile("stopped at verify"))
    expect(cause).to_contain_text(re.compile(r"note:\d+ differs in the archive; nothing was removed"))
    assert faults_of(page) == []

    damaging_server()
    press(page, page.get_by_role("button", name="Redrive from here"))
    expect(page.locator("#progress .tag").first).to_have_text("done", timeout=30_000)
    assert page.locator("ol.steps .done").count() == 5
    expect(page.get_by_text(re.compile("^.*redriven by"))).to_be_visible()

    press(page, page.locator("[id^=batch-]").first)
    expect(page.get_by_role("heading", name=re.compile("^Batch 1: visits"))).to_be_visible()
    assert page.locator("ol.steps .done").count() == 5
    expect(page.get_by_role("row", name=re.compile("verify 1 failed"))).to_contain_text("mismatch")
    assert faults_of(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
