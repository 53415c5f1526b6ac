"""A clinician reviews a flagged draft and signs it by keyboard alone, and reads claims on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import RunningDemo
from tests.functional.test_pages import PHONE, faults_of
from tests.functional.test_story import REPORT_SECONDS

PATIENT = 5
TABS_MAX = 60


def tab_to(page: Page, name: str) -> None:
    """Walk with Tab until the focus is on the link or button that is called so."""
    for _press in range(TABS_MAX):
        if name in page.evaluate("document.activeElement.matches('a, button') ? document.activeElement.innerText : ''"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} can't be reached with Tab")


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.innerText"))


@pytest.mark.timeout(240)
def test_a_review_and_a_signature_by_keyboard_alone(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = sign_in("clinician")
    demo.tell_model_to("invent")
    try:
        page.goto(f"{demo.staff_url}/patients/{PATIENT}")
        tab_to(page, "Request a summary report")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=re.compile("Review the summary"))).to_be_visible(timeout=REPORT_SECONDS)
    finally:
        demo.tell_model_to("off")
    tab_to(page, "Review the summary")
    page.keyboard.press("Enter")
    decided = page.get_by_text(re.compile(r"\d+ of \d+ flags decided"))
    expect(decided).to_be_visible()
    flags = int(decided.inner_text().split()[2])
    assert flags

    page.keyboard.press("j")
    first = focused(page)
    page.keyboard.press("j")
    assert focused(page) != first
    page.keyboard.press("k")
    assert focused(page) == first

    for number in range(1, flags + 1):
        page.keyboard.press("f")
        expect(page.locator("ol.claims a[aria-current]")).to_be_focused()
        page.keyboard.press("r")
        expect(page.locator("#reason")).to_be_focused()
        page.keyboard.type("not borne out by the record")
        page.keyboard.press("Enter")
        expect(page.locator("#reason")).to_have_value("not borne out by the record")
        expect(decided).to_have_text(re.compile(f"^{number - 1} of {flags} "))
        page.keyboard.press("Escape")
        page.keyboard.press("r")
        expect(decided).to_have_text(re.compile(f"^{number} of {flags} "))

    expect(page.locator("#password")).to_be_visible()
    page.keyboard.press("s")
    expect(page.locator("#password")).to_be_focused()
    page.keyboard.type(demo.passwords["clinician"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Signed by"))).to_be_visible()

    making = page.url.split("/review")[0] + "/making"
    assert faults_of(page, making) == []
    expect(page.get_by_role("table", name="Calls of a model").get_by_role("row")).not_to_have_count(1)
    page.set_viewport_size(PHONE)
    assert faults_of(page, making) == []


@pytest.mark.timeout(240)
def test_on_a_phone_a_claim_and_its_row_are_in_one_view(demo: RunningDemo, sign_in: Callable[..., Page]) -> None:
    page = sign_in("clinician", viewport=PHONE)
    page.goto(f"{demo.staff_url}/patients/{PATIENT}")
    page.get_by_role("link", name=re.compile("^Summary of")).first.click()
    claims = page.locator("ol.claims a[data-row]")
    claims.nth(claims.count() // 2).click()
    expect(page.locator("ol.claims > li[aria-current]")).to_be_in_viewport()
    expect(page.locator("aside.source section").first).to_be_in_viewport(ratio=0.5)
    assert faults_of(page, page.url) == []
