"""The whole loop in a browser: visits before and after the archive, a report from request to the patient's reading."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.functional.conftest import RunningDemo
from tests.functional.test_pages import faults_of

SignIn = Callable[..., Page]
# A report is drafted and checked by then on a machine that is five times slower than most.
REPORT_SECONDS = 180_000
YEARS_SCROLLED = 4


def addresses(links: Locator) -> list[str]:
    found: list[str] = links.evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return found


def visits_by_year(page: Page, demo: RunningDemo) -> list[str]:
    """The address of every visit on the patient's timeline, newest first: each year is a page without scripts."""
    page.goto(f"{demo.public_url}/history?kind=visits")
    seen: list[str] = []
    for year in addresses(page.get_by_role("navigation", name="Year").get_by_role("link")):
        page.goto(f"{demo.public_url}{year}")
        seen += addresses(page.locator("section.of-year > ol.timeline h3 a"))
    assert len(seen) == len(set(seen)), "a visit is shown twice"
    return seen


def visits_by_scrolling(page: Page, demo: RunningDemo) -> list[str]:
    """The newest of them by a reader who scrolls down: what is older loads by itself."""
    page.goto(f"{demo.public_url}/history?kind=visits")
    for shown in range(1, YEARS_SCROLLED):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(page.locator("section.of-year").nth(shown)).to_be_attached()
    return addresses(page.locator("ol.timeline h3 a"))


def visits_in_heading(page: Page, demo: RunningDemo) -> int:
    page.goto(f"{demo.public_url}/history")
    words = page.get_by_role("main").get_by_text(re.compile(r"[\d,]+ visits? since")).inner_text()
    return int(words.split()[0].replace(",", ""))


def newest_results(page: Page, demo: RunningDemo, patient_name: str) -> list[list[str]]:
    """Each line of the chart's newest results, as it is read."""
    page.goto(f"{demo.staff_url}/patients")
    page.get_by_label("Name, number, NRIC or birth date").fill(patient_name)
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name=patient_name).first.click()
    expect(page.get_by_role("heading", name="Chart")).to_be_visible()
    page.goto(f"{page.url.partition('?')[0]}?all=1")
    return [row.locator("td").all_inner_texts() for row in page.locator("#results tbody tr").all()]


def archive_visits(page: Page, demo: RunningDemo) -> None:
    """An admin starts the move and watches it finish."""
    page.goto(f"{demo.staff_url}/archive")
    page.get_by_label("Record type", exact=True).select_option("visit")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name=re.compile(r"Run \d+: visits"))).to_be_visible()
    expect(page.locator("#progress .tag").first).to_have_text("done", timeout=120_000)


def request_report(page: Page, demo: RunningDemo, patient_name: str) -> None:
    """A clinician finds the patient, asks for a report and opens it when it is ready."""
    page.goto(f"{demo.staff_url}/patients")
    page.get_by_label("Name, number, NRIC or birth date").fill(patient_name)
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name=patient_name).first.click()
    page.get_by_role("button", name="Request a summary report").click()
    review = page.get_by_role("link", name=re.compile("Review the summary"))
    expect(review).to_be_visible(timeout=REPORT_SECONDS)
    review.click()
    expect(page.get_by_role("heading", name=re.compile("Summary report"))).to_be_visible()


def read_each_claim(page: Page) -> int:
    """Open every claim beside its source rows; returns how many there are."""
    claims = page.locator("ol.claims > li")
    count = claims.count()
    for number in range(count):
        refs = page.locator("ol.claims > li").nth(number).locator(".refs a").all_inner_texts()
        page.locator("ol.claims > li").nth(number).locator("a[data-row]").click()
        expect(page.locator("ol.claims > li").nth(number).locator("a[data-row]")).to_have_attribute(
            "aria-current", "true"
        )
        for ref in refs:
            expect(page.locator("aside.source").get_by_role("heading", name=ref, exact=True)).to_be_visible()
    return count


def decide_flags(page: Page) -> None:
    """Reject every flagged claim, with a reason."""
    while (flag := page.get_by_role("link", name=re.compile("Next flag"))).count():
        flag.click()
        page.get_by_label(re.compile("^Reason")).fill("not borne out by the record")
        before = page.get_by_text(re.compile(r"\d+ of \d+ flags decided")).inner_text()
        page.get_by_role("button", name=re.compile("^Reject")).first.click()
        expect(page.get_by_text(re.compile(r"\d+ of \d+ flags decided"))).not_to_have_text(before)


def sign(page: Page, demo: RunningDemo) -> None:
    page.get_by_label("Your password").fill(demo.passwords["clinician"])
    page.get_by_role("button", name="Sign the report").click()
    expect(page.get_by_role("heading", name=re.compile("^Signed by"))).to_be_visible()


@pytest.mark.timeout(300)
def test_the_whole_loop(demo: RunningDemo, sign_in: SignIn) -> None:
    patient, admin, clinician = sign_in("patient1"), sign_in("admin"), sign_in("clinician")
    name = patient.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")
    scriptless = sign_in("patient1", java_script_enabled=False)
    before, told_before = visits_by_year(scriptless, demo), visits_in_heading(patient, demo)
    assert len(before) == told_before > 20
    chart_before = newest_results(clinician, demo, name)

    archive_visits(admin, demo)

    assert newest_results(clinician, demo, name) == chart_before != []

    assert visits_in_heading(patient, demo) == told_before
    assert visits_by_year(scriptless, demo) == before
    scrolled = visits_by_scrolling(patient, demo)
    assert len(scrolled) > YEARS_SCROLLED
    assert scrolled == before[: len(scrolled)]

    request_report(clinician, demo, name)
    assert read_each_claim(clinician) >= 5
    decide_flags(clinician)
    sign(clinician, demo)

    assert faults_of(patient, f"{demo.public_url}/history?kind=reports") == []
    patient.get_by_role("link", name="Health report").first.click()
    expect(patient.get_by_text(re.compile("drafted by", re.IGNORECASE)).first).to_be_visible()
    assert clinician.locator("ol.claims a[data-row]").first.inner_text() in patient.get_by_role("main").inner_text()


@pytest.mark.timeout(300)
def test_an_invented_value_is_flagged_and_blocks_signing(demo: RunningDemo, sign_in: SignIn) -> None:
    patient, clinician = sign_in("patient2"), sign_in("clinician")
    name = patient.locator(".who").inner_text().split("Sign out")[0].strip(" ·\n")
    demo.tell_model_to("invent")
    try:
        request_report(clinician, demo, name)
    finally:
        demo.tell_model_to("off")
    assert clinician.get_by_role("link", name=re.compile("Next flag")).count()
    button = clinician.get_by_role("button", name="Sign the report")
    expect(button).to_be_disabled()

    button.evaluate("button => { button.disabled = false }")
    clinician.get_by_label("Your password").fill(demo.passwords["clinician"])
    with clinician.expect_response(lambda response: response.request.method == "POST") as refused:
        button.click()
    assert refused.value.status == 409
    expect(clinician.get_by_role("alert")).to_contain_text("flag")
    patient.goto(f"{demo.public_url}/history?kind=reports")
    expect(patient.get_by_role("main")).not_to_contain_text(re.compile("drafted by", re.IGNORECASE))
