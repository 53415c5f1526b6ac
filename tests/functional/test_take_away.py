"""A record in people's hands: found by year, printed, and taken along while it moves to the archive."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.functional.conftest import RunningDemo
from tests.functional.test_pages import PHONE, faults_of
from tests.functional.test_story import newest_results

SignIn = Callable[..., Page]


def name_of(page: Page) -> str:
    return page.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")


def pages_of(page: Page) -> list[str]:
    """The text of each sheet that the page prints."""
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(page.pdf())).pages]


FETCH = """async address => {
  const reply = await fetch(address);
  const bytes = new Uint8Array(await reply.arrayBuffer());
  return [reply.status, btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))];
}"""


def visits_in_zip(page: Page, address: str) -> int:
    """How many visits a downloaded record has; the page must be of the same portal."""
    status, body = page.evaluate(FETCH, address)
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(body))) as pack:
        return pack.read("visits.csv").decode().count("\r\n") - 1


def test_someone_finds_a_result_of_two_years_ago_by_year_and_prints_it(demo: RunningDemo, sign_in: SignIn) -> None:
    page = sign_in("patient1", viewport=PHONE)
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="Results").last.click()
    page.get_by_role("navigation", name="Year").get_by_role("link", name="2024", exact=True).click()
    expect(page.get_by_role("heading", name="2024")).to_be_visible()
    assert "kind=results" in page.url
    assert faults_of(page, page.url) == []
    page.locator("ol.timeline h3 a", has_text=re.compile("Blood pressure, systolic")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Blood pressure"))

    sheets = pages_of(page)
    assert "2024" in " ".join(sheets)
    assert "mmHg" in " ".join(sheets)
    for number, sheet in enumerate(sheets, 1):
        assert name_of(page) in sheet
        assert re.search(r"born \d+ \w+ \d{4}", sheet)
        assert f"Page {number} of {len(sheets)}" in sheet


def test_older_years_load_in_place_and_work_as_links(demo: RunningDemo, sign_in: SignIn) -> None:
    page = sign_in("patient1", java_script_enabled=False)
    page.goto(f"{demo.public_url}/history")
    newest = page.locator("h2.year").inner_text()
    page.locator(".older a").click()
    assert page.locator("h2.year").inner_text() != newest

    scripted = sign_in("patient1")
    scripted.goto(f"{demo.public_url}/history")
    scripted.mouse.wheel(0, 20_000)
    expect(scripted.locator("h2.year").nth(1)).to_be_visible()
    assert scripted.url.endswith("/history")


@pytest.mark.timeout(300)
def test_the_whole_record_is_taken_along_while_the_archive_moves(demo: RunningDemo, sign_in: SignIn) -> None:
    patient, admin, clinician = sign_in("patient1"), sign_in("admin"), sign_in("clinician")
    name = name_of(patient)
    address = f"{demo.public_url}/record/download/csv"
    chart_before, visits = newest_results(clinician, demo, name), visits_in_zip(patient, address)
    assert visits > 20

    admin.goto(f"{demo.staff_url}/archive")
    admin.get_by_label("Record type", exact=True).select_option("visit")
    admin.get_by_role("button", name="Start").click()
    progress = admin.locator("#progress .tag").first
    counts = {visits_in_zip(patient, address)}
    while progress.inner_text() != "done":
        counts.add(visits_in_zip(patient, address))
    counts.add(visits_in_zip(patient, address))
    assert counts == {visits}

    assert newest_results(clinician, demo, name) == chart_before
    record = clinician.url.partition("?")[0]
    assert visits_in_zip(clinician, f"{record}/download/csv") == visits
    with patient.expect_download() as taken:
        patient.goto(f"{demo.public_url}/record")
        patient.get_by_role("link", name=re.compile("^PDF of your record")).click()
    sheets = PdfReader(taken.value.path()).pages
    assert f"Page 1 of {len(sheets)}" in sheets[0].extract_text()
