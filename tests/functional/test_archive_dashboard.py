"""An admin at night: a batch followed live to its release; a failed step, its cause and redrive, by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import create_engine, text

from tests.functional.conftest import RunningDemo

# So long ago that most of what is cold is left for others.
LONGEST_AGO, LONG_AGO = "1985-01-01", "1995-01-01"
# A run has ended by then on a machine that is five times slower than most.
RUN_MILLISECONDS = 120_000
SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(5); RETURN NULL; END $$;
CREATE TRIGGER slow AFTER INSERT ON visit FOR EACH STATEMENT EXECUTE FUNCTION slow();
"""
QUICK = "DROP TRIGGER IF EXISTS slow ON visit; DROP FUNCTION IF EXISTS slow();"
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


@pytest.fixture
def slow_server(demo: RunningDemo) -> Iterator[None]:
    """The archive of visits takes its time, so that a person can watch."""
    on_visits_server(demo, SLOW)
    yield
    on_visits_server(demo, QUICK)


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


def start_run(page: Page, demo: RunningDemo, as_of: str) -> str:
    page.goto(f"{demo.staff_url}/archive")
    page.get_by_label("Record type", exact=True).first.select_option("visit")
    page.get_by_label(re.compile("^As of")).fill(as_of)
    page.get_by_role("button", name="Start").click()
    heading = page.get_by_role("heading", name=re.compile(r"Run \d+: visits"))
    expect(heading).to_be_visible()
    return str(re.findall(r"\d+", heading.inner_text())[0])


def test_a_batch_is_followed_live_from_select_to_release(
    demo: RunningDemo, sign_in: Callable[..., Page], slow_server: None
) -> None:
    page = sign_in("admin")
    number = start_run(page, demo, LONGEST_AGO)
    press(page, page.locator("#batches [id^=batch-]"))
    expect(page.get_by_role("heading", name="Batch 1: visits")).to_be_visible()
    expect(page.locator("ol.steps .now")).to_contain_text("Load")
    page.locator("#attempts").focus()
    page.evaluate("document.getElementById('batch').classList.add('before')")
    expect(page.locator("#batch:not(.before)")).to_be_visible()
    expect(page.locator("#attempts")).to_be_focused()

    expect(page.locator("#batch .tag").first).to_have_text("released", timeout=RUN_MILLISECONDS)
    expect(page.locator("#said")).to_have_text("Batch 1 is released")
    expect(page.locator("#attempts")).to_be_focused()
    assert page.locator("ol.steps .done").count() == 5
    for fact in ("Content hash", "Staged files", "Why this size"):
        expect(page.get_by_role("term").filter(has_text=fact)).to_be_visible()
    assert faults_of(page) == []
    page.goto(f"{demo.staff_url}/archive/runs/{number}")
    expect(page.locator("#progress .tag").first).to_have_text("done", timeout=RUN_MILLISECONDS)
    page.emulate_media(media="print")
    expect(page.locator("svg rect.bar").first).to_be_visible()


def test_from_a_failed_step_to_its_cause_to_redrive(
    demo: RunningDemo, sign_in: Callable[..., Page], damaging_server: Callable[[], None]
) -> None:
    page = sign_in("admin")
    number = start_run(page, demo, LONG_AGO)
    expect(page.locator("#progress .tag").first).to_have_text("failed", timeout=RUN_MILLISECONDS)

    page.goto(f"{demo.staff_url}/archive")
    press(page, page.get_by_role("link", name=f"Run {number}", exact=True))
    cause = page.get_by_role("region", name=re.compile("stopped at verify"))
    expect(cause).to_contain_text(re.compile(r"note:\d+ differs in the archive; nothing was removed"))
    assert faults_of(page) == []

    damaging_server()
    press(page, page.get_by_role("button", name="Redrive from here"))
    expect(page.locator("#progress .tag").first).to_have_text("done", timeout=RUN_MILLISECONDS)
    assert page.locator("ol.steps .done").count() == 5
    expect(page.get_by_text(re.compile("^.*redriven by"))).to_be_visible()

    press(page, page.locator("[id^=batch-]").first)
    expect(page.get_by_role("heading", name=re.compile("^Batch 1: visits"))).to_be_visible()
    assert page.locator("ol.steps .done").count() == 5
    expect(page.get_by_role("row", name=re.compile("verify 1 failed"))).to_contain_text("mismatch")
    assert faults_of(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
