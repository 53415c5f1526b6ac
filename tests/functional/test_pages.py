"""Every page, in a real browser: axe finds nothing, nothing overflows a phone, the console stays silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.functional.conftest import RunningDemo

PAGES = {
    "patient1": (
        "history",
        "history?kind=visits",
        "history?kind=results",
        "history?kind=reports",
        "results",
        "record",
        "privacy",
        "account",
        "account/second-factor",
        "account/passkeys",
    ),
    "clinician": (
        "patients",
        "patients/3",
        "patients/3/history",
        "patients/3/visits/new",
        "patients/3/break-glass",
        "patients/new",
        "reports",
        "account",
        "account/second-factor",
        "account/passkeys",
    ),
    "admin": (
        "archive",
        "archive/runs",
        "archive/retention",
        "archive/restore?patient=1",
        "operations",
        "operations?days=90",
        "operations/runbooks/agent-incident",
        "accounts",
    ),
    "auditor": ("audit", "audit/outliers", "operations"),
}
PHONE = {"width": 320, "height": 700}
# Tables whose rows are read as a list on a phone, and what a finger presses that is too small for it.
CUT = """[...document.querySelectorAll('.scroll:has(> table.stack)')]
    .filter(node => node.scrollWidth > node.clientWidth).map(node => node.getAttribute('aria-label'))"""
SMALL = """[...document.querySelectorAll(
    'main :is(button:not(.unseen), .btn, select, input:not([type=hidden]), nav a), .who :is(a, button)')]
    .map(node => [document.querySelector(`label[for="${node.type === 'checkbox' ? node.id : ''}"]`) || node, node])
    .filter(([box]) => box.getClientRects().length && box.getBoundingClientRect().height < 43.5)
    .map(([_box, node]) => node.outerHTML.slice(0, 90))"""
A4 = {"width": 794, "height": 1123}
VIOLATIONS = "axe.run({resultTypes: ['violations']}).then(results => results.violations)"
Scheme = Literal["light", "dark"]


def faults_of(page: Page, address: str, *schemes: Scheme) -> list[str]:
    """What is wrong with one page: its status, what axe says in each scheme, whether it is wider than the screen."""
    response = page.goto(address)
    faults = [] if response is not None and response.ok else [f"{address}: {response and response.status}"]
    page.evaluate(Axe().axe_script)
    for scheme in schemes or (None,):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(VIOLATIONS)
        faults += [
            f"{address}, {scheme}: {item['id']}: {[node['html'][:120] for node in item['nodes']]}" for item in found
        ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append(f"{address}: wider than the screen")
    return faults


# Each page is looked at twice, by a tool that takes seconds on a slow machine.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("username", PAGES)
def test_pages(demo: RunningDemo, sign_in: Callable[..., Page], username: str) -> None:
    page = sign_in(username, viewport=PHONE)
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", listen)
    url = demo.public_url if username.startswith("patient") else demo.staff_url
    faults = [fault for path in PAGES[username] for fault in faults_of(page, f"{url}/{path}", "light", "dark")]
    assert faults + said == []


@pytest.mark.parametrize("username", PAGES)
def test_on_a_phone_rows_are_whole_and_a_finger_finds_its_place(
    demo: RunningDemo, sign_in: Callable[..., Page], username: str
) -> None:
    page, faults = sign_in(username, viewport=PHONE), []
    url = demo.public_url if username.startswith("patient") else demo.staff_url
    for path in (*PAGES[username], *(("patients?q=a",) if username == "clinician" else ())):
        page.goto(f"{url}/{path}")
        faults += [f"{path}: {found}" for found in page.evaluate(CUT) + page.evaluate(SMALL)]
    assert faults == []


def test_paper_cuts_no_answer(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = sign_in("patient1", viewport=A4)
    page.goto(f"{demo.public_url}/results")
    page.emulate_media(media="print")
    answers = page.locator("dl.answers")
    assert answers.locator("dd").first.is_visible()
    assert answers.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_sign_in_pages_and_misses(demo: RunningDemo, browser: Browser) -> None:
    with browser.new_context(viewport=PHONE) as context:
        page = context.new_page()
        assert [*faults_of(page, f"{demo.public_url}/sign-in"), *faults_of(page, f"{demo.staff_url}/sign-in")] == []


def test_pages_work_without_javascript(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = sign_in("patient1", java_script_enabled=False)
    page.goto(f"{demo.public_url}/history")
    page.locator("ol.timeline h3 a").first.click()
    assert page.get_by_role("heading", level=1).is_visible()
    page.goto(f"{demo.public_url}/results")
    page.get_by_role("main").get_by_role("link").first.click()
    page.locator("summary").first.click()
    assert page.get_by_role("table").first.is_visible()
